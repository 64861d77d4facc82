/** One timer for whatever is due first. */
import type { Clock, Timer } from '../../../base/clock.ts';

export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #timer: Timer | undefined;
  #at = Infinity;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings at this time (monotonic ms) and at no other; Infinity: not at all. */
  set(at: number): void {
    if (at === this.#at) return;
    this.cancel();
    if (at === Infinity) return;
    this.#at = at;
    this.#timer = this.#clock.setTimeout(
      () => {
        this.#at = Infinity;
        this.#ring();
      },
      Math.max(0, at - this.#clock.monotonic()),
    );
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#at = Infinity;
  }
}
