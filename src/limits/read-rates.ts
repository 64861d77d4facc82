/**
 * How many bytes a user may read over a while, by all connections to this process together. What a
 * read costs is known when it was answered: so it is counted then, and whoever has read more than was
 * granted waits, or is told to, until that is earned. Until it is answered a part is set aside: else
 * a thousand connections of one user would ask for all of it a thousand times.
 */
import { limits } from '../base/limits.ts';

export interface ReadRatesOptions {
  readonly bytesPerSecond: number;
  /** Whole milliseconds that only grow. */
  readonly monotonic: () => number;
}

/** A user by id; of whom only the address is known, by that. */
export type ReadKey = number | string;

export class ReadRates {
  readonly #options: ReadRatesOptions;
  readonly #byReader = new Map<ReadKey, ReadRate>();
  #held = 0;

  constructor(options: ReadRatesOptions) {
    this.#options = options;
  }

  /** What the reader may read; shared by whoever holds it. To be given back by `release`. */
  hold(reader: ReadKey): ReadRate {
    this.#held += 1;
    if (this.#held % limits.sendsBetweenSweeps === 0) this.sweep();
    let rate = this.#byReader.get(reader);
    if (!rate) {
      rate = new ReadRate(this.#options);
      this.#byReader.set(reader, rate);
    }
    rate.holders += 1;
    return rate;
  }

  /** It is remembered until nothing is owed: coming back does not help. */
  release(rate: ReadRate): void {
    rate.holders -= 1;
  }

  /** Forgets those that nobody holds and that have read little of late; called now and then. */
  sweep(): void {
    for (const [reader, rate] of this.#byReader)
      if (rate.holders === 0 && rate.isFull) this.#byReader.delete(reader);
  }

  get size(): number {
    return this.#byReader.size;
  }
}

export class ReadRate {
  holders = 0;
  readonly #options: ReadRatesOptions;
  readonly #most: number;
  /** Less than nothing: what was read before it was earned. */
  #left: number;
  #grantedAt: number;

  constructor(options: ReadRatesOptions) {
    this.#options = options;
    this.#most = options.bytesPerSecond * limits.readBurstSeconds;
    this.#left = this.#most;
    this.#grantedAt = options.monotonic();
  }

  /** Something is asked for: a part is set aside for it, until `end`. */
  begin(): void {
    this.#grant();
    this.#left -= this.#most / limits.readsPerUserMax;
  }

  /** It has come. What nobody waited for is never ended, and counts as read. */
  end(): void {
    this.#left = Math.min(this.#most, this.#left + this.#most / limits.readsPerUserMax);
  }

  /** So many bytes were read. A small answer has its price, too: somebody looked for it. */
  spend(bytes: number): void {
    this.#grant();
    this.#left -= Math.max(bytes, limits.readBytesMin);
  }

  /** How long until something may be read again; 0 = now. */
  get waitMs(): number {
    this.#grant();
    if (this.#left > 0) return 0;
    return Math.ceil(((1 - this.#left) * 1_000) / this.#options.bytesPerSecond);
  }

  get isFull(): boolean {
    this.#grant();
    return this.#left === this.#most;
  }

  #grant(): void {
    const { monotonic, bytesPerSecond } = this.#options;
    const now = monotonic();
    const earned = ((now - this.#grantedAt) * bytesPerSecond) / 1_000;
    this.#grantedAt = now;
    this.#left = Math.min(this.#most, this.#left + earned);
  }
}
