/** What has been counted: by a worker since it was last asked, and by all of them in all. */
import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from 'hdr-histogram-js';

export interface Counts {
  /** Begun: messages sent, calls made, logins. */
  begun: number;
  /** Stored, by the word of the system; calls answered. */
  done: number;
  /** Messages shown, logins completed. */
  shown: number;
  /** Transient messages that have not come. */
  lost: number;
  /** Connections that have ended, and not by their client. */
  ended: number;
  /** Times that a client was told to read what was not pushed to it: it was too slow. */
  behind: number;
}

/** As it crosses between processes. */
export interface TallyMessage {
  readonly counts: Counts;
  /** By what they were refused with, or why connections have ended. */
  readonly problems: Readonly<Record<string, number>>;
  readonly latencies: string;
  /** Of the worker, while it counted this. */
  readonly cpuSeconds: number;
}

/** Microseconds; ten minutes are for ever. */
const latencyUsMax = 600_000_000;

export class Tally {
  readonly counts: Counts = { begun: 0, done: 0, shown: 0, lost: 0, ended: 0, behind: 0 };
  readonly problems: Record<string, number> = {};
  readonly #latencies = newHistogram();

  recordLatency(ms: number): void {
    this.#latencies.recordValue(Math.min(latencyUsMax, Math.max(1, Math.round(ms * 1_000))));
  }

  problem(what: string, count = 1): void {
    this.problems[what] = (this.problems[what] ?? 0) + count;
  }

  get problemCount(): number {
    return Object.values(this.problems).reduce((sum, count) => sum + count, 0);
  }

  /** In ms; 0 if there is none. */
  percentile(percent: number): number {
    return this.#latencies.totalCount === 0
      ? 0
      : this.#latencies.getValueAtPercentile(percent) / 1_000;
  }

  get maxMs(): number {
    return this.#latencies.totalCount === 0 ? 0 : this.#latencies.maxValue / 1_000;
  }

  add({ counts, problems, latencies }: Omit<TallyMessage, 'cpuSeconds'>): void {
    for (const name of Object.keys(counts) as (keyof Counts)[]) this.counts[name] += counts[name];
    for (const [what, count] of Object.entries(problems)) this.problem(what, count);
    if (latencies !== '') this.#latencies.add(decodeFromCompressedBase64(latencies));
  }

  toMessage(cpuSeconds: number): TallyMessage {
    const isEmpty = this.#latencies.totalCount === 0;
    const latencies = isEmpty ? '' : encodeIntoCompressedBase64(this.#latencies);
    return { counts: this.counts, problems: this.problems, latencies, cpuSeconds };
  }
}

function newHistogram(): Histogram {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: latencyUsMax,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: false,
  });
}
