/**
 * The time from sending to showing, of messages between devices that were both connected and left
 * alone all the while.
 */
import { createHistogram } from 'node:perf_hooks';

/** Something that may be disturbed. */
export interface Undisturbed {
  /** Since when it is connected and left alone (`performance.now()`); Infinity: it is not. */
  readonly calmSinceMs: number;
}

export interface LatencySummary {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

interface Departure {
  readonly sender: Undisturbed;
  readonly atMs: number;
}

export class Latency {
  /** In microseconds: a histogram holds whole numbers. */
  readonly #histogram = createHistogram({ lowest: 1, highest: 3_600_000_000, figures: 3 });
  readonly #departures = new Map<number, Departure>();

  sent(number: number, sender: Undisturbed): void {
    this.#departures.set(number, { sender, atMs: performance.now() });
  }

  shown(number: number, receiver: Undisturbed): void {
    const departure = this.#departures.get(number);
    if (!departure) return;
    const { sender, atMs } = departure;
    if (Math.max(sender.calmSinceMs, receiver.calmSinceMs) > atMs) return;
    this.#histogram.record(Math.max(1, Math.round(1_000 * (performance.now() - atMs))));
  }

  summary(): LatencySummary {
    const { count, max } = this.#histogram;
    const at = (percentile: number) => this.#histogram.percentile(percentile) / 1_000;
    return { count, p50Ms: at(50), p99Ms: at(99), maxMs: count === 0 ? 0 : max / 1_000 };
  }
}
