/**
 * Holds client connections and stands between them and the routes: gathers what they send into
 * batches, hands on what routes push, sweeps away the dead. It keeps nothing that the store does
 * not have. The composition root (main.ts, or `cim dev`) gives it streams and a RouteApi, and gives
 * its `api` to routes.
 */
import type {
  AcknowledgeEntry,
  CloseEntry,
  DoneResult,
  OpenEntry,
  OpenResult,
  PassEntry,
  ReadEntry,
  ReadResult,
  RouteApi,
} from '../api/route-api.ts';
import type { ServerApi } from '../api/server-api.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { describeError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Logger } from '../base/log.ts';
import type { Counters } from '../base/process/counters.ts';
import type { Service } from '../base/process/lifecycle.ts';
import type { ReadFrame } from '../codec/client-frame.ts';
import { closeCodes } from '../codec/close-codes.ts';
import type { Mark } from '../codec/generated/link.ts';
import type { ProcessBudget } from '../limits/process-budget.ts';
import type { ServerLimits } from '../limits/server-limits.ts';
import { Talkers } from '../limits/talkers.ts';
import { Turns } from '../limits/turns.ts';
import { BoundedGather } from '../link/bounded-gather.ts';
import { Gather } from '../link/gather.ts';
import type { Arrival } from '../net/arrivals.ts';
import type { ClientStream } from '../net/client-stream.ts';
import { GroupPushes } from './groups/group-pushes.ts';
import { type GroupMember, GroupTable, type LocalGroup } from './groups/group-table.ts';
import { PresenceTable } from './presence/presence-table.ts';
import type { Wire } from './protocols/protocol.ts';
import { ServerBudgets } from './server-budgets.ts';
import { createServerCounters, type ServerCounters } from './server-counters.ts';
import { createServerApi, type SessionTable } from './server-service.ts';
import { Admissions } from './sessions/admissions.ts';
import type { Login } from './sessions/client-rules.ts';
import { ClientSession, type SessionOwner } from './sessions/client-session.ts';
import { CloseReporter } from './sessions/close-reporter.ts';
import type { CursorReport } from './sessions/cursor-report.ts';
import { Logins } from './sessions/logins.ts';
import { Mover } from './sessions/mover.ts';
import { Receivers } from './sessions/receivers.ts';
import { SessionChecks } from './sessions/session-checks.ts';
import { ShownSamples } from './sessions/shown-samples.ts';
import { Submissions } from './sessions/submissions.ts';
import type { TokenVerifier } from './sessions/token-gate.ts';
import { Publications } from './topics/publications.ts';
import { TopicTable } from './topics/topic-table.ts';

export interface GatewayOptions {
  readonly routes: RouteApi;
  readonly tokens: TokenVerifier;
  readonly limits: ServerLimits;
  readonly budget: ProcessBudget;
  /** `--topics-open` */
  readonly topicsOpen: boolean;
  /** Random id of this process. */
  readonly instance: string;
  /**
   * The pushAddress (src/registry/registry.ts) under which routes reach it; asked for first when a
   * client logs in, so its port is open by then.
   */
  readonly address: () => string;
  /** Takes the server out of choice at login; does not fail, and is bounded in time. */
  readonly withdraw: () => Promise<void>;
  readonly counters: Counters;
  readonly clock: Clock;
  readonly log: Logger;
}

export class Gateway implements Service, SessionOwner, SessionTable {
  readonly api: ServerApi;
  readonly instance: string;
  readonly groups: GroupTable;
  readonly counters: ServerCounters;
  readonly budgets: ServerBudgets;
  readonly receivers: Receivers;
  readonly submissions: Submissions;
  readonly groupPushes: GroupPushes;
  readonly presence: PresenceTable;
  readonly topics = new TopicTable();
  readonly publications: Publications;
  readonly limits: ServerLimits;
  readonly shown: ShownSamples;
  readonly talkers: Talkers;
  readonly clock: Clock;
  readonly turns = new Turns({
    workMax: limits.turnWorkMax,
    shareMin: limits.turnShareMin,
    waitedShareMin: limits.turnWaitedShareMin,
  });

