/**
 * Sockets from their first byte to an open WebSocket. Until then nobody else hears of them. They count
 * for their address, and have as long as a login may take: with TLS, its handshake is a part of that.
 */
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import { canonicalHost } from '../base/network/host-port.ts';
import type { Counter } from '../base/process/counters.ts';
import {
  endOfHead,
  readWebSocketRequest,
  refusalResponse,
  tooLong,
  WebSocketRefusal,
  type WebSocketRequest,
} from '../codec/web-socket-request.ts';
import type { Arrival } from './arrivals.ts';
import { closeFollows } from './stream-owner.ts';
import { WebSocketStream } from './web-socket-stream.ts';

export type OnWebSocket = (stream: WebSocketStream, arrival: Arrival, protocol: string) => void;

export interface WebSocketHandshakesOptions {
  readonly clock: Clock;
  /** Whether what speaks from this address may say whom it speaks for. */
  readonly isTrustedProxy: (address: string) => boolean;
  /** Counts connections by their address. */
  readonly crowd: {
    enter(address: string): 'in' | 'over' | 'far-over';
    leave(address: string): void;
  };
  /** Why the page of this request may not connect, if it may not. */
  readonly pageRefusal: (
    request: Pick<WebSocketRequest, 'host' | 'origin'>,
    isFromHere: boolean,
  ) => string | undefined;
  readonly counters: WebSocketCounters;
}

export interface WebSocketCounters {
  /** Ended at once, as there are far too many from one address. */
  readonly refused: Counter;
  /** Refused, or ended as they took too long. */
  readonly noWebSocket: Counter;
}

export class WebSocketHandshakes {
  readonly #options: WebSocketHandshakesOptions;
  /** In the order of their arrival. */
  readonly #waiting = new Map<Socket, Handshake>();
  /** One for all sockets: a closure for each would stay as long as the socket. */
  readonly #onReadable: (this: Socket) => void;
  readonly #onClose: (this: Socket) => void;
  readonly #sweep: Timer;

  constructor(options: WebSocketHandshakesOptions) {
    this.#options = options;
    const read = (socket: Socket) => this.#read(socket);
    this.#onReadable = function () {
      read(this);
    };
    const leave = (socket: Socket) => this.#leave(socket);
    this.#onClose = function () {
      leave(this);
    };
    this.#sweep = options.clock.setInterval(() => this.#endLate(), limits.sweepMs);
  }

  /** Takes a socket that has something to say; `protocols`: what may be spoken. */
  take(
    socket: Socket,
    arrival: Arrival,
    protocols: readonly string[],
    onWebSocket: OnWebSocket,
  ): void {
    const { clock, crowd, counters } = this.#options;
    const isCounted = !this.#options.isTrustedProxy(arrival.address);
    if (isCounted && crowd.enter(arrival.address) === 'far-over') {
      counters.refused.value += 1;
      socket.destroy();
      return;
    }
    const since = clock.monotonic();
    this.#waiting.set(socket, new Handshake({ arrival, isCounted, protocols, onWebSocket, since }));
    socket.on('error', closeFollows);
    socket.on('close', this.#onClose);
    socket.on('readable', this.#onReadable);
  }

  stop(): void {
    this.#sweep.cancel();
    for (const socket of this.#waiting.keys()) socket.destroy();
  }

  #read(socket: Socket): void {
    const handshake = this.#waiting.get(socket);
    if (!handshake) return;
    try {
      const request = handshake.read(socket);
      if (request) this.#open(socket, handshake, request);
    } catch (error) {
      if (!(error instanceof WebSocketRefusal)) throw error;
      this.#refuse(socket, error);
    }
  }

  #open(
    socket: Socket,
    { arrival, onWebSocket, rest }: Handshake,
    request: WebSocketRequest,
  ): void {
    const isFromHere = this.#isFromHere(socket, arrival.address, request);
    const refusal = this.#options.pageRefusal(request, isFromHere);
    if (refusal !== undefined) throw new WebSocketRefusal(403, refusal);
    this.#leave(socket);
    socket.off('error', closeFollows);
    socket.write(request.response);
    const address = this.#addressFrom(arrival.address, request);
    onWebSocket(new WebSocketStream(socket, rest), { ...arrival, address }, request.protocol);
  }

  /** Whoever connects to an address of this machine from that same one. Not who comes by a proxy. */
  #isFromHere(
    { remoteAddress, localAddress }: Socket,
    peer: string,
    { forwardedFor }: WebSocketRequest,
  ): boolean {
    if (remoteAddress === undefined || remoteAddress !== localAddress) return false;
    const isByProxy = forwardedFor.length > 0 || this.#options.isTrustedProxy(remoteAddress);
    return !isByProxy && canonicalHost(peer) === canonicalHost(remoteAddress);
  }

  /** A proxy's word on whom it speaks for: the last of whom no proxy of ours has told it. */
  #addressFrom(peer: string, { forwardedFor }: WebSocketRequest): string {
    const { isTrustedProxy } = this.#options;
    if (!isTrustedProxy(peer)) return peer;
    return forwardedFor.findLast((each) => !isTrustedProxy(each)) ?? forwardedFor[0] ?? peer;
  }

  #refuse(socket: Socket, refusal: WebSocketRefusal): void {
    this.#leave(socket);
    this.#options.counters.noWebSocket.value += 1;
    socket.end(refusalResponse(refusal));
    socket.destroySoon();
  }

  #endLate(): void {
    const now = this.#options.clock.monotonic();
    for (const [socket, { since }] of this.#waiting) {
      if (now - since <= limits.loginMsMax) return;
      this.#options.counters.noWebSocket.value += 1;
      socket.destroy();
    }
  }

  /** It has a WebSocket, or will have none. */
  #leave(socket: Socket): void {
    const handshake = this.#waiting.get(socket);
    if (!handshake) return;
    this.#waiting.delete(socket);
    socket.off('readable', this.#onReadable);
    socket.off('close', this.#onClose);
    if (handshake.isCounted) this.#options.crowd.leave(handshake.arrival.address);
  }
}

interface HandshakeOptions
  extends Pick<Handshake, 'arrival' | 'isCounted' | 'onWebSocket' | 'since'> {
  readonly protocols: readonly string[];
}

/** A socket whose request has not come as a whole. */
class Handshake {
  readonly arrival: Arrival;
  /** For its address. */
  readonly isCounted: boolean;
  readonly onWebSocket: OnWebSocket;
  /** When it began. */
  readonly since: number;
  /** What came behind the request. */
  rest: Buffer = Buffer.alloc(0);
  readonly #protocols: readonly string[];
  #head: Buffer = Buffer.alloc(0);

  constructor({ arrival, isCounted, protocols, onWebSocket, since }: HandshakeOptions) {
    this.#protocols = protocols;
    this.arrival = arrival;
    this.isCounted = isCounted;
    this.onWebSocket = onWebSocket;
    this.since = since;
  }

  /** Undefined until all of it is there. Throws WebSocketRefusal. */
  read(socket: Socket): WebSocketRequest | undefined {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return undefined;
    const before = this.#head.length;
    this.#head = before === 0 ? chunk : Buffer.concat([this.#head, chunk]);
    const end = endOfHead(this.#head, before);
    if (Math.max(end, before) > limits.webSocketRequestBytesMax) throw tooLong();
    if (end < 0) return undefined;
    this.rest = this.#head.subarray(end);
    return readWebSocketRequest(this.#head.subarray(0, end), this.#protocols);
  }
}
