/** `cim-client/react`: what a client knows, as hooks. React is the application's. */
import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { ignore } from '../../../base/ignore.ts';
import type { Target, UserPresence } from '../client-events.ts';
import type { Conversation } from '../conversations/conversation.ts';
import type { Client, ClientSnapshot } from './client.ts';
import { type MessageListSnapshot, messageList } from './message-list.ts';

/** The state of the client: connecting, ready, … */
export function useClient(client: Client): ClientSnapshot {
  return useSyncExternalStore(client.subscribe, client.getSnapshot, client.getSnapshot);
}

export interface UsedMessages extends MessageListSnapshot {
  readonly loadOlder: () => Promise<void>;
}

const nothing: MessageListSnapshot = { messages: [], hasOlder: true };

/** The messages of a conversation as they are now: `{ to: 7 }` or `{ group: 'staff' }`. */
export function useMessages(client: Client, target: Target): UsedMessages {
  const [to, group] = 'to' in target ? [target.to, undefined] : [undefined, target.group];
  const [list, setList] = useState<ReturnType<typeof messageList>>();
  useEffect(() => {
    const opened = messageList(client, group === undefined ? { to: to ?? 0 } : { group });
    setList(opened);
    return () => opened.close();
  }, [client, to, group]);
  const subscribe = useCallback(
    (listener: () => void) => list?.subscribe(listener) ?? (() => {}),
    [list],
  );
  const getSnapshot = useCallback(() => list?.getSnapshot() ?? nothing, [list]);
  const snapshot = useSyncExternalStore(subscribe, getSnapshot, getSnapshot);
  const loadOlder = useCallback(async () => list?.loadOlder(), [list]);
  return useMemo(() => ({ ...snapshot, loadOlder }), [snapshot, loadOlder]);
}

/** The newest conversations, with what is unread in each: asked for again when something has changed. */
export function useConversations(client: Client, limit = 50): readonly Conversation[] {
  const [conversations, setConversations] = useState<readonly Conversation[]>([]);
  useEffect(() => {
    let isOpen = true;
    let isAsking = false;
    let isStale = false;
    const refresh = async () => {
      isStale = true;
      if (isAsking) return;
      isAsking = true;
      while (isOpen && isStale && client.state === 'ready') {
        isStale = false;
        const page = await client
          .conversations({ limit })
          .catch(ignore('it is asked for again when the client is connected again'));
        if (isOpen && page) setConversations(page.conversations);
      }
      isAsking = false;
    };
    const look = () => void refresh();
    const stops = [
      ...(['ready', 'message', 'edited', 'retracted', 'joined', 'left'] as const).map((name) =>
        client.on(name, look),
      ),
      client.on('read', ({ by }) => {
        if (by === client.userId) look();
      }),
      client.onSent(look),
    ];
    look();
    return () => {
      isOpen = false;
      for (const stop of stops) stop();
    };
  }, [client, limit]);
  return conversations;
}

/** Who of these users is there, by id, as far as it is known; 256 in all at most. */
export function usePresence(
  client: Client,
  userIds: readonly number[],
): ReadonlyMap<number, UserPresence> {
  const [presences, setPresences] = useState<ReadonlyMap<number, UserPresence>>(new Map());
  const wanted = [...new Set(userIds)].toSorted((one, other) => one - other).join();
  useEffect(() => {
    const ids = wanted === '' ? [] : wanted.split(',').map(Number);
    const stop = client.on('presence', (presence) => {
      if (ids.includes(presence.userId))
        setPresences((before) => new Map(before).set(presence.userId, presence));
    });
    client.watchPresence(ids);
    return () => {
      stop();
      client.unwatchPresence(ids);
    };
  }, [client, wanted]);
  return presences;
}
