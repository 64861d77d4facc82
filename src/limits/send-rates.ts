/**
 * How many messages a user may send, and how many bytes of them, over a while: by all connections to
 * this process together. On the path of every message, so a message costs two subtractions: neither
 * a clock is read nor anything allocated before what was granted is used up.
 *
 * And how many conversations a user may begin: of each that a device begins the store remembers the
 * last number for days, in the receiver's timeline and in the sender's.
 */
import { limits } from '../base/limits.ts';
import { Allowance } from './allowance.ts';

export interface SendRatesOptions {
  readonly perSecond: number;
  readonly bytesPerSecond: number;
  readonly conversationsPerHour: number;
  /** Whole milliseconds that only grow. */
  readonly monotonic: () => number;
}

/** Messages that one request sends, and the bytes of their contents. */
export interface Sending {
  readonly count: number;
  readonly bytes: number;
}

export class SendRates {
  readonly #options: SendRatesOptions;
  readonly #byUser = new Map<number, SendRate>();
  #taken = 0;

  constructor(options: SendRatesOptions) {
    this.#options = options;
  }

  /** What the user may send; shared by whoever holds it. To be given back by `release`. */
  hold(userId: number): SendRate {
    let rate = this.#byUser.get(userId);
    if (!rate) {
      rate = new SendRate(userId, this.#options);
      this.#byUser.set(userId, rate);
    }
    rate.holders += 1;
    return rate;
  }

  /** It is remembered until it has filled up again: coming back does not fill it. */
  release(rate: SendRate): void {
    rate.holders -= 1;
  }

  /** Whether a user whom nobody holds may send so many more; more than a burst is one. */
  takeOnce(userId: number, { count, bytes }: Sending): boolean {
    const { perSecond, bytesPerSecond } = this.#options;
    this.#taken += 1;
    if (this.#taken % limits.sendsBetweenSweeps === 0) this.sweep();
    const rate = this.hold(userId);
    this.release(rate);
    return rate.take(
      Math.min(bytes, burstOfBytes(bytesPerSecond)),
      Math.min(count, burstOf(perSecond)),
    );
  }

  /**
   * Forgets those that nobody holds and that are full; called now and then. Of too many also those
   * that only began conversations: a crowd loosens that limit, and takes no memory.
   */
  sweep(): void {
    const now = this.#options.monotonic();
    for (const [userId, rate] of this.#byUser) {
      const isTooMuch = this.#byUser.size > limits.rateNamesMax;
      if (rate.holders === 0 && (isTooMuch ? rate.isRested(now) : rate.isFull(now)))
        this.#byUser.delete(userId);
    }
  }

  get size(): number {
    return this.#byUser.size;
  }
}

export class SendRate {
  readonly userId: number;
  holders = 0;
  readonly #messages: Allowance;
  readonly #bytes: Allowance;
  readonly #conversations: Allowance;

  constructor(userId: number, options: SendRatesOptions) {
    const { perSecond, bytesPerSecond, conversationsPerHour, monotonic } = options;
    this.userId = userId;
    this.#messages = new Allowance(perSecond, burstOf(perSecond), monotonic);
    this.#bytes = new Allowance(bytesPerSecond, burstOfBytes(bytesPerSecond), monotonic);
    this.#conversations = new Allowance(
      conversationsPerHour / 3_600,
      conversationsPerHour,
      monotonic,
    );
  }

  /** Whether one more conversation may begin; if so, it is counted. */
  begin(): boolean {
    if (!this.#conversations.has(1)) return false;
    this.#conversations.left -= 1;
    return true;
  }

  /** Whether so many more may be sent now, of so many bytes together; if so, they are counted. */
  take(bytes: number, count = 1): boolean {
    if (!this.#messages.has(count) || !this.#bytes.has(bytes)) return false;
    this.#messages.left -= count;
    this.#bytes.left -= bytes;
    return true;
  }

  isFull(now: number): boolean {
    return this.isRested(now) && this.#conversations.isFull(now);
  }

  /** Full, but for the conversations. */
  isRested(now: number): boolean {
    return this.#messages.isFull(now) && this.#bytes.isFull(now);
  }
}

function burstOf(perSecond: number): number {
  return perSecond * limits.sendBurstSeconds;
}

/** However low the rate, the largest message passes now and then. */
function burstOfBytes(perSecond: number): number {
  return Math.max(burstOf(perSecond), limits.frameBytesMax);
}
