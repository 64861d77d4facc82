/**
 * A clock whose intervals go on while the machine sleeps. In some browsers `performance.now()` stands
 * still then; `Date.now()` does not, but jumps when it is set. What the date is ahead by counts as
 * sleep; where it goes back, the other one goes on.
 */
import { type Clock, systemClock } from '../../../base/clock.ts';

/** Less is what two clocks differ by that tick at their own pace. */
const sleepMsMin = 2_000;

export interface Moment {
  /** As Date.now(). */
  readonly dateMs: number;
  /** As performance.now(). */
  readonly awakeMs: number;
}

const systemMoment = (): Moment => ({ dateMs: Date.now(), awakeMs: performance.now() });

export function lastingClock(momentNow = systemMoment): Clock {
  let before = momentNow();
  let sleptMs = 0;
  return {
    ...systemClock,
    monotonic() {
      const now = momentNow();
      const ahead = now.dateMs - before.dateMs - (now.awakeMs - before.awakeMs);
      if (ahead >= sleepMsMin) sleptMs += ahead;
      before = now;
      return Math.floor(now.awakeMs + sleptMs);
    },
  };
}
