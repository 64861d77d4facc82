/**
 * The last pushes of this route, and what became of each: for who asks why a message has not come.
 * A ring of fixed size, so that it costs the same under any load; what is older was pushed away.
 */
import { limits } from '../../base/limits.ts';
import type { TimelineId } from '../../store/timelines.ts';

/**
 * `handed over`: the server has written it to its sessions, or will when they read. `no answer`: the
 * server was not reached, or did not answer in time. `not there`: it has none of these sessions (any
 * more), or no members of the group.
 */
export type PushOutcome = 'handed over' | 'no answer' | 'not there';

export interface PushAttempt {
  readonly timeline: TimelineId;
  /** The first of its messages, and how many. */
  readonly seq: number;
  readonly count: number;
  /** Of the server. */
  readonly instance: string;
  /** Of one user; 0: to all members of a group there. */
  readonly sessions: number;
  readonly outcome: PushOutcome;
  /** When it was answered, in ms since 1970. */
  readonly at: number;
}

export class PushRecord {
  readonly #ring: PushAttempt[] = [];
  readonly #now: () => number;
  #next = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  add(attempt: Omit<PushAttempt, 'at'>): void {
    this.#ring[this.#next] = { ...attempt, at: this.#now() };
    this.#next = (this.#next + 1) % limits.pushesRecordedMax;
  }

  /** Those of one message, oldest first. */
  of(timeline: TimelineId, seq: number): readonly PushAttempt[] {
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)].filter(
      (attempt) =>
        attempt.timeline === timeline && attempt.seq <= seq && seq < attempt.seq + attempt.count,
    );
  }
}
