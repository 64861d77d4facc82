/**
 * One TCP connection to one server: login, frames, heartbeat, and why it ended. It knows nothing of
 * what the frames say; a new connection is a new object.
 *
 *   opening ──WELCOME──▶ ready ──▶ ended
 *      └──────────────────────────▶
 */
import type { Timer } from '../../../base/clock.ts';
import { limits } from '../../../base/limits.ts';
import { type CloseAdvice, closeAdvice } from '../../../codec/close-codes.ts';
import { command } from '../../../codec/commands.ts';
import { FrameDecoder } from '../../../codec/frame-decoder.ts';
import { ProtocolError } from '../../../codec/protocol-error.ts';
import { decodeServerFrame, encodeRequest, type ServerFrame } from '../../../codec/sdk-frame.ts';
import { numberOfUnreadable } from '../../../codec/unreadable-frame.ts';
import type { ByteStream, Platform, ServerPort } from '../platform.ts';

export type RequestFields = Parameters<typeof encodeRequest>[0];

export interface ConnectionEnd {
  /** The server could not be reached, did not let us in, or did not answer: another one may. */
  readonly serverFailed: boolean;
  readonly advice: CloseAdvice;
  /** The close code that the server gave; 0 = none. */
  readonly closeCode: number;
  readonly reason: string;
}

export interface ConnectionOptions {
  readonly platform: Pick<Platform, 'transport' | 'clock'>;
  readonly server: ServerPort;
  readonly userId: number;
  /** The LOGIN frame. */
  readonly login: RequestFields;
  /** The login is done; frames follow. */
  readonly onWelcome: (welcome: ServerFrame) => void;
  readonly onFrame: (frame: ServerFrame) => void;
  /** A message with this number that cannot be read: as no reason to end, or it would end the next. */
  readonly onUnreadable: (seq: number) => void;
  /** Once, unless `close` was called before. */
  readonly onEnd: (end: ConnectionEnd) => void;
  /** Since when something that was sent is unanswered (monotonic ms); Infinity: nothing is. */
  readonly waitingSince: () => number;
}

/** The one timer of a connection: the precision of the times below. */
const sweepMs = 1_000;
/** Connect and log in; as long as a server gives a client for it. */
const loginMs = limits.loginMsMax;
/**
 * Nothing written, or nothing heard, for this long: PING (a server closes after 33 s of silence).
 */
const idleMs = 10_000;
/**
 * A PING, when nothing at all was heard since: the connection is dead. 15 s after the last sign of
 * life.
 */
const pongMs = 5_000;
/**
 * A message or a read, when everything else is answered: the answer was lost on the way to the
 * server's socket.
 */
const answerMs = 30_000;

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #stream: ByteStream;
  readonly #decoder = new FrameDecoder(limits.frameBytesMax);
  readonly #sweep: Timer;
  readonly #startedAt: number;
  #state: 'opening' | 'ready' | 'ended' = 'opening';
  #heardAt: number;
  #wroteAt: number;
  /** When the PING was written whose pong is due. */
  #pingedAt: number | undefined;

  constructor(options: ConnectionOptions) {
    const { platform, server, login } = options;
    this.#options = options;
    this.#startedAt = platform.clock.monotonic();
    this.#heardAt = this.#startedAt;
    this.#wroteAt = this.#startedAt;
    this.#sweep = platform.clock.setInterval(() => this.#check(), sweepMs);
    this.#stream = platform.transport.open(server, {
      opened: () => this.write(login),
      received: (bytes) => this.#received(bytes),
      ended: (reason) => this.#lost(reason),
    });
  }

  /** Nothing happens once the connection has ended. */
  write(fields: RequestFields): void {
    if (this.#state === 'ended') return;
    this.#wroteAt = this.#now();
    this.#stream.write(encodeRequest(fields));
  }

  /** It may be dead: a PING says so sooner than silence does. */
  probe(): void {
    if (this.#state === 'ready' && this.#pingedAt === undefined) this.#ping();
  }

  /** Bytes written that have not left yet. */
  get bufferedBytes(): number {
    return this.#stream.bufferedBytes;
  }

  /** Ends it from this side; resolves when what was written is sent, or will not be. */
  async close(): Promise<void> {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#sweep.cancel();
    await this.#stream.close();
  }

  #received(bytes: Uint8Array): void {
    this.#heardAt = this.#now();
    this.#pingedAt = undefined;
    try {
      this.#decoder.push(bytes, (frames, start, end) => {
        if (this.#state !== 'ended') this.#read(frames.subarray(start, end));
      });
    } catch (error) {
      ProtocolError.assert(error);
      this.#lost(`the server sent what makes no sense: ${error.message}`);
    }
  }

  #read(bytes: Uint8Array): void {
    let frame: ServerFrame;
    try {
      frame = decodeServerFrame(bytes);
    } catch (error) {
      const seq = this.#state === 'ready' ? numberOfUnreadable(bytes) : 0;
      if (seq === 0) throw error;
      this.#options.onUnreadable(seq);
      return;
    }
    this.#take(frame);
  }

  #take(frame: ServerFrame): void {
    if (frame.cmd === command.close) {
      const advice = closeAdvice(frame.code);
      const serverFailed = advice === 'elsewhere';
      this.#end({ serverFailed, advice, closeCode: frame.code, reason: frame.reason });
    } else if (this.#state === 'ready') {
      this.#options.onFrame(frame);
    } else if (frame.cmd === command.welcome) {
      this.#state = 'ready';
      this.#options.onWelcome(frame);
    }
  }

  #check(): void {
    const now = this.#now();
    if (this.#state === 'opening') {
      if (now - this.#startedAt >= loginMs) this.#lost('the server did not answer the login', true);
    } else if (this.#pingedAt !== undefined && now - this.#pingedAt >= pongMs) {
      this.#lost('the server does not answer', true);
    } else if (now - this.#options.waitingSince() >= answerMs) {
      this.#lost('the server answers pings only');
    } else if (
      this.#pingedAt === undefined &&
      now - Math.min(this.#heardAt, this.#wroteAt) >= idleMs
    ) {
      this.#ping();
    }
  }

  #ping(): void {
    this.#pingedAt = this.#now();
    this.write({ cmd: command.ping, requestId: this.#options.userId, reqMsg: 'ping' });
  }

  /** Without a word of the server. A connection that was ready may come back to the same one. */
  #lost(reason: string, serverFailed = this.#state === 'opening'): void {
    this.#end({ serverFailed, advice: 'come-back', closeCode: 0, reason });
  }

  #end(end: ConnectionEnd): void {
    if (this.#state === 'ended') return;
    void this.close();
    this.#options.onEnd(end);
  }

  #now(): number {
    return this.#options.platform.clock.monotonic();
  }
}
