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
  ReadEntry,
  ReadResult,
  RouteApi,
  SubmitEntry,
  SubmitResult,
} from '../api/route-api.ts';
import type { ServerApi } from '../api/server-api.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { describeError } from '../base/errors.ts';
import type { Service } from '../base/lifecycle.ts';
import { limits } from '../base/limits.ts';
import type { Logger } from '../base/log.ts';
import type { LoginFrame, ReadFrame } from '../codec/client-frame.ts';
import type { CloseName } from '../codec/close-codes.ts';
import { lobby } from '../codec/commands.ts';
import { Gather } from '../link/gather.ts';
import {
  ClientConnection,
  type ConnectionOwner,
  type MessageReference,
} from './client-connection.ts';
import { CloseReporter } from './close-reporter.ts';
import { GroupInterest } from './group-interest.ts';
import { JavaReader, type JavaReaderOwner } from './java-reader.ts';
import { createServerApi } from './server-service.ts';

export interface GatewayOptions {
  readonly routes: RouteApi;
  /** Random id of this process. */
  readonly instance: string;
  /**
   * `ip:tcpPort:httpPort` under which routes and clients reach it; asked for first when a client
   * logs in, so both ports are open by then.
   */
  readonly address: () => string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Whose cursor is moved, and who is told when it was. */
export type CursorOwner = Pick<ClientConnection, 'userId' | 'device' | 'cursorMoved'>;

/** How long a read that a route refused waits before the next try. */
const retryMs = 500;

export class Gateway implements Service, ConnectionOwner, JavaReaderOwner {
  readonly api: ServerApi;
  readonly instance: string;
  /** Connections closed by the server, by reason; since the start. */
  readonly closedByReason: Partial<Record<CloseName | 'other', number>> = {};

  readonly #options: GatewayOptions;
  /** Every connection whose stream has not ended. */
  readonly #connections = new Map<number, ClientConnection>();
  readonly #sweep: Timer;
  readonly #lobby: GroupInterest;
  readonly #closes: CloseReporter;
  readonly #submissions: Gather<SubmitEntry, SubmitResult, MessageReference>;
  readonly #reads: Gather<ReadEntry, ReadResult, (result: ReadResult) => void>;
  readonly #opens: Gather<OpenEntry, OpenResult, ClientConnection>;
  readonly #acknowledgements: Gather<AcknowledgeEntry, Done, CursorOwner>;
  /** Logins that wait until the lobby's interest is registered. */
  readonly #waitingLogins = new Map<ClientConnection, OpenEntry>();
  #lastSessionId = 0;
  #stopped: (() => void) | undefined;

  constructor(options: GatewayOptions) {
    const { routes, instance, address, clock } = options;
    this.#options = options;
    this.instance = instance;
    this.#lobby = new GroupInterest({ routes, clock, group: lobby, instance, address });
    this.#closes = new CloseReporter(routes, clock);
    this.#submissions = new Gather(routes.submit, (reference: MessageReference, result) =>
      reference.connection.acknowledged(reference, result),
    );
    this.#reads = new Gather(routes.read, (settle: (result: ReadResult) => void, result) =>
      settle(result),
    );
    this.#opens = new Gather(routes.open, (connection: ClientConnection, result) =>
      this.#opened(connection, result),
    );
    this.#acknowledgements = new Gather(routes.acknowledge, (connection) =>
      connection.cursorMoved(),
    );
    this.api = createServerApi(this);
    this.#sweep = clock.setInterval(() => this.#sweepConnections(), limits.sweepMs);
  }

  /** Takes over a client's stream. */
  accept(stream: Duplex): void {
    const connection = new ClientConnection(this, stream);
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

  /** Every connection whose login is under way. */
  *opening(): Iterable<ClientConnection> {
    for (const connection of this.#connections.values()) {
      if (connection.state === 'opening') yield connection;
    }
  }

  /** Every logged-in connection, in the order of their numbers. */
  *sessions(): Iterable<ClientConnection> {
    for (const connection of this.#connections.values()) if (connection.ready) yield connection;
  }

  /**
   * Tells everybody to go elsewhere and waits until all have gone and the routes know it, or a
   * bound is reached.
   */
  async stop(): Promise<void> {
    const empty = new Promise<void>((resolve) => {
      this.#stopped = resolve;
    });
    for (const connection of this.#connections.values()) connection.close('moving');
    if (this.#connections.size > 0) await empty;
    this.#sweep.cancel();
    this.#lobby.stop();
    await this.#closes.stop();
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
    const { userId, userName, device, connectionNumber, ephemeral } = login;
    const { instance } = this.#options;
    const address = this.#options.address();
    const entry = {
      userId,
      userName,
      device,
      connectionNumber,
      ephemeral,
      instance,
      address,
      sessionId: connection.sessionId,
    };
    // Interest first, then the session, whose answer names the lobby's head: so nothing said in
    // between is missed.
    this.#waitingLogins.set(connection, entry);
    void this.#lobby.registered().then(() => this.#openWaiting());
  }

  submit(entry: SubmitEntry, reference: MessageReference): void {
    this.#submissions.add(entry, reference);
  }

  read(connection: ClientConnection, request: ReadFrame): void {
    const { group, after, afterIdentity } = request;
    const limit = Math.min(request.limit || limits.pageMessagesMax, limits.pageMessagesMax);
    const entry = { userId: connection.userId, group, after, afterIdentity, limit };
    this.#reads.add(entry, (result) => connection.page(request, result));
  }

  acknowledge(connection: CursorOwner, seq: number): void {
    const { userId, device } = connection;
    this.#acknowledgements.add({ userId, device, seq, group: '' }, connection);
  }

  closed(connection: ClientConnection): void {
    this.#connections.delete(connection.sessionId);
    this.#waitingLogins.delete(connection);
    if (connection.connectionNumber > 0) this.#reportClose(connection, connection.connectionNumber);
    if (this.#connections.size === 0) this.#stopped?.();
  }

  failed(error: unknown): void {
    const { stack } = error as Error;
    this.#options.log.error({ error: describeError(error), stack }, 'a connection made us fail');
  }

  count(reason: CloseName | 'other'): void {
    this.closedByReason[reason] = (this.closedByReason[reason] ?? 0) + 1;
  }

  // ---- JavaReaderOwner --------------------------------------------------------------------------

  readTimeline(userId: number, after: number): Promise<ReadResult> {
    const { promise, resolve } = Promise.withResolvers<ReadResult>();
    const limit = limits.pageMessagesMax;
    this.#reads.add({ userId, group: '', after, afterIdentity: '', limit }, resolve);
    return promise;
  }

  retryDelay(): Promise<void> {
    return new Promise((resolve) => this.#options.clock.setTimeout(resolve, retryMs));
  }

  // -----------------------------------------------------------------------------------------------

  #openWaiting(): void {
    for (const [connection, entry] of this.#waitingLogins) this.#opens.add(entry, connection);
    this.#waitingLogins.clear();
  }

  #opened(connection: ClientConnection, result: OpenResult): void {
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
    }
  }

  #reportClose({ userId, device }: ClientConnection, connectionNumber: number): void {
    const entry: CloseEntry = { userId, device, connectionNumber, instance: this.instance };
    this.#closes.report(entry);
  }

  #sweepConnections(): void {
    const now = this.monotonic();
    for (const connection of this.#connections.values()) connection.sweep(now);
  }
}
