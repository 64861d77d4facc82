/**
 * The server's side of ServerApi: what routes push to connections of this process. Every answer is
 * given at once, nothing here waits.
 */
import { immediately } from '../api/batch-call.ts';
import type {
  DrainEntry,
  EndEntry,
  MembershipEntry,
  OnlineEntry,
  OnlineResult,
  PushEntry,
  PushGroupEntry,
  ServerApi,
  TransientEntry,
  WakeEntry,
} from '../api/server-api.ts';
import { errorTable } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { bodiesOf } from '../codec/run.ts';
import type { ClientConnection } from './client-connection.ts';
import { fanOut } from './fan-out.ts';
import type { GroupMember, GroupTable, LocalGroup } from './group-table.ts';

/** What is needed of the gateway. */
export interface SessionTable {
  readonly instance: string;
  readonly groups: Pick<GroupTable, 'find'>;
  session(sessionId: number): ClientConnection | undefined;
  sessions(): Iterable<ClientConnection>;
  /** Of the lobby everybody who is logged in. */
  membersOf(group: LocalGroup): Iterable<GroupMember>;
  /** Sends everybody elsewhere. */
  drain(): void;
  /** Tells the members to read. */
  hint(group: LocalGroup, head: number): void;
}

/** Whoever was meant is not here. */
const foreign = { code: Number(errorTable['not-found'].code) };

export function createServerApi(table: SessionTable): ServerApi {
  /** Runs on the named connection, if it is one of this very process. */
  const onSession = (
    { instance, sessionId }: EndEntry | WakeEntry | MembershipEntry,
    run: (connection: ClientConnection) => void,
  ) => {
    const connection = instance === table.instance ? table.session(sessionId) : undefined;
    if (connection) run(connection);
    return { code: 0 };
  };
  return {
    push: immediately((entry: PushEntry) => ({ missing: push(table, entry) })),
    pushGroup: immediately((entry: PushGroupEntry) => {
      if (entry.instance !== table.instance) return { foreign: true };
      pushToGroup(table, entry);
      return { foreign: false };
    }),
    transient: immediately((entry: TransientEntry) => {
      transient(table, entry);
      return { code: 0 };
    }),
    membership: immediately((entry: MembershipEntry) =>
      onSession(entry, (connection) => connection.membership(entry)),
    ),
    drain: immediately(({ instance }: DrainEntry) => {
      if (instance !== table.instance) return foreign;
      table.drain();
      return { code: 0 };
    }),
    end: immediately((entry: EndEntry) =>
      onSession(entry, (connection) => connection.closeWithCode(entry.code, entry.reason)),
    ),
    wake: immediately((entry: WakeEntry) =>
      onSession(entry, (connection) => connection.javaReader?.wake()),
    ),
    online: immediately((entry: OnlineEntry) => online(table, entry)),
  };
}

/** One page, in the order of the session ids. */
function online(table: SessionTable, { after }: OnlineEntry): OnlineResult {
  const userIds: number[] = [];
  const userNames: string[] = [];
  let last = 0;
  for (const { sessionId, userId, userName } of table.sessions()) {
    if (sessionId <= after) continue;
    if (userIds.length === limits.onlinePageMax) return { userIds, userNames, next: last };
    userIds.push(userId);
    userNames.push(userName);
    last = sessionId;
  }
  return { userIds, userNames, next: 0 };
}

function push(table: SessionTable, entry: PushEntry): readonly number[] {
  const { instance, sessionIds, seq } = entry;
  if (instance !== table.instance) return sessionIds;
  const missing: number[] = [];
  for (const sessionId of sessionIds) {
    const connection = table.session(sessionId);
    if (connection) connection.push(seq, entry);
    else missing.push(sessionId);
  }
  return missing;
}

/** Those who are about to become members are told of the newest number when they do. */
function pushToGroup(
  table: SessionTable,
  { group: name, seq, count, bodies }: PushGroupEntry,
): void {
  const group = table.groups.find(name);
  if (!group) return;
  group.arrived(seq + Math.max(count, 1) - 1);
  if (count === 0) return table.hint(group, seq);
  for (const [index, body] of bodiesOf(bodies).entries()) {
    const number = seq + index;
    const takes = (member: GroupMember) => member.takesLive(name, number);
    fanOut(table.membersOf(group), body, number, takes);
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
  if (group) fanOut(table.membersOf(group), body, 0, takesTransient);
}

function takesTransient(member: GroupMember): boolean {
  return member.takesTransient();
}
