/**
 * The time from sending to showing, of messages between devices that were both connected and left
 * alone all the while.
 */
import { Latencies } from '../load/latencies.ts';

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
  readonly #latencies = new Latencies();
  readonly #departures = new Map<number, Departure>();

  sent(number: number, sender: Undisturbed): void {
    this.#departures.set(number, { sender, atMs: performance.now() });
  }

  shown(number: number, receiver: Undisturbed): void {
    const departure = this.#departures.get(number);
    if (!departure) return;
    const { sender, atMs } = departure;
    if (Math.max(sender.calmSinceMs, receiver.calmSinceMs) > atMs) return;
    this.#latencies.record(performance.now() - atMs);
  }

  summary(): LatencySummary {
    const { count, maxMs } = this.#latencies;
    const [p50Ms, p99Ms] = [this.#latencies.percentile(50), this.#latencies.percentile(99)];
    return { count, p50Ms, p99Ms, maxMs };
  }
}
