/** What somebody may take over time: a rate and a burst, counted without reading a clock each time. */

/** What is granted over time, up to a burst. */
export class Allowance {
  /** Whole, as is the time: V8 keeps a small integer in place, and allocates for a fraction. */
  left: number;
  readonly #perSecond: number;
  readonly #most: number;
  readonly #monotonic: () => number;
  #grantedAt: number;
  /** Thousandths that were earned by then, and are less than one. */
  #rest = 0;

  constructor(perSecond: number, most: number, monotonic: () => number) {
    this.#perSecond = perSecond;
    this.#most = most;
    this.#monotonic = monotonic;
    this.left = most;
    this.#grantedAt = monotonic();
  }

  has(count: number): boolean {
    if (this.left < count) this.#grant();
    return this.left >= count;
  }

  isFull(now: number): boolean {
    return this.left + Math.floor(this.#earned(now) / 1_000) >= this.#most;
  }

  #grant(): void {
    const now = this.#monotonic();
    const earned = this.#earned(now);
    this.#grantedAt = now;
    this.#rest = earned % 1_000;
    this.left = Math.min(this.#most, this.left + Math.floor(earned / 1_000));
  }

  /** In thousandths. */
  #earned(now: number): number {
    return (now - this.#grantedAt) * this.#perSecond + this.#rest;
  }
}
