/** Repeats what a route could not do for now, until it works or the client is closed. */
import { Backoff } from '../../../base/backoff.ts';
import type { Timer } from '../../../base/clock.ts';
import { CimError } from '../../../base/errors.ts';
import type { Platform } from '../platform.ts';

export class Patience {
  readonly #platform: Pick<Platform, 'clock' | 'random'>;
  readonly #timers = new Set<Timer>();
  #stopped = false;

  constructor(platform: Pick<Platform, 'clock' | 'random'>) {
    this.#platform = platform;
  }

  /**
   * Rejects with what repeating does not help with; after `stop` the promise may stay open for ever.
   */
  async untilAnswered<Result>(attempt: () => Promise<Result>): Promise<Result> {
    const { random } = this.#platform;
    const backoff = new Backoff({ baseMs: 200, capMs: 5_000, random: () => random.fraction() });
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof CimError) || !error.retryable) throw error;
      }
      await this.#pause(backoff.next());
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#stopped) return;
      const timer = this.#platform.clock.setTimeout(() => {
        this.#timers.delete(timer);
        resolve();
      }, ms);
      this.#timers.add(timer);
    });
  }
}
