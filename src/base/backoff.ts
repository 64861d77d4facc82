/**
 * Exponential backoff with full jitter: the n-th wait is uniform in [half, whole] of min(cap,
 * base·2ⁿ), so that a crowd that lost the same server does not come back as a crowd.
 */
export interface BackoffOptions {
  readonly baseMs: number;
  readonly capMs: number;
  readonly random?: () => number;
}

export class Backoff {
  readonly #baseMs: number;
  readonly #capMs: number;
  readonly #random: () => number;
  #attempts = 0;

  constructor({ baseMs, capMs, random = Math.random }: BackoffOptions) {
    this.#baseMs = baseMs;
    this.#capMs = capMs;
    this.#random = random;
  }

  /** How long to wait before the next attempt, in milliseconds. */
  next(): number {
    const whole = Math.min(this.#capMs, this.#baseMs * 2 ** Math.min(this.#attempts, 30));
    this.#attempts += 1;
    return whole / 2 + (whole / 2) * this.#random();
  }

  /** After a success: the next failure starts small again. */
  reset(): void {
    this.#attempts = 0;
  }
}
