/** Repeats what a route could not do for now, until it works or the client is closed. */
import { Backoff } from '../../../base/backoff.ts';
import { CimError } from '../../../base/errors.ts';
import type { Platform } from '../platform.ts';

export class Patience {
  readonly #platform: Pick<Platform, 'clock' | 'random'>;
  /** End the waiting. */
  readonly #pauses = new Set<() => void>();
  #stopped = false;

  constructor(platform: Pick<Platform, 'clock' | 'random'>) {
    this.#platform = platform;
  }

  /** Rejects with what repeating does not help with; `unavailable` when it is stopped. */
  async untilAnswered<Result>(attempt: () => Promise<Result>): Promise<Result> {
    const { random } = this.#platform;
    const backoff = new Backoff({ baseMs: 200, capMs: 5_000, random: () => random.fraction() });
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof CimError) || !error.retryable) throw error;
      }
      await this.pause(backoff.next());
    }
  }

  /** Rejects with `unavailable` when it is stopped. */
  async pause(ms: number): Promise<void> {
    await this.#pause(ms);
    if (this.#stopped) throw new CimError('unavailable', 'the client is closed');
  }

  stop(): void {
    this.#stopped = true;
    for (const end of this.#pauses) end();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#stopped) return resolve();
      const end = () => {
        this.#pauses.delete(end);
        timer.cancel();
        resolve();
      };
      const timer = this.#platform.clock.setTimeout(end, ms);
      this.#pauses.add(end);
    });
  }
}
