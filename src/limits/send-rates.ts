/**
 * How many messages a user may send, over a while: by all connections to this process together. On
 * the path of every message, so a message costs one subtraction: neither a clock is read nor
 * anything allocated before what was granted is used up.
 */
import { limits } from '../base/limits.ts';

export interface SendRatesOptions {
  readonly perSecond: number;
  /** Whole milliseconds that only grow. */
  readonly monotonic: () => number;
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
  takeOnce(userId: number, count: number): boolean {
    this.#taken += 1;
    if (this.#taken % limits.sendsBetweenSweeps === 0) this.sweep();
    const rate = this.hold(userId);
    this.release(rate);
    return rate.take(Math.min(count, this.#options.perSecond * limits.sendBurstSeconds));
  }

  /** Forgets those that nobody holds and that are full; called now and then. */
  sweep(): void {
    const now = this.#options.monotonic();
    for (const [userId, rate] of this.#byUser)
      if (rate.holders === 0 && rate.isFull(now)) this.#byUser.delete(userId);
  }

  get size(): number {
    return this.#byUser.size;
  }
}

export class SendRate {
  readonly userId: number;
  holders = 0;
  readonly #options: SendRatesOptions;
  readonly #most: number;
  /** Whole, as is the time: V8 keeps a small integer in place, and allocates for a fraction. */
  #left: number;
  #grantedAt: number;
  /** Thousandths of a message that were earned by then, and are less than one. */
  #rest = 0;

  constructor(userId: number, options: SendRatesOptions) {
    this.userId = userId;
    this.#options = options;
    this.#most = options.perSecond * limits.sendBurstSeconds;
    this.#left = this.#most;
    this.#grantedAt = options.monotonic();
  }

  /** Whether so many more may be sent now; if so, they are counted. */
  take(count = 1): boolean {
    if (this.#left < count) this.#grant();
    if (this.#left < count) return false;
    this.#left -= count;
    return true;
  }

  isFull(now: number): boolean {
    return this.#left + Math.floor(this.#earned(now) / 1_000) >= this.#most;
  }

  #grant(): void {
    const now = this.#options.monotonic();
    const earned = this.#earned(now);
    this.#grantedAt = now;
    this.#rest = earned % 1_000;
    this.#left = Math.min(this.#most, this.#left + Math.floor(earned / 1_000));
  }

  /** In thousandths of a message. */
  #earned(now: number): number {
    return (now - this.#grantedAt) * this.#options.perSecond + this.#rest;
  }
}
