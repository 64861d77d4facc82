/** Notices, in a tab that people look at, that the leading tab is there and does not answer. */

export interface LeaderWatchOptions {
  /** Asks who leads: whoever does answers at once. */
  readonly ask: () => void;
  /** Nobody has answered for a second. */
  readonly onSilent: () => void;
}

const tickMs = 250;
const silentMs = 1_000;

export class LeaderWatch {
  readonly #options: LeaderWatchOptions;
  #timer: ReturnType<typeof setInterval> | undefined;
  #tickedAt = 0;
  /** When it was asked what is not answered yet. */
  #askedAt: number | undefined;
  /** Ticks until it is asked again. */
  #rest = 0;

  constructor(options: LeaderWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.stop();
    this.#tickedAt = performance.now();
    this.#timer = setInterval(() => this.#tick(), tickMs);
    this.#tick();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#askedAt = undefined;
    this.#rest = 0;
  }

  /** The leader has answered. */
  heard(): void {
    this.#askedAt = undefined;
  }

  #tick(): void {
    const now = performance.now();
    // This tab has stood still, or was not looked at: what it waits for may be there already.
    const isAwake = now - this.#tickedAt < silentMs && document.visibilityState === 'visible';
    this.#tickedAt = now;
    if (!isAwake) {
      this.#askedAt = undefined;
      this.#rest = 0;
    }
    if (document.visibilityState !== 'visible') return;
    if (this.#askedAt === undefined) {
      this.#rest -= 1;
      if (this.#rest > 0) return;
      this.#rest = 2;
      this.#askedAt = now;
      this.#options.ask();
    } else if (now - this.#askedAt >= silentMs) {
      this.#askedAt = undefined;
      this.#options.onSilent();
    }
  }
}
