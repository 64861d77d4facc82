/**
 * Tells the routes which sessions have ended, until one took it. A report that comes late does no
 * harm: it names the connection number. If none can be told for long, the oldest reports are given
 * up: the next push to such a session corrects the record.
 */
import type { CloseEntry, DoneResult, RouteApi } from '../../api/route-api.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import { limits } from '../../base/limits.ts';
import type { Service } from '../../base/process/lifecycle.ts';
import { BoundedGather } from '../../link/bounded-gather.ts';

const retryMs = 500;
const refusedMax = 100_000;

export class CloseReporter implements Service {
  readonly #clock: Clock;
  readonly #reports: BoundedGather<CloseEntry, DoneResult, CloseEntry>;
  /** No route took them; to be told again. */
  #refused: CloseEntry[] = [];
  #retry: Timer | undefined;
  #onIdle: (() => void) | undefined;

  constructor(routes: Pick<RouteApi, 'close'>, clock: Clock) {
    this.#clock = clock;
    this.#reports = new BoundedGather(routes.close, limits.callsUnderWayMax, (entry, { code }) =>
      this.#answered(entry, code),
    );
  }

  report(entry: CloseEntry): void {
    this.#reports.add(entry, entry);
  }

  /** Waits, within a bound, until everything reported was taken. */
  async stop(): Promise<void> {
    if (!this.#isIdle()) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
        this.#clock.setTimeout(resolve, limits.stopReportMsMax);
      });
    }
    this.#retry?.cancel();
  }

  #isIdle(): boolean {
    return this.#reports.size === 0 && this.#refused.length === 0;
  }

  #answered(entry: CloseEntry, code: number): void {
    if (code !== 0) {
      this.#refused.push(entry);
      if (this.#refused.length > refusedMax) this.#refused.shift();
      this.#retry ??= this.#clock.setTimeout(() => this.#repeat(), retryMs);
    }
    if (this.#isIdle()) this.#onIdle?.();
  }

  #repeat(): void {
    this.#retry = undefined;
    for (const entry of this.#refused.splice(0)) this.report(entry);
  }
}