  /** Connections that did not keep up with reading when they were last looked at. */
  behindCount = 0;
  readonly #options: GatewayOptions;
  /** Every connection whose stream has not ended. */
  readonly #connections = new Map<number, ClientSession>();
  readonly #unwatch: () => void;
  readonly #sweep: Timer;
  readonly #logins: Logins;
  readonly #checks: SessionChecks;
  readonly #mover: Mover;
  readonly #closes: CloseReporter;
  readonly #admissions: Admissions;
  readonly #transients: Gather<PassEntry, DoneResult, null>;
  /** Each may be `limits.pageBytesMax` of memory. */
  readonly #pages: BoundedGather<ReadEntry, ReadResult, (result: ReadResult) => void>;
  readonly #acknowledgements: BoundedGather<AcknowledgeEntry, DoneResult, CursorReport>;
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
    this.clock = clock;
    this.counters = createServerCounters(options.counters);
    this.talkers = new Talkers(() => options.clock.monotonic());
    this.shown = new ShownSamples(options.counters, () => this.now());
    const connections = () => this.#connections.values();
    this.budgets = new ServerBudgets(options.budget, connections, () => clock.monotonic());
    this.#unwatch = options.budget.watch(connections);
    const onMissed = (group: LocalGroup, head: number) => {
      this.counters.checks.missedInGroup.value += 1;
      this.groupPushes.hint(group, head);
    };
    this.groupPushes = new GroupPushes(this);
    const onFacts = (group: LocalGroup) => this.groupPushes.facts(group);
    this.groups = new GroupTable({ routes, clock, instance, address, onMissed, onFacts });
    this.presence = new PresenceTable({
      ...{ routes, clock, instance, address },
      counters: this.counters.presence,
    });
    this.#logins = new Logins({
      routes,
      groups: this.groups,
      clock,
      onOpened: (session, result) => this.#opened(session, result),
    });
    this.#checks = new SessionChecks({
      routes,
      instance,
      onUnknown: (session) => this.#reopen(session),
    });
    this.#mover = new Mover({ clock, sessions: () => this.sessions() });
    this.#closes = new CloseReporter(routes, clock);
    this.#admissions = new Admissions(options);
    this.submissions = new Submissions(routes.submit, (userId, count) => {
      this.counters.taken.value += count;
      this.talkers.count(userId, count);
    });
    const { pages } = this.budgets;
    this.publications = new Publications({ routes, pages, isOpen: options.topicsOpen });
    this.#transients = new Gather(routes.transient, (_context: null, { code }) => {
      if (code !== 0) this.counters.transient.droppedOnTheWay.value += 1;
    });
    this.receivers = new Receivers({
      routes,
      instance,
      session: (sessionId) => this.session(sessionId),
      submit: (entry) => this.pass(entry),
      counters: this.counters.transient,
      budget: options.budget,
    });
    this.#pages = new BoundedGather(
      routes.read,
      limits.pagesUnderWayMax,
      (settle, result) => settle(result),
      { budget: this.budgets.pages, bytes: limits.pageBytesMax },
    );
    this.#acknowledgements = new BoundedGather(
      routes.acknowledge,
      limits.callsUnderWayMax,
      (cursor, { code }) => cursor.onMoved(code !== 0),
    );
    this.api = createServerApi(this);
    this.#sweep = clock.setInterval(() => this.#sweepConnections(), limits.sweepMs);
  }

  /** Takes over a client's stream, on which `wire` is spoken. */
  accept(stream: ClientStream, arrival: Arrival, wire: Wire): void {
    const standing = this.limits.crowd.enter(arrival.address);
    if (standing === 'far-over') {
      this.counters.arrivals.refused.value += 1;
      stream.destroy();
      return;
    }
    const isOver = arrival.isOver || standing === 'over';
    const session = new ClientSession(this, wire, stream, { ...arrival, isOver });
    this.#connections.set(session.sessionId, session);
    if (this.#stopped) session.close('moving');
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /**
   * The session with this number, if it is logged in or about to be: a route may push to a
   * session before its answer to the login has arrived here, and must not hear that there is none.
   */
  session(sessionId: number): ClientSession | undefined {
    const session = this.#connections.get(sessionId);
    return session?.state === 'ready' || session?.state === 'opening' ? session : undefined;
  }

  /** Every logged-in session, in the order of their numbers. */
  *sessions(): Iterable<ClientSession> {
    for (const session of this.#connections.values()) if (session.ready) yield session;
  }

  membersOf(group: LocalGroup): Iterable<GroupMember> {
    return group === this.groups.lobby ? this.sessions() : group.members;
  }

  /** Lets people in: routes know of this server. Who came before has waited. */
  begin(): void {
    this.#logins.begin();
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
    for (const session of this.#connections.values()) session.close('moving');
    const cutOff = this.clock.setTimeout(() => this.#cutOff(), limits.moveLingerMsMax);
    if (this.#connections.size > 0) await empty;
    cutOff.cancel();
    this.#sweep.cancel();
    this.#unwatch();
    this.#logins.stop();
    await Promise.all([this.#closes.stop(), this.groups.stop()]);
  }

  #moveAll(): Promise<void> {
    this.#isMoving = true;
    for (const session of this.#connections.values())
      if (session.state === 'opening') session.close('moving');
    return this.#mover.move();
  }

  #cutOff(): void {
    for (const session of this.#connections.values()) session.drop();
  }

  // ---- SessionOwner -----------------------------------------------------------------------------

  nextSessionId(): number {
    this.#lastSessionId = (this.#lastSessionId % 0xffff_ffff) + 1;
    return this.#lastSessionId;
  }

  open(session: ClientSession, login: Login): void {
    this.#admit(session, login).catch((error: unknown) => {
      this.onFailure(error);
      session.close('failed');
    });
  }

  async #admit(session: ClientSession, login: Login): Promise<void> {
    const connectionNumber = await this.#admissions.judge(session, login);
    if (connectionNumber !== undefined)
      this.#logins.add(session, this.#openEntry(session, connectionNumber));
  }

  #openEntry(
    { userId, userName, generation, device, ephemeral, sessionId }: ClientSession,
    connectionNumber: number,
  ): OpenEntry {
    const who = { userId, userName, generation, device, connectionNumber, ephemeral };
    const { instance } = this;
    return { ...who, instance, address: this.#options.address(), sessionId };
  }

  pass(entry: PassEntry): void {
    this.#transients.add(entry, null);
  }

  /** All that comes in one turn of the event loop has the same. */
  now(): number {
    if (this.#now === 0) {
      this.#now = this.clock.now();
      setImmediate(this.#endTurn);
    }
    return this.#now;
  }

  read(userId: number, request: ReadFrame, settle: (result: ReadResult) => void): void {
    const { group, after, afterIdentity } = request;
    const limit = Math.min(request.limit || limits.pageMessagesMax, limits.pageMessagesMax);
    this.#pages.add({ userId, group, after, afterIdentity, limit }, settle);
  }

  acknowledge(cursor: CursorReport, seq: number, marks: readonly Mark[]): void {
    const { owner, group } = cursor;
    const { userId, device } = owner;
    this.#acknowledgements.add({ userId, device, seq, group, marks }, cursor);
  }

  onClosed(session: ClientSession): void {
    this.#connections.delete(session.sessionId);
    this.limits.crowd.leave(session.address);
    this.#logins.forget(session);
    this.receivers.onChanged(session.userId);
    if (session.connectionNumber > 0) this.#reportClose(session, session.connectionNumber);
    if (this.#connections.size === 0) this.#stopped?.();
  }

  onFailure(error: unknown): void {
    const { stack } = error as Error;
    this.#options.log.error({ error: describeError(error), stack }, 'a connection made us fail');
  }

  // -----------------------------------------------------------------------------------------------

  /** The store does not know the session: what is pushed to the user goes past it. */
  #reopen(session: ClientSession): void {
    this.counters.checks.reopened.value += 1;
    // The store counts the connections of a client that does not.
    const connectionNumber = session.device === '' ? 0 : session.connectionNumber;
    this.#logins.repeat(session, this.#openEntry(session, connectionNumber));
  }

  #opened(session: ClientSession, result: OpenResult): void {
    if (result.code === 0) this.groups.storeIs(result.storeId);
    if (session.ready) return this.#reopened(session, result);
    // It went away while it was being logged in, or is not let in after all: what the route has just
    // recorded is undone.
    const isOver = session.state !== 'opening' || result.code !== 0;
    if (isOver && result.connectionNumber > 0) this.#reportClose(session, result.connectionNumber);
    if (session.state !== 'opening') return;
    if (result.code !== 0) {
      session.closeWithCode(result.code, result.reason);
    } else {
      session.onOpened(result);
      this.receivers.onChanged(session.userId);
    }
  }

  /** A route that could not say is asked again by the next check. */
  #reopened(session: ClientSession, result: OpenResult): void {
    if (result.code === 0) session.onReopened(result);
    else if (result.code !== closeCodes.unavailable.code)
      session.closeWithCode(result.code, result.reason);
  }

  #reportClose({ userId, device }: ClientSession, connectionNumber: number): void {
    const entry: CloseEntry = { userId, device, connectionNumber, instance: this.instance };
    this.#closes.report(entry);
  }

  #sweepConnections(): void {
    const now = this.clock.monotonic();
    let behind = 0;
    for (const session of this.#connections.values()) {
      session.sweep(now);
      if (session.isBehind) behind += 1;
    }
    this.behindCount = behind;
    this.groups.sweep(now);
    this.receivers.sweep();
    this.presence.sweep();
    this.shown.sweep();
    this.limits.sends.sweep();
    this.limits.reads.sweep();
    this.talkers.sweep();
    this.budgets.process.review();
    this.#checks.sweep(this.sessions());
  }
}
