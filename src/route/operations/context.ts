/** What the operations of a route work with, and questions that several of them ask. */
import { callOne } from '../../api/batch-call.ts';
import type { Strategy } from '../../balance/strategy.ts';
import type { Clock } from '../../base/clock.ts';
import { CimError } from '../../base/errors.ts';
import { type CloseName, closeCodes } from '../../codec/close-codes.ts';
import type { LiveServer, Registry } from '../../registry/registry.ts';
import type { Account } from '../../store/accounts.ts';
import type { Session } from '../../store/sessions.ts';
import type { Store } from '../../store/store.ts';
import { groupTimeline } from '../../store/timelines.ts';
import type { AccountDirectory } from '../accounts/account-directory.ts';
import type { Authentication } from '../accounts/authentication.ts';
import type { Callers } from '../accounts/callers.ts';
import type { FileService } from '../files/file-service.ts';
import type { Blocks } from '../messages/blocks.ts';
import type { Delivery } from '../messages/delivery.ts';
import type { Marks } from '../messages/marks.ts';
import type { PushRecord } from '../messages/push-record.ts';
import type { Transients } from '../messages/transients.ts';
import type { PresenceHints } from '../presence/presence-hints.ts';
import type { ServerDirectory } from '../servers/server-directory.ts';
import type { TopicPublisher } from '../topics/publisher.ts';

export interface OperationsContext {
  readonly store: Store;
  readonly registry: Registry;
  readonly accounts: AccountDirectory;
  readonly authentication: Authentication;
  readonly blocks: Blocks;
  readonly callers: Callers;
  readonly delivery: Delivery;
  readonly pushes: PushRecord;
  readonly marks: Marks;
  readonly transients: Transients;
  readonly publisher: Pick<TopicPublisher, 'take'>;
  readonly files: FileService;
  readonly presenceHints: Pick<PresenceHints, 'changed'>;
  readonly servers: ServerDirectory;
  /** Whether this route may call it, and so tell it what is for its people. */
  readonly isUsable: (server: LiveServer) => boolean;
  readonly strategy: Strategy;
  readonly clock: Clock;
}

/** The account of a caller. Throws `account-mismatch`. */
export async function callerOf({ accounts }: OperationsContext, userId: number): Promise<Account> {
  const account = await accounts.find(userId);
  if (!account) throw new CimError('account-mismatch', 'userId: there is no such account');
  return account;
}

/** There is a user with this id, whom a caller has named. Throws `unknown-receiver`. */
export async function requireUser({ accounts }: OperationsContext, userId: number): Promise<void> {
  if (!(await accounts.find(userId)))
    throw new CimError('unknown-receiver', `there is no user ${userId}`);
}

/** Where anybody may be anybody, a key tells nothing. */
export async function hasKey(
  { store, authentication }: OperationsContext,
  userId: number,
): Promise<boolean> {
  if (authentication.mode === 'open') return false;
  const [keys] = await store.accounts.publicKeys([userId]);
  return typeof keys?.current === 'string';
}

/** Servers with members ask for what the group is now, and end who was removed. */
export async function tellServers(
  { store, registry, servers }: OperationsContext,
  group: string,
): Promise<void> {
  const [watchers = []] = await store.timelines.watchers([groupTimeline(group)]);
  await Promise.all(
    watchers
      .filter(({ instance }) => !registry.isGone(instance))
      .map(({ address, instance }) =>
        callOne(servers.at(address).groupChanged, { group, instance }),
      ),
  );
}

/** What a login may be sent to. */
export function choosableServers({ registry, isUsable }: OperationsContext): LiveServer[] {
  return registry.view.choosable.filter(isUsable);
}

/** The user's sessions, but for those on servers that are known to have ended. */
export async function liveSessions(context: OperationsContext, userId: number): Promise<Session[]> {
  const [sessions = []] = await context.store.sessions.of([userId]);
  return liveOf(context, sessions);
}

function liveOf({ registry }: OperationsContext, sessions: readonly Session[]): Session[] {
  return sessions.filter(({ instance }) => !registry.isGone(instance));
}

/** Ends connections, and tells their clients why. */
export async function endSessions(
  { servers }: OperationsContext,
  sessions: readonly Session[],
  why: CloseName,
): Promise<void> {
  const { code, meaning: reason } = closeCodes[why];
  await Promise.all(
    sessions.map(({ address, sessionId, instance }) =>
      callOne(servers.at(address).end, { sessionId, instance, code, reason }),
    ),
  );
}

/**
 * Ends every connection of a user whose tokens are void by now; their number. A server that cannot
 * be told, or that is not known here, finds no record of the session when it next checks, and the
 * store opens none of an earlier generation: so the connection ends there then.
 */
export async function endAll(
  context: OperationsContext,
  userId: number,
  why: CloseName,
): Promise<number> {
  const { callers, store, presenceHints } = context;
  callers.forget(userId);
  const [sessions = []] = await store.sessions.of([userId]);
  const live = liveOf(context, sessions);
  await endSessions(context, live, why);
  await store.sessions.close(sessions);
  presenceHints.changed(userId, false);
  return live.length;
}
