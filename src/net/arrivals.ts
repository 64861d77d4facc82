/**
 * Sockets from their arrival to their first byte. Whoever connects and says nothing is kept here,
 * where it costs little, and nobody hears of it: probes come and go, and a crowd of silent
 * connections makes room for those who have something to say. A proxy's word on whom it speaks for
 * is read here, as nothing else understands it.
 */
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import type { Counter } from '../base/process/counters.ts';
import { ProtocolError } from '../codec/protocol-error.ts';
import { readProxyHeader } from './proxy-header.ts';
import { closeFollows } from './stream-owner.ts';

/** What is known of whoever has something to say. */
export interface Arrival {
  /** Of the client, as far as anybody can tell. */
  readonly address: string;
  /** There are more connections than there may be: it is to be told so. */
  readonly isOver: boolean;
}

/**
 * The first bytes can be read from the socket, which is the listener's from now on, with its errors.
 */
export type OnArrival = (socket: Socket, arrival: Arrival) => void;

export interface ArrivalsOptions {
  readonly clock: Clock;
  /** Whether what speaks from this address may say whom it speaks for. */
  readonly isTrustedProxy: (address: string) => boolean;
  readonly counters: ArrivalCounters;
}

export interface ArrivalCounters {
  /** Ended, as they had said nothing for too long. */
  readonly silent: Counter;
  /** Ended at once, as those who are told that there is no room are too many, too. */
  readonly refused: Counter;
  /** Ended, as they began like a proxy and went on like none. */
  readonly malformed: Counter;
}

export class Arrivals {
  readonly #options: ArrivalsOptions;
  /** In the order of their arrival. */
  readonly #waiting = new Map<Socket, Greeting>();
  /** One for all sockets: a closure for each would stay as long as the socket. */
  readonly #onReadable: (this: Socket) => void;
  readonly #sweep: Timer;

  constructor(options: ArrivalsOptions) {
    this.#options = options;
    const read = (socket: Socket) => this.#read(socket);
    this.#onReadable = function () {
      read(this);
    };
    this.#sweep = options.clock.setInterval(() => this.#endSilent(), limits.sweepMs);
  }

  /** `remove` is to be called when it has closed. */
  add(socket: Socket, isOver: boolean, onArrival: OnArrival): void {
    const { clock, isTrustedProxy } = this.#options;
    const since = clock.monotonic();
    this.#waiting.set(socket, new Greeting({ socket, isOver, onArrival, since, isTrustedProxy }));
    socket.on('error', closeFollows);
    socket.on('readable', this.#onReadable);
  }

  remove(socket: Socket): void {
    this.#waiting.delete(socket);
  }

  /**
   * Ends the one that has been silent for longest, if that is long enough: what a crowd sent at once
   * is read a little later. Undefined if there was none.
   */
  makeRoom(): Socket | undefined {
    const [first] = this.#waiting;
    if (!first) return undefined;
    const [socket, greeting] = first;
    if (this.#options.clock.monotonic() - greeting.since < limits.silenceBeforeEvictionMs)
      return undefined;
    this.#end(socket);
    return socket;
  }

  stop(): void {
    this.#sweep.cancel();
    for (const socket of this.#waiting.keys()) socket.destroy();
  }

  #read(socket: Socket): void {
    const greeting = this.#waiting.get(socket);
    if (!greeting) return;
    const address = this.#addressFrom(greeting);
    if (address === undefined) return;
    this.#waiting.delete(socket);
    socket.off('readable', this.#onReadable);
    socket.off('error', closeFollows);
    greeting.putBack();
    greeting.onArrival(socket, { address, isOver: greeting.isOver });
  }

  #addressFrom(greeting: Greeting): string | undefined {
    try {
      return greeting.read();
    } catch (error) {
      ProtocolError.assert(error);
      this.#options.counters.malformed.value += 1;
      greeting.socket.destroy();
      return undefined;
    }
  }

  #endSilent(): void {
    const now = this.#options.clock.monotonic();
    for (const [socket, greeting] of this.#waiting) {
      if (now - greeting.since <= limits.loginMsMax) return;
      this.#end(socket);
    }
  }

  #end(socket: Socket): void {
    this.#waiting.delete(socket);
    this.#options.counters.silent.value += 1;
    socket.destroy();
  }
}

interface GreetingOptions extends Pick<ArrivalsOptions, 'isTrustedProxy'> {
  readonly socket: Socket;
  readonly isOver: boolean;
  readonly onArrival: OnArrival;
  /** When the socket came. */
  readonly since: number;
}

/** The first bytes of a socket: a proxy's, then its client's. */
class Greeting {
  readonly socket: Socket;
  readonly isOver: boolean;
  readonly onArrival: OnArrival;
  readonly since: number;
  readonly #peer: string;
  readonly #isProxy: boolean;
  #bytes: Buffer = Buffer.alloc(0);
  #address: string | undefined;

  constructor({ socket, isOver, onArrival, since, isTrustedProxy }: GreetingOptions) {
    this.socket = socket;
    this.isOver = isOver;
    this.onArrival = onArrival;
    this.since = since;
    this.#peer = socket.remoteAddress ?? '';
    this.#isProxy = isTrustedProxy(this.#peer);
    if (!this.#isProxy) this.#address = this.#peer;
  }

  /** The client's address, once it has said something. Throws ProtocolError. */
  read(): string | undefined {
    const chunk: Buffer | null = this.socket.read();
    // At the end of the stream there is nothing to read, and nobody to hear.
    if (chunk === null) return undefined;
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    this.#address ??= this.#readHeader();
    return this.#bytes.length > 0 ? this.#address : undefined;
  }

  putBack(): void {
    this.socket.unshift(this.#bytes);
  }

  #readHeader(): string | undefined {
    const header = readProxyHeader(this.#bytes);
    if (header === 'incomplete') return undefined;
    if (header === 'absent') return this.#peer;
    this.#bytes = this.#bytes.subarray(header.bytes);
    // A proxy that speaks for nobody, as in its own checks, speaks for itself.
    return header.address || this.#peer;
  }
}
