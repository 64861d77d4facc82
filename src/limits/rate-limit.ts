/**
 * How often something may be done in a while, by whom. For what is done now and then: each asking
 * is a promise, and each name costs some hundred bytes for that while. Names are bounded: beyond
 * that the one that was used least recently starts anew, so a crowd of names loosens a limit for
 * others, but never takes memory, and never shuts anybody out.
 */
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { limits } from '../base/limits.ts';
import { RecentlyUsed } from '../base/recently-used.ts';

const minuteSeconds = 60;

export class RateLimit {
  readonly #limiter: RateLimiterMemory;
  readonly #names: RecentlyUsed<string, true>;

  constructor(points: number, seconds = minuteSeconds) {
    this.#limiter = new RateLimiterMemory({ points, duration: seconds });
    this.#names = new RecentlyUsed(limits.rateNamesMax, {
      noDisposeOnSet: true,
      dispose: (_, name) => void this.#limiter.delete(name),
    });
  }

  /** Counts one. 0, or the ms after which it may be tried again: there were too many before it. */
  async take(name: string): Promise<number> {
    this.#names.set(name, true);
    try {
      await this.#limiter.consume(name);
      return 0;
    } catch (refusal) {
      // The library rejects with how it stands when a name has used up what it had.
      if (refusal instanceof RateLimiterRes) return Math.max(1, refusal.msBeforeNext);
      throw refusal;
    }
  }

  /** Takes back one that was taken. */
  async giveBack(name: string): Promise<void> {
    await this.#limiter.reward(name);
  }
}
