/**
 * Holds client connections and stands between them and the routes: gathers what they send into
 * batches, hands on what routes push, sweeps away the dead. It keeps nothing that the store does
 * not have. The composition root (main.ts, or `cim dev`) gives it streams and a RouteApi, and gives
 * its `api` to routes.
 */
import type { Duplex } from 'node:stream';
import type { Done } from '../api/batch-call.ts';
import type {
  AcknowledgeEntry,
  CloseEntry,
  OpenEntry,
  OpenResult,
  PassEntry,
  ReadResult,
  RouteApi,
} from '../api/route-api.ts';
import type { ServerApi } from '../api/server-api.ts';
import type { Clock, Timer } from '../base/clock.ts';
import type { Counters } from '../base/counters.ts';
import { describeError } from '../base/errors.ts';
import type { Service } from '../base/lifecycle.ts';
import { limits } from '../base/limits.ts';
import type { Logger } from '../base/log.ts';
import type { LoginFrame, ReadFrame } from '../codec/client-frame.ts';
import { closeCodes } from '../codec/close-codes.ts';
import { encodeHint } from '../codec/server-frame.ts';
import type { ServerLimits } from '../limits/server-limits.ts';
import { Gather } from '../link/gather.ts';
import type { Arrival } from '../net/arrivals.ts';
import { ClientConnection, type ConnectionOwner } from './client-connection.ts';
import { CloseReporter } from './close-reporter.ts';
import type { CursorReport } from './cursor-report.ts';
import { type GroupMember, GroupTable, type LocalGroup } from './group-table.ts';
import { JavaReader, type JavaReaderOwner } from './java-reader.ts';
import { Logins } from './logins.ts';
import { Mover } from './mover.ts';
import { OutboxBudget } from './outbox-budget.ts';
import { PageQueue } from './page-queue.ts';
import { Receivers } from './receivers.ts';
import { createServerCounters, type ServerCounters } from './server-counters.ts';
import { createServerApi, type SessionTable } from './server-service.ts';
import { SessionChecks } from './session-checks.ts';
import { Submissions } from './submissions.ts';
import { judgeToken, type TokenVerifier } from './token-gate.ts';

export interface GatewayOptions {
  readonly routes: RouteApi;
  readonly tokens: TokenVerifier;
  readonly limits: ServerLimits;
  /** Random id of this process. */
  readonly instance: string;
  /**
   * The pushAddress (src/registry/registry.ts) under which routes and clients reach it; asked for first when a client
   * logs in, so both ports are open by then.
   */
  readonly address: () => string;
  /** Takes the server out of choice at login; does not fail, and is bounded in time. */
  readonly withdraw: () => Promise<void>;
  readonly counters: Counters;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How long a read that a route refused waits before the next try. */
const retryMs = 500;

export class Gateway implements Service, ConnectionOwner, SessionTable, JavaReaderOwner {
  readonly api: ServerApi;
  readonly instance: string;
  readonly groups: GroupTable;
  readonly counters: ServerCounters;
  readonly budget: OutboxBudget;
  readonly receivers: Receivers;
  readonly submissions: Submissions;
  readonly limits: ServerLimits;

  readonly #options: GatewayOptions;
  /** Every connection whose stream has not ended. */
  readonly #connections = new Map<number, ClientConnection>();
  readonly #sweep: Timer;
  readonly #logins: Logins;
  readonly #checks: SessionChecks;
  readonly #mover: Mover;
  readonly #closes: CloseReporter;
  readonly #transients: Gather<PassEntry, Done, null>;
  readonly #pages: PageQueue;
  readonly #acknowledgements: Gather<AcknowledgeEntry, Done, CursorReport>;
  /** ms since 1970; 0 = not looked at in this turn. */
  #now = 0;
  readonly #endTurn = () => {
    this.#now = 0;
  };
  #lastSessionId = 0;
  #isMoving = false;
  #stopped: (() => void) | undefined;

