/** `cim-client/react`: what a client knows, as hooks. React is the application's. */
import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { ignore } from '../../../base/ignore.ts';
import type { Target, UserPresence } from '../client-events.ts';
import type { Conversation } from '../conversations/conversation.ts';
import type { Client, ClientSnapshot } from './client.ts';
import { type MessageList, type MessageListSnapshot, messageList } from './message-list.ts';
import { SharedPresence } from './shared-presence.ts';

/** The state of the client: connecting, ready, … */
export function useClient(client: Client): ClientSnapshot {
  return useSyncExternalStore(client.subscribe, client.getSnapshot, client.getSnapshot);
}

export interface UsedMessages extends MessageListSnapshot {
  readonly loadOlder: () => Promise<void>;
}

interface OpenedList {
  readonly client: Client;
  readonly to: number | undefined;
  readonly group: string | undefined;
  readonly list: MessageList;
}

const nothing: MessageListSnapshot = { messages: [], hasOlder: true };

/** The messages of a conversation as they are now: `{ to: 7 }` or `{ group: 'staff' }`. */
export function useMessages(client: Client, target: Target): UsedMessages {
  const [to, group] = 'to' in target ? [target.to, undefined] : [undefined, target.group];
  const [opened, setOpened] = useState<OpenedList>();
  useEffect(() => {
    const list = messageList(client, group === undefined ? { to: to ?? 0 } : { group });
    setOpened({ client, to, group, list });
    return () => list.close();
  }, [client, to, group]);
  // Until then it is that of the conversation before.
  const isOfThis = opened?.client === client && opened.to === to && opened.group === group;
  const list = isOfThis ? opened.list : undefined;
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

/**
 * Who of these users is there, by id, as far as it is known; 256 in all at most. A user is watched as long
 * as any component wants to know of them.
 */
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
    const shared = SharedPresence.of(client);
    const known = shared.watch(ids);
    if (known.length > 0)
      setPresences(
        (before) => new Map([...before, ...known.map((each) => [each.userId, each] as const)]),
      );
    return () => {
      stop();
      shared.unwatch(ids);
    };
  }, [client, wanted]);
  return presences;
}
