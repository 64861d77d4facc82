/**
 * The last pushes of this route, and what became of each: for who asks why a message has not come.
 * A ring of fixed size, so that it costs the same under any load; what is older was pushed away.
 */
import { limits } from '../../base/limits.ts';
import type { FailedPush } from '../../base/process/failed-pushes.ts';
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

/** A push, with where its server is called. */
export type Push = Omit<PushAttempt, 'outcome' | 'at'> & { readonly server: string };

/** Which of the sessions that it was for its server had; of a group whether it had any. */
export type Reached = 'all' | 'some' | 'none' | 'unanswered';

const outcomes = {
  all: 'handed over',
  some: 'handed over',
  none: 'not there',
  unanswered: 'no answer',
} as const satisfies Record<Reached, PushOutcome>;

export class PushRecord {
  readonly #ring: PushAttempt[] = [];
  /** By themselves: the others would push them out. */
  readonly #failed: FailedPush[] = [];
  readonly #now: () => number;
  #next = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  add({ server, ...push }: Push, reached: Reached): void {
    const at = this.#now();
    if (push.count > 0) {
      this.#ring[this.#next] = { ...push, outcome: outcomes[reached], at };
      this.#next = (this.#next + 1) % limits.pushesRecordedMax;
    }
    if (reached === 'all') return;
    const why = reached === 'unanswered' ? 'no-answer' : 'not-there';
    if (this.#failed.length >= limits.failedPushesMax) this.#failed.shift();
    this.#failed.push({ at, to: receiverOf(push.timeline), server, why });
  }

  /** Those of one message, oldest first. */
  of(timeline: TimelineId, seq: number): readonly PushAttempt[] {
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)].filter(
      (attempt) =>
        attempt.timeline === timeline && attempt.seq <= seq && seq < attempt.seq + attempt.count,
    );
  }

  /** The newest of those that failed, oldest first. */
  failed(): readonly FailedPush[] {
    return this.#failed;
  }
}

function receiverOf(timeline: TimelineId): FailedPush['to'] {
  const name = timeline.slice(2);
  return timeline.startsWith('u:') ? { userId: Number(name) } : { group: name };
}
