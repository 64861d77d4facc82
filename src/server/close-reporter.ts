/**
 * Tells the routes which sessions have ended, until one took it. A report that comes late does no
 * harm: it names the connection number. If none can be told for long, the oldest reports are given
 * up: the next push to such a session corrects the record.
 */
import type { CloseEntry, RouteApi } from '../api/route-api.ts';
import type { Clock, Timer } from '../base/clock.ts';
import type { Service } from '../base/lifecycle.ts';

const retryMs = 500;
const waitingMax = 100_000;
const stopMsMax = 1_000;

export class CloseReporter implements Service {
  readonly #routes: RouteApi;
  readonly #clock: Clock;
  #waiting: CloseEntry[] = [];
  #unanswered = 0;
  #timer: Timer | undefined;
  #onIdle: (() => void) | undefined;

  constructor(routes: RouteApi, clock: Clock) {
    this.#routes = routes;
    this.#clock = clock;
  }

  report(entry: CloseEntry): void {
    this.#waiting.push(entry);
    if (this.#waiting.length > waitingMax) this.#waiting.shift();
    this.#timer ??= this.#clock.setTimeout(() => this.#send(), 0);
  }

  /** Waits, within a bound, until everything reported was taken. */
  async stop(): Promise<void> {
    if (this.#waiting.length > 0 || this.#unanswered > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
        this.#clock.setTimeout(resolve, stopMsMax);
      });
    }
    this.#timer?.cancel();
  }

  #send(): void {
    this.#timer = undefined;
    const entries = this.#waiting;
    this.#waiting = [];
    this.#unanswered += entries.length;
    this.#routes.close(entries, (index, { code }) => {
      this.#unanswered -= 1;
      if (code !== 0) {
        this.#waiting.push(entries[index] as CloseEntry);
        this.#timer ??= this.#clock.setTimeout(() => this.#send(), retryMs);
      }
      if (this.#unanswered === 0 && this.#waiting.length === 0) this.#onIdle?.();
    });
  }
}
