/** Waiting that can be cut short: when a run ends, whatever is broken is healed at once. */
import { type Clock, systemClock, type Timer } from '../base/clock.ts';

export class Pauses {
  readonly #clock: Clock;
  readonly #pending = new Map<() => void, Timer>();
  #isOver = false;

  constructor(clock = systemClock) {
    this.#clock = clock;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Resolves after this time, or when all pauses are ended. */
  pause(ms: number): Promise<void> {
    if (this.#isOver) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#clock.setTimeout(() => {
        this.#pending.delete(resolve);
        resolve();
      }, ms);
      this.#pending.set(resolve, timer);
    });
  }

  /** From now on nobody waits. */
  endAll(): void {
    this.#isOver = true;
    for (const [resolve, timer] of this.#pending) {
      timer.cancel();
      resolve();
    }
    this.#pending.clear();
  }
}
