/**
 * How much a Java client may be given at a time. Its SDK hands each frame to a pool of threads, and
 * drops what does not fit the pool's queue, without a word to the server: the terminal of the Java
 * system has one thread and room for ten frames (docs/reference/java-clients.md). So a few frames are
 * sent at once, and then none until it has had the time to show what was in them. With several
 * threads that is also what keeps texts of one sender in order.
 */
import type { Clock } from '../../../base/clock.ts';
import { limits } from '../../../base/limits.ts';

export class JavaPace {
  readonly #clock: Clock;
  /** Since it was last idle. */
  #frames = 0;
  #idleAt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get hasRoom(): boolean {
    return this.#frames < limits.javaFramesAheadMax || this.#clock.monotonic() >= this.#idleAt;
  }

  /** It was given a frame of so many texts. */
  gave(texts: number): void {
    const now = this.#clock.monotonic();
    if (now >= this.#idleAt) {
      this.#frames = 0;
      this.#idleAt = now;
    }
    this.#frames += 1;
    this.#idleAt += texts * limits.javaTextMs;
  }

  /** It has shown all that it was given, as far as one can tell. */
  async idle(): Promise<void> {
    for (;;) {
      const waitMs = this.#idleAt - this.#clock.monotonic();
      if (waitMs <= 0) return;
      await new Promise<void>((resolve) => this.#clock.setTimeout(resolve, Math.ceil(waitMs)));
    }
  }
}
