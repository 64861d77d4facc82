/** What has been counted: by a worker since it was last asked, and by all of them in all. */
import { Latencies } from '../load/latencies.ts';

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
  /** Messages to be sent again, as an earlier one was not stored yet: a route was late. */
  again: number;
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

export class Tally {
  readonly counts: Counts = { begun: 0, done: 0, shown: 0, lost: 0, ended: 0, behind: 0, again: 0 };
  readonly problems: Record<string, number> = {};
  readonly latencies = new Latencies();

  problem(what: string, count = 1): void {
    this.problems[what] = (this.problems[what] ?? 0) + count;
  }

  add({ counts, problems, latencies }: Omit<TallyMessage, 'cpuSeconds'>): void {
    for (const name of Object.keys(counts) as (keyof Counts)[]) this.counts[name] += counts[name];
    for (const [what, count] of Object.entries(problems)) this.problem(what, count);
    this.latencies.add(latencies);
  }

  toMessage(cpuSeconds: number): TallyMessage {
    const { counts, problems } = this;
    return { counts, problems, latencies: this.latencies.encode(), cpuSeconds };
  }
}
