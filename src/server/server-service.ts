/**
 * The server's side of ServerApi: what routes push to connections of this process. Every answer
 * is given at once, but for what groups are pushed.
 */
import { immediately } from '../api/batch-call.ts';
import type {
  DrainEntry,
  EndEntry,
  GroupChangedEntry,
  MarkEntry,
  MembershipEntry,
  OnlineEntry,
  OnlineResult,
  PresenceHintEntry,
  PublishedEntry,
  PushEntry,
  PushGroupEntry,
  PushGroupResult,
  ServerApi,
  ServerGoneEntry,
  TransientEntry,
  WakeEntry,
} from '../api/server-api.ts';
import { errorTable } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { GroupPushes } from './groups/group-pushes.ts';
import type { GroupTable } from './groups/group-table.ts';
import type { PresenceTable } from './presence/presence-table.ts';
import type { ClientSession } from './sessions/client-session.ts';
import type { Publication, TopicTable } from './topics/topic-table.ts';

/** What is needed of the gateway. */
export interface SessionTable {
  readonly instance: string;
  readonly groups: Pick<GroupTable, 'find' | 'withdrawUnfollowed' | 'changed'>;
  readonly groupPushes: Pick<GroupPushes, 'push' | 'transient'>;
  readonly presence: Pick<PresenceTable, 'hint' | 'serverGone'>;
  readonly topics: Pick<TopicTable, 'publish'>;
  session(sessionId: number): ClientSession | undefined;
  sessions(): Iterable<ClientSession>;
  /** Sends everybody elsewhere. */
  drain(): void;
}

/** Whoever was meant is not here. */
const foreign = { code: Number(errorTable['not-found'].code) };

export function createServerApi(table: SessionTable): ServerApi {
  /** Runs on the named session, if it is one of this very process. */
  const onSession = (
    { instance, sessionId }: EndEntry | WakeEntry | MembershipEntry,
    run: (session: ClientSession) => void,
  ) => {
    const session = instance === table.instance ? table.session(sessionId) : undefined;
    if (session) run(session);
    return { code: 0 };
  };
  return {
    push: immediately((entry: PushEntry) => ({ missing: push(table, entry) })),
    pushGroup: (entries, answer) => pushToGroups(table, entries, answer),
    transient: immediately((entry: TransientEntry) => {
      transient(table, entry);
      return { code: 0 };
    }),
    membership: immediately((entry: MembershipEntry) =>
      onSession(entry, (session) => session.onMembershipNotice(entry)),
    ),
    presence: immediately(({ instance, userId, opened }: PresenceHintEntry) => {
      if (instance !== table.instance) return foreign;
      table.presence.hint(userId, opened);
      return { code: 0 };
    }),
    serverGone: immediately(({ gone }: ServerGoneEntry) => {
      table.presence.serverGone(gone);
      return { code: 0 };
    }),
    mark: immediately((entry: MarkEntry) => {
      if (entry.instance !== table.instance) return foreign;
      for (const sessionId of entry.sessionIds) table.session(sessionId)?.marks.push(entry);
      return { code: 0 };
    }),
    groupChanged: immediately(({ group, instance }: GroupChangedEntry) => {
      if (instance !== table.instance) return foreign;
      table.groups.changed(group);
      return { code: 0 };
    }),
    published: immediately((entry: PublishedEntry) => {
      if (entry.instance !== table.instance) return foreign;
      table.topics.publish(publicationOf(entry));
      return { code: 0 };
    }),
    drain: immediately(({ instance }: DrainEntry) => {
      if (instance !== table.instance) return foreign;
      table.drain();
      return { code: 0 };
    }),
    end: immediately((entry: EndEntry) =>
      onSession(entry, (session) => session.closeWithCode(entry.code, entry.reason)),
    ),
    wake: immediately((entry: WakeEntry) =>
      onSession(entry, (session) => session.hint('', session.newest)),
    ),
    online: immediately((entry: OnlineEntry) => online(table, entry)),
  };
}

/** What a link leaves out as 0 or empty is no property of its own, so a spread would lose it. */
function publicationOf(entry: Publication): Publication {
  const { topic, owner, clientId, body, number, retain } = entry;
  return { topic, owner, clientId, body, number, retain };
}

/** One page, by id: the connections are in no order of use, so all are looked at for each. */
function online(table: SessionTable, { after, limit }: OnlineEntry): OnlineResult {
  const most = Math.min(limit, limits.onlinePageMax);
  let found = new Map<number, string>();
  for (const { userId, userName } of table.sessions()) {
    if (userId <= after) continue;
    found.set(userId, userName);
    // Often enough for little memory, and rarely enough for little sorting.
    if (found.size >= 4 * limits.onlinePageMax) found = firstById(found, most);
  }
  found = firstById(found, most);
  return { userIds: [...found.keys()], userNames: [...found.values()] };
}

function firstById(names: ReadonlyMap<number, string>, most: number): Map<number, string> {
  return new Map([...names].sort(([one], [other]) => one - other).slice(0, most));
}

function push(table: SessionTable, entry: PushEntry): readonly number[] {
  const { instance, sessionIds, seq } = entry;
  if (instance !== table.instance) return sessionIds;
  const missing: number[] = [];
  for (const sessionId of sessionIds) {
    const session = table.session(sessionId);
    if (session) session.push(seq, entry);
    else missing.push(sessionId);
  }
  return missing;
}

/** Each is answered when all members here were written to. */
function pushToGroups(
  { instance, groups, groupPushes }: SessionTable,
  entries: readonly PushGroupEntry[],
  answer: (index: number, result: PushGroupResult) => void,
): void {
  for (const [index, entry] of entries.entries()) {
    const group = groups.find(entry.group);
    const isForeign = entry.instance !== instance;
    if (!isForeign && !group) groups.withdrawUnfollowed(entry.group);
    if (isForeign || !group) answer(index, { foreign: isForeign });
    else groupPushes.push(group, entry, () => answer(index, { foreign: false }));
  }
}

function transient(
  table: SessionTable,
  { instance, sessionIds, group: name, body }: TransientEntry,
): void {
  if (instance !== table.instance) return;
  if (name === '') {
    for (const sessionId of sessionIds) table.session(sessionId)?.transient(body);
    return;
  }
  const group = table.groups.find(name);
  if (group) table.groupPushes.transient(group, body);
  else table.groups.withdrawUnfollowed(name);
}
