/**
 * Runs something at once, and then at most once per period, the last time after the last request.
 */
export class Throttle {
  readonly #run: () => void;
  readonly #periodMs: number;
  #timer: NodeJS.Timeout | undefined;
  #isRequested = false;

  constructor(run: () => void, periodMs: number) {
    this.#run = run;
    this.#periodMs = periodMs;
  }

  request(): void {
    this.#isRequested = true;
    if (!this.#timer) this.#runIfRequested();
  }

  /** Drops a request that is waiting. */
  stop(): void {
    this.#isRequested = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #runIfRequested(): void {
    this.#timer = undefined;
    if (!this.#isRequested) return;
    this.#isRequested = false;
    this.#timer = setTimeout(() => this.#runIfRequested(), this.#periodMs);
    this.#run();
  }
}
