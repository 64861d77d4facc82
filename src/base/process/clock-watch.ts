/**
 * Compares this machine's clock with the store's, which decides for all: tokens are made and judged
 * by the one, and messages are dated by it. A machine whose clock differs says so, and is not ready when it
 * differs by more than tokens allow for. A store whose own clock leaps is told of, too: it ages what
 * it holds by it.
 */
import type { Clock, Timer } from '../clock.ts';
import { CimError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Logger } from '../log.ts';
import type { Condition, Health } from './health.ts';

export interface ClockWatchOptions {
  /** Asks the store for its time, a server by way of a route: ms since 1970. */
  readonly storeNow: () => Promise<number>;
  readonly clock: Clock;
  readonly health: Health;
  readonly log: Pick<Logger, 'warn'>;
}

interface Look {
  readonly monotonic: number;
  readonly store: number;
}

const lookMs = 5_000;

export class ClockWatch {
  readonly #options: ClockWatchOptions;
  readonly #differs: Condition;
  readonly #isFarOff: Condition;
  #looking: Timer | undefined;
  #isLooking = false;
  #last: Look | undefined;

  constructor(options: ClockWatchOptions) {
    this.#options = options;
    const { health } = options;
    this.#differs = health.add('clock-differs');
    this.#isFarOff = health.add('clock-wrong');
  }

  /** Resolves when it has looked for the first time. */
  async start(): Promise<void> {
    this.#looking ??= this.#options.clock.setInterval(() => void this.#look(), lookMs);
    await this.#look();
  }

  stop(): void {
    this.#looking?.cancel();
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const { storeNow, clock } = this.#options;
    const askedAt = clock.monotonic();
    try {
      const store = await storeNow();
      const takenMs = clock.monotonic() - askedAt;
      this.#compare(clock.now() - store, takenMs);
      this.#noticeLeap({ monotonic: clock.monotonic(), store }, takenMs);
    } catch (error) {
      // While the store does not answer there is nothing to be known.
      if (!(error instanceof CimError)) throw error;
    } finally {
      this.#isLooking = false;
    }
  }

  /** The store said its time somewhen within `takenMs`. */
  #compare(aheadMs: number, takenMs: number): void {
    const differsMs = aheadMs < 0 ? -aheadMs : Math.max(0, aheadMs - takenMs);
    const side = aheadMs < 0 ? 'behind' : 'ahead of';
    const isFarOff = differsMs > limits.clockToleranceMs;
    this.#differs.set(
      differsMs > limits.clockDiffersMs && !isFarOff
        ? `it is ${side} it by more than two seconds`
        : null,
    );
    this.#isFarOff.set(isFarOff ? `it is ${side} the store's by more than tokens allow for` : null);
  }

  #noticeLeap(now: Look, takenMs: number): void {
    const last = this.#last;
    this.#last = now;
    if (!last) return;
    const leapMs = now.store - last.store - (now.monotonic - last.monotonic);
    if (Math.abs(leapMs) <= limits.clockDiffersMs + takenMs) return;
    this.#options.log.warn(
      { byMs: leapMs },
      'the clock of the store was set: what it keeps for a time is kept for shorter or longer',
    );
  }
}