  constructor(options: GatewayOptions) {
    const { routes, instance, address, clock } = options;
    this.#options = options;
    this.instance = instance;
    this.limits = options.limits;
    this.counters = createServerCounters(options.counters);
    this.budget = new OutboxBudget(limits.outboxTotalBytesMax, () => this.#connections.values());
    const onMissed = (group: LocalGroup, head: number) => {
      this.counters.checks.missedInGroup.value += 1;
      this.hint(group, head);
    };
    this.groups = new GroupTable({ routes, clock, instance, address, onMissed });
    this.#logins = new Logins({
      routes,
      groups: this.groups,
      clock,
      onOpened: (connection, result) => this.#opened(connection, result),
    });
    this.#checks = new SessionChecks({
      routes,
      instance,
      onUnknown: (connection) => this.#reopen(connection),
    });
    this.#mover = new Mover({ clock, sessions: () => this.sessions() });
    this.#closes = new CloseReporter(routes, clock);
    this.submissions = new Submissions(routes.submit);
    this.#transients = new Gather(routes.transient, (_context: null, { code }) => {
      if (code !== 0) this.counters.transient.droppedOnTheWay.value += 1;
    });
    this.receivers = new Receivers({
      routes,
      instance,
      session: (sessionId) => this.session(sessionId),
      submit: (entry) => this.pass(entry),
      counters: this.counters.transient,
    });
    this.#pages = new PageQueue(routes);
    this.#acknowledgements = new Gather(routes.acknowledge, (cursor: CursorReport) =>
      cursor.moved(),
    );
    this.api = createServerApi(this);
    this.#sweep = clock.setInterval(() => this.#sweepConnections(), limits.sweepMs);
  }

  /** Takes over a client's stream. */
  accept(stream: Duplex, arrival: Arrival): void {
    const standing = this.limits.crowd.enter(arrival.address);
    if (standing === 'far-over') {
      this.counters.arrivals.refused.value += 1;
      stream.destroy();
      return;
    }
    const isOver = arrival.isOver || standing === 'over';
    const connection = new ClientConnection(this, stream, { ...arrival, isOver });
    this.#connections.set(connection.sessionId, connection);
    if (this.#stopped) connection.close('moving');
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /**
   * The connection with this number, if it is logged in or about to be: a route may push to a
   * session before its answer to the login has arrived here, and must not hear that there is none.
   */
  session(sessionId: number): ClientConnection | undefined {
    const connection = this.#connections.get(sessionId);
    return connection?.state === 'ready' || connection?.state === 'opening'
      ? connection
      : undefined;
  }

  /** Every logged-in connection, in the order of their numbers. */
  *sessions(): Iterable<ClientConnection> {
    for (const connection of this.#connections.values()) if (connection.ready) yield connection;
  }

  membersOf(group: LocalGroup): Iterable<GroupMember> {
    return group === this.groups.lobby ? this.sessions() : group.members;
  }

  hint(group: LocalGroup, head: number): void {
    const hint = encodeHint(group.name, head);
    for (const member of this.membersOf(group))
      if (!member.java && member.takesLive(group.name, head)) member.writeLive(hint);
  }

  get isMoving(): boolean {
    return this.#isMoving;
  }

  /**
   * Takes no more logins and lets everybody go elsewhere; apart from that it stays as it is, until
   * it is stopped. Resolves when all are on their way.
   */
  async drain(): Promise<void> {
    await this.#options.withdraw();
    this.#options.log.info('drained: everybody is sent elsewhere');
    await this.#moveAll();
  }

  /**
   * Lets everybody go elsewhere and waits until all have gone and the routes know it, or a bound is
   * reached.
   */
  async stop(): Promise<void> {
    const empty = new Promise<void>((resolve) => {
      this.#stopped = resolve;
    });
    await this.#moveAll();
    for (const connection of this.#connections.values()) connection.close('moving');
    const { clock } = this.#options;
    const cutOff = clock.setTimeout(() => this.#cutOff(), limits.moveLingerMsMax);
    if (this.#connections.size > 0) await empty;
    cutOff.cancel();
    this.#sweep.cancel();
    this.#logins.stop();
    await Promise.all([this.#closes.stop(), this.groups.stop()]);
  }

  #moveAll(): Promise<void> {
    this.#isMoving = true;
    for (const connection of this.#connections.values())
      if (connection.state === 'opening') connection.close('moving');
    return this.#mover.move();
  }

  #cutOff(): void {
    for (const connection of this.#connections.values()) connection.drop();
  }

  // ---- ConnectionOwner --------------------------------------------------------------------------

  nextSessionId(): number {
    this.#lastSessionId = (this.#lastSessionId % 0xffff_ffff) + 1;
    return this.#lastSessionId;
  }

  monotonic(): number {
    return this.#options.clock.monotonic();
  }

  open(connection: ClientConnection, login: LoginFrame): void {
    this.#admit(connection, login).catch((error: unknown) => {
      this.failed(error);
      connection.close('failed');
    });
  }

  async #admit(connection: ClientConnection, login: LoginFrame): Promise<void> {
    if ((await this.limits.logins.take(connection.address)) > 0)
      return connection.close('too-fast');
    const verdict = await judgeToken(this.#options.tokens, login);
    // It may have gone meanwhile, or everybody is sent elsewhere.
    if (connection.state !== 'opening') return;
    if ('refused' in verdict) return connection.close(verdict.refused, verdict.reason);
    connection.generation = verdict.generation;
    this.#logins.add(connection, this.#openEntry(connection, login.connectionNumber));
  }

  #openEntry(
    { userId, userName, generation, device, ephemeral, sessionId }: ClientConnection,
    connectionNumber: number,
  ): OpenEntry {
    const { instance } = this;
    const address = this.#options.address();
    return {
      userId,
      userName,
      generation,
      device,
      connectionNumber,
      ephemeral,
      instance,
      address,
      sessionId,
    };
  }

  pass(entry: PassEntry): void {
    this.#transients.add(entry, null);
  }

  /** All that comes in one turn of the event loop has the same. */
  now(): number {
    if (this.#now === 0) {
      this.#now = this.#options.clock.now();
      setImmediate(this.#endTurn);
    }
    return this.#now;
  }

  read(userId: number, request: ReadFrame, settle: (result: ReadResult) => void): void {
    const { group, after, afterIdentity } = request;
    const limit = Math.min(request.limit || limits.pageMessagesMax, limits.pageMessagesMax);
    this.#pages.read({ userId, group, after, afterIdentity, limit }, settle);
  }

  acknowledge(cursor: CursorReport, seq: number): void {
    const { owner, group } = cursor;
    const { userId, device } = owner;
    this.#acknowledgements.add({ userId, device, seq, group }, cursor);
  }

  closed(connection: ClientConnection): void {
    this.#connections.delete(connection.sessionId);
    this.limits.crowd.leave(connection.address);
    this.#logins.forget(connection);
    this.receivers.changed(connection.userId);
    if (connection.connectionNumber > 0) this.#reportClose(connection, connection.connectionNumber);
    if (this.#connections.size === 0) this.#stopped?.();
  }

  failed(error: unknown): void {
    const { stack } = error as Error;
    this.#options.log.error({ error: describeError(error), stack }, 'a connection made us fail');
  }

  // ---- JavaReaderOwner --------------------------------------------------------------------------

  readTimeline(userId: number, after: number): Promise<ReadResult> {
    const { promise, resolve } = Promise.withResolvers<ReadResult>();
    this.read(userId, { group: '', after, afterIdentity: '', limit: 0 }, resolve);
    return promise;
  }

  retryDelay(): Promise<void> {
    return new Promise((resolve) => this.#options.clock.setTimeout(resolve, retryMs));
  }

  // -----------------------------------------------------------------------------------------------

  /** The store does not know the session: what is pushed to the user goes past it. */
  #reopen(connection: ClientConnection): void {
    this.counters.checks.reopened.value += 1;
    const connectionNumber = connection.device === '' ? 0 : connection.connectionNumber;
    this.#logins.repeat(connection, this.#openEntry(connection, connectionNumber));
  }

  #opened(connection: ClientConnection, result: OpenResult): void {
    if (connection.ready) return this.#reopened(connection, result);
    if (connection.state !== 'opening') {
      // It went away while it was being logged in: undo what the route has just recorded.
      if (result.code === 0) this.#reportClose(connection, result.connectionNumber);
    } else if (result.code !== 0) {
      connection.closeWithCode(result.code, result.reason);
    } else {
      connection.opened(
        result,
        connection.device === '' ? new JavaReader(this, connection, result.cursor) : null,
      );
      this.receivers.changed(connection.userId);
    }
  }

  /** A route that could not say is asked again by the next check. */
  #reopened(connection: ClientConnection, result: OpenResult): void {
    if (result.code === 0) connection.reopened(result);
    else if (result.code !== closeCodes.unavailable.code)
      connection.closeWithCode(result.code, result.reason);
  }

  #reportClose({ userId, device }: ClientConnection, connectionNumber: number): void {
    const entry: CloseEntry = { userId, device, connectionNumber, instance: this.instance };
    this.#closes.report(entry);
  }

  #sweepConnections(): void {
    const now = this.monotonic();
    for (const connection of this.#connections.values()) connection.sweep(now);
    this.groups.sweep(now);
    this.receivers.sweep();
    this.limits.sends.sweep();
    this.#checks.sweep(this.sessions());
  }
}
