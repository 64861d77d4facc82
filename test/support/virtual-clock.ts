/**
 * A clock that stands still until a test moves it. Timers run in the order of their times, each
 * followed by whatever promises it settled.
 */
import type { Clock, Timer } from '../../src/base/clock.ts';

interface Alarm {
  at: number;
  readonly order: number;
  readonly run: () => void;
  readonly periodMs: number;
}

export class VirtualClock implements Clock {
  #startedAt: number;
  readonly #alarms = new Set<Alarm>();
  #elapsedMs = 0;
  #order = 0;

  constructor(startedAt = Date.UTC(2026, 0, 31, 10)) {
    this.#startedAt = startedAt;
  }

  now(): number {
    return this.#startedAt + this.#elapsedMs;
  }

  /** The time of day is set forward, or back; nothing that waits comes sooner or later by it. */
  leap(ms: number): void {
    this.#startedAt += ms;
  }

  monotonic(): number {
    return this.#elapsedMs;
  }

  setTimeout(run: () => void, delayMs: number): Timer {
    return this.#add(run, delayMs, 0);
  }

  setInterval(run: () => void, periodMs: number): Timer {
    return this.#add(run, periodMs, periodMs);
  }

  /** Timers that are set; none should be left by what has been stopped. */
  get timerCount(): number {
    return this.#alarms.size;
  }

  /** Lets `ms` pass. */
  async advance(ms: number): Promise<void> {
    const until = this.#elapsedMs + ms;
    await settle();
    for (let alarm = this.#next(until); alarm; alarm = this.#next(until)) {
      this.#elapsedMs = Math.max(this.#elapsedMs, alarm.at);
      if (alarm.periodMs > 0) alarm.at += alarm.periodMs;
      else this.#alarms.delete(alarm);
      alarm.run();
      await settle();
    }
    this.#elapsedMs = until;
  }

  #add(run: () => void, delayMs: number, periodMs: number): Timer {
    const alarm: Alarm = { at: this.#elapsedMs + delayMs, order: this.#order++, run, periodMs };
    this.#alarms.add(alarm);
    return { cancel: () => void this.#alarms.delete(alarm) };
  }

  #next(until: number): Alarm | undefined {
    let next: Alarm | undefined;
    for (const alarm of this.#alarms) {
      if (alarm.at > until) continue;
      if (!next || alarm.at < next.at || (alarm.at === next.at && alarm.order < next.order))
        next = alarm;
    }
    return next;
  }
}

/** Time passes, slowly enough for ciphers, until the task is over. */
export async function through<Result>(clock: VirtualClock, task: Promise<Result>): Promise<Result> {
  let isOver = false;
  const over = task.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await clock.advance(5);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return over;
}

/** Lets everything run that waits for nothing but its turn: promises, however long their chain. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
