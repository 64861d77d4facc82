/**
 * Virtual time, and the processes that live in it. Everything that happens in a simulation is an
 * event at a millisecond. The events of one millisecond run in the order in which they were made,
 * then the event loop settles, then time goes on: so a seed has one course only.
 */
import type { Clock, Timer } from '../../src/base/clock.ts';

interface Event {
  at: number;
  order: number;
  run: (() => void) | null;
  /** Null: the world itself (the store, the network). */
  readonly process: SimulatedProcess | null;
}

/** Work that makes work in no time at all ends before this, or never. */
const roundsMax = 10_000;

/** The world's clocks start here; processes may be some way off. */
const startedAt = Date.UTC(2026, 0, 31, 10);

export class SimulatedTime {
  now = 0;
  readonly #heap: Event[] = [];
  #order = 0;
  /** How often in a row something happened in the same millisecond. */
  #rounds = 0;

  /** Milliseconds since 1970, by a clock that is right. */
  get epochMs(): number {
    return startedAt + this.now;
  }

  /** Runs something in `delayMs`, unless the process has died by then. */
  after(delayMs: number, run: () => void, process: SimulatedProcess | null = null): Timer {
    const at = this.now + Math.max(0, Math.ceil(delayMs));
    const event: Event = { at, order: this.#order++, run, process };
    this.#push(event);
    return {
      cancel: () => {
        event.run = null;
      },
    };
  }

  wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  /** Lets time pass, up to and including `until`. */
  async runUntil(until: number): Promise<void> {
    await settle();
    for (let next = this.#heap[0]; next && next.at <= until; next = this.#heap[0]) {
      this.#rounds = next.at === this.now ? this.#rounds + 1 : 0;
      if (this.#rounds > roundsMax)
        throw new Error('time stands still: something asks for no delay again and again');
      if (this.#runEventsOf(next.at)) await settle();
    }
    this.now = until;
  }

  /** Whether anything ran. */
  #runEventsOf(at: number): boolean {
    this.now = at;
    const due: Event[] = [];
    while (this.#heap[0]?.at === at) due.push(this.#pop());
    let ran = false;
    for (const event of due) {
      const { process, run } = event;
      if (run === null || process?.alive === false) continue;
      if (process && process.frozenUntil > at) {
        event.at = process.frozenUntil;
        event.order = this.#order++;
        this.#push(event);
        continue;
      }
      ran = true;
      run();
    }
    return ran;
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(event);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (isBefore(heap[parent]!, event)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = event;
  }

  #pop(): Event {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (isBefore(last, heap[child]!)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

/**
 * Lets everything run that waits for nothing but its turn. Two turns: what a first one has gathered
 * (src/link/gather.ts, src/net/outbox.ts) leaves in the second.
 */
async function settle(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
  await new Promise<void>((resolve) => setImmediate(resolve));
}

/**
 * A process: what it has set in motion ends with it, and what comes for it while it is frozen
 * (SIGSTOP) waits.
 */
export class SimulatedProcess {
  readonly name: string;
  readonly clock: Clock;
  alive = true;
  frozenUntil = 0;
  readonly #time: SimulatedTime;
  readonly #onDeath: (() => void)[] = [];

  /** `skewMs`: how far its wall clock is off. */
  constructor(time: SimulatedTime, name: string, skewMs = 0) {
    this.#time = time;
    this.name = name;
    this.clock = {
      now: () => time.epochMs + skewMs,
      monotonic: () => time.now,
      setTimeout: (run, delayMs) => this.after(delayMs, run),
      setInterval: (run, periodMs) => this.#every(periodMs, run),
    };
  }

  after(delayMs: number, run: () => void): Timer {
    return this.#time.after(delayMs, run, this);
  }

  /** kill -9. */
  kill(): void {
    this.alive = false;
    for (const told of this.#onDeath) told();
  }

  onDeath(told: () => void): void {
    this.#onDeath.push(told);
  }

  freeze(ms: number): void {
    this.frozenUntil = Math.max(this.frozenUntil, this.#time.now + ms);
  }

  #every(periodMs: number, run: () => void): Timer {
    let timer = this.after(periodMs, tick);
    const process = this;
    function tick(): void {
      timer = process.after(periodMs, tick);
      run();
    }
    return { cancel: () => timer.cancel() };
  }
}
