/**
 * The connections of an HTTP server: never more than there may be, and which of them go when others
 * come. First those over which nothing was ever asked, then those whose requests do not end, then
 * those that do not read their answers, then those that are kept and idle, and last those whose bodies
 * are taken as they come: of each, the one that has been so for longest. Never one that is being worked
 * for otherwise. A part of the places is kept for those
 * who have just come, so whatever crowd is there, a link between roles or an operator gets to say
 * who it is, and then gets in.
 */
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import type { Clock } from '../base/clock.ts';
import { CimError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { PortLimits } from '../limits/port-limits.ts';
import type { ProcessBudget } from '../limits/process-budget.ts';
import { Turns } from '../limits/turns.ts';
import { errorEnvelope } from './envelope.ts';
import { PortConnection } from './port-connection.ts';

export interface ServerSocketsOptions {
  readonly clock: Clock;
  readonly limits: PortLimits | undefined;
  readonly budget: ProcessBudget | undefined;
  /** Whether a request is let in to be looked at, however many others are there. */
  readonly mayBeOfOperator: (request: IncomingMessage) => boolean;
}

export class ServerSockets {
  readonly #options: ServerSocketsOptions;
  /** By peer: with TLS, the socket of a request is another object than the one it runs over. */
  readonly #all = new Map<string, PortConnection>();
  /** Those that never asked anything, that were asked something, and that are idle after it. */
  readonly #silent = new Set<PortConnection>();
  readonly #busy = new Set<PortConnection>();
  readonly #idle = new Set<PortConnection>();
  /** What is parsed and begun of all of them in one turn of the event loop. */
  readonly #turns = new Turns({
    workMax: limits.httpTurnWorkMax,
    shareMin: 0,
    waitedShareMin: 0,
  });
  #serve: RequestListener = () => {};

  constructor(options: ServerSocketsOptions) {
    this.#options = options;
  }

  /** Hands the requests of a server to `serve`. */
  attach<S extends Server>(server: S, serve: RequestListener): S {
    this.#serve = serve;
    server.on('connection', (socket) => this.#add(socket));
    // With TLS Node.js reads requests from another socket than the one that was accepted.
    const isRead = server instanceof TlsServer ? 'secureConnection' : 'connection';
    server.on(isRead, (socket: Socket) => this.#of(socket)?.readFrom(socket));
    // One more than may be: it is seen to be too many, and the others are made into nothing.
    server.maxHeadersCount = limits.httpHeadersMax + 1;
    const requested: RequestListener = (request, response) => this.#requested(request, response);
    server.on('request', requested);
    // Without a listener Node.js answers these by itself, uncounted.
    server.on('checkExpectation', requested);
    server.on('upgrade', (request) => {
      const connection = this.#of(request.socket);
      // It has no place among the others any more: a link, or refused.
      if (connection) this.#forget(connection);
      connection?.release();
      // Where nobody takes links, Node.js would have ended it if we did not listen.
      if (server.listenerCount('upgrade') === 1) request.socket.destroy();
    });
    const { clock, budget } = this.#options;
    server.on('listening', () => {
      const sweep = clock.setInterval(() => this.#endSlow(), limits.sweepMs);
      const unwatch = budget?.watch(() => this.#busy);
      server.on('close', () => {
        sweep.cancel();
        unwatch?.();
      });
    });
    return server;
  }

  /** The body of this request is taken as it comes (PortConnection.stream). */
  stream(request: IncomingMessage): void {
    this.#of(request.socket)?.stream(request);
  }

  /** Answers what is no HTTP, and ends its connection. */
  refuse(error: Error, socket: Socket): void {
    const connection = this.#of(socket);
    if (connection) connection.refuse(error, socket);
    else socket.destroy();
  }

  /** Whether a request came over a connection that has no place but for an operator's. */
  isForOperators(request: IncomingMessage): boolean {
    return this.#of(request.socket)?.isForOperators === true;
  }

  /** Those over which no request ever came, upgrades included: nobody waits for an answer there. */
  destroySilent(): void {
    for (const connection of this.#all.values())
      if (connection.isEnded || this.#silent.has(connection)) connection.socket.destroy();
  }

  destroyAll(): void {
    for (const { socket } of this.#all.values()) socket.destroy();
  }

  #add(socket: Socket): void {
    const { clock } = this.#options;
    const connection = new PortConnection(socket, {
      serve: this.#serve,
      turns: this.#turns,
      clock,
    });
    if (!this.#hasRoom(connection.address)) {
      socket.destroy();
      return;
    }
    const peer = peerOf(socket);
    this.#all.set(peer, connection);
    this.#silent.add(connection);
    socket.on('close', () => {
      this.#options.limits?.leave(connection.address);
      this.#forget(connection);
      if (this.#all.get(peer) === connection) this.#all.delete(peer);
    });
  }

  #hasRoom(address: string): boolean {
    const { limits: port } = this.#options;
    if (!port) return true;
    const count = this.#silent.size + this.#busy.size + this.#idle.size;
    if (count >= port.connectionsMax && !this.#makeRoom(port)) return false;
    if (port.enter(address)) return true;
    port.ended.value += 1;
    return false;
  }

  /** Ends one for another one's sake. */
  #makeRoom(port: PortLimits, except?: PortConnection): boolean {
    port.ended.value += 1;
    const evicted = this.#firstEvictable(except);
    if (!evicted) return false;
    this.#forget(evicted);
    evicted.drop();
    return true;
  }

  #firstEvictable(except?: PortConnection): PortConnection | undefined {
    const [silent] = this.#silent;
    // Who makes room for one that has spoken has spoken itself: the others are few.
    if (silent && !except) return silent;
    let unread: PortConnection | undefined;
    let streaming: PortConnection | undefined;
    for (const connection of this.#busy) {
      if (connection === except) continue;
      if (connection.isStreaming) streaming ??= connection;
      else if (connection.isSending) return connection;
      else if (connection.isUnread) unread ??= connection;
    }
    const [idle] = this.#idle;
    return unread ?? idle ?? streaming;
  }

  #requested(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#of(request.socket);
    if (!connection || connection.isEnded) return;
    const isFirst = this.#silent.delete(connection);
    this.#idle.delete(connection);
    this.#busy.add(connection);
    if (isFirst && !this.#mayStay(connection, request)) {
      this.#forget(connection);
      return refuse(response, 503, new CimError('busy', 'too many connections'));
    }
    if (request.rawHeaders.length > 2 * limits.httpHeadersMax) {
      // Behind others it would wait for their answers, and nobody would look after those any more.
      if (connection.isWorkedFor) return connection.drop();
      this.#forget(connection);
      const reason = `a request may have ${limits.httpHeadersMax} header fields at most`;
      return refuse(response, 431, new CimError('too-large', reason));
    }
    this.#options.budget?.spend(weightOf(request));
    if (connection.isEnded) return;
    connection.take(request, response, () => this.#rest(connection));
  }

  /** Of one that has just said what it wants: the last places are for those who have not yet. */
  #mayStay(connection: PortConnection, request: IncomingMessage): boolean {
    const { limits: port, mayBeOfOperator } = this.#options;
    if (!port) return true;
    const kept = Math.min(limits.connectionsOverMax, Math.floor(port.connectionsMax / 8));
    if (this.#busy.size + this.#idle.size <= port.connectionsMax - kept) return true;
    if (this.#makeRoom(port, connection)) return true;
    connection.isForOperators = mayBeOfOperator(request);
    return connection.isForOperators;
  }

  #rest(connection: PortConnection): void {
    if (this.#busy.delete(connection)) this.#idle.add(connection);
  }

  #forget(connection: PortConnection): void {
    connection.end();
    this.#silent.delete(connection);
    this.#busy.delete(connection);
    this.#idle.delete(connection);
  }

  #endSlow(): void {
    const now = this.#options.clock.monotonic();
    this.#options.budget?.review();
    for (const connection of this.#all.values()) {
      if (connection.isEnded || connection.isSendingInTime(now)) continue;
      this.#forget(connection);
      connection.endLate();
    }
    for (const connection of this.#busy) {
      if (connection.isTaking(now)) continue;
      if (this.#options.limits) this.#options.limits.unread.value += 1;
      connection.drop();
    }
  }

  #of(socket: Socket): PortConnection | undefined {
    return this.#all.get(peerOf(socket));
  }
}

/** What a request may come to; what it does is looked at (PortConnection). */
function weightOf({ headers }: IncomingMessage): number {
  const declared = Number(headers['content-length'] ?? 0);
  const isChunked = headers['transfer-encoding'] !== undefined;
  const body = isChunked ? limits.httpBodyBytesMax : Math.min(declared, limits.httpBodyBytesMax);
  return limits.httpRequestOverheadBytes + body;
}

/** One connection at a time has it: a peer may come from the same port to each address of ours. */
function peerOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

function refuse(response: ServerResponse, status: number, error: CimError): void {
  const body = JSON.stringify(errorEnvelope(error));
  response.writeHead(status, {
    connection: 'close',
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}
