/**
 * The server's side of ServerApi: what routes push to connections of this process. Every answer is
 * given at once, nothing here waits.
 */
import { immediately } from '../api/batch-call.ts';
import type {
  EndEntry,
  MembershipEntry,
  OnlineEntry,
  OnlineResult,
  PushEntry,
  PushGroupEntry,
  ServerApi,
  WakeEntry,
} from '../api/server-api.ts';
import { limits } from '../base/limits.ts';
import { JavaFanOut } from '../codec/java-frame.ts';
import { decodeText, scanMessage } from '../codec/message-scan.ts';
import { encodeHint, encodeJoined, encodeLeft, encodePush } from '../codec/server-frame.ts';
import type { ClientConnection } from './client-connection.ts';

/** What is needed of the gateway. */
export interface SessionTable {
  readonly instance: string;
  session(sessionId: number): ClientConnection | undefined;
  sessions(): Iterable<ClientConnection>;
  opening(): Iterable<ClientConnection>;
}

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
      fanOut(table, entry);
      return { foreign: false };
    }),
    transient: immediately(() => ({ code: 0 })),
    membership: immediately((entry: MembershipEntry) =>
      onSession(entry, (connection) => {
        const { group, member, joined, head } = entry;
        connection.write(member ? encodeJoined(group, joined, head) : encodeLeft(group));
      }),
    ),
    drain: immediately(() => ({ code: 0 })),
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

function push(
  table: SessionTable,
  { instance, sessionIds, seq, bodies }: PushEntry,
): readonly number[] {
  if (instance !== table.instance) return sessionIds;
  const missing: number[] = [];
  for (const sessionId of sessionIds) {
    const connection = table.session(sessionId);
    if (connection) connection.push(seq, bodies);
    else missing.push(sessionId);
  }
  return missing;
}

/**
 * A group message for everybody here: encoded once, and that one buffer written to all. Not to the
 * connection that sent it, which is told by its acknowledgement, and not to a Java peer of the
 * sender, as in the Java system.
 */
function fanOut(table: SessionTable, { group, seq, bodies }: PushGroupEntry): void {
  const last = seq + Math.max(bodies.length, 1) - 1;
  for (const connection of table.opening()) connection.announceLobby(last);
  if (bodies.length === 0) {
    const hint = encodeHint(group, seq);
    for (const connection of table.sessions()) if (!connection.java) connection.write(hint);
    return;
  }
  for (let index = 0; index < bodies.length; index++) {
    const body = bodies[index] as Uint8Array;
    const { from, fromName, epochHex, textStart, textEnd } = scanMessage(body);
    const frame = encodePush(body, seq + index);
    let java: JavaFanOut | undefined;
    for (const connection of table.sessions()) {
      if (!connection.java) {
        if (connection.epochHex !== epochHex || connection.userId !== from) connection.write(frame);
      } else if (connection.userId !== from) {
        java ??= new JavaFanOut(
          { userId: from, name: fromName },
          decodeText(body, textStart, textEnd),
        );
        const { length, tail } = java.around(connection.userId);
        for (const part of [length, java.shared, tail]) connection.write(part);
      }
    }
  }
}
