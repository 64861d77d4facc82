/**
 * How a role is: its faults (faults.ts), each there or not. `/readyz` tells those that are there
 * (src/http/health.ts), the log says each change once, counters count how often each has come.
 *
 *     const refusals = health.add('store-refusals');
 *     refusals.set('its disk is full');   // 'the store refuses writes: its disk is full'
 *     refusals.set(null);                 // over: logged
 */
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import type { Counter, Counters } from './counters.ts';
import { type Fault, type FaultName, type FaultScope, faultOf } from './faults.ts';

/** One that is there. */
export interface Problem {
  readonly condition: FaultName;
  readonly fault: FaultScope;
  /** Begins with the words of its fault. */
  readonly reason: string;
  readonly remedy: string;
  /** Since when, in ms since 1970. */
  readonly since: number;
}

export interface HealthReport {
  /** Reasons, in the order in which their faults were added. */
  readonly own: readonly string[];
  readonly shared: readonly string[];
}

export interface HealthOptions {
  readonly counters: Counters;
  readonly log: Logger;
}

/** Null while all is well; otherwise what is known in detail, empty if the words say it all. */
export type Detail = string | null;

/** Faults that are watched are looked at so often. */
const lookMs = 1_000;

/** One fault of one role, there or not. `Health.add` makes them. */
export class Condition {
  readonly #name: FaultName;
  readonly #fault: Fault;
  readonly #log: Logger;
  readonly #counter: Counter;
  #reason: string | null = null;
  #since = 0;

  constructor(name: FaultName, { counters, log }: HealthOptions) {
    const fault = faultOf(name);
    this.#name = name;
    this.#fault = fault;
    this.#log = log;
    this.#counter = counters.add(`health.${name}`, `how often it has come: ${fault.words}`, {
      name: 'health.problems',
      description: 'how often a fault has come, by which',
      label: 'condition',
      value: name,
    });
    const help = 'whether a fault is there: 1, or 0 while all is well';
    const labels = { condition: name, fault: fault.scope, words: fault.words };
    counters.gauge('health.problem', help, () => (this.#reason === null ? 0 : 1), labels);
  }

  /** Null while it is well. */
  get problem(): Problem | null {
    if (this.#reason === null) return null;
    const { scope, remedy } = this.#fault;
    return {
      condition: this.#name,
      fault: scope,
      reason: this.#reason,
      remedy,
      since: this.#since,
    };
  }

  /**
   * How it is now, in plain words that strangers may read (no address, no secret). Saying the same
   * again changes nothing, so a detail holds no figure that moves.
   */
  set(detail: Detail): void {
    const { words } = this.#fault;
    const reason = detail && `${words}: ${detail}`;
    this.#change(detail === '' ? words : reason);
  }

  #change(reason: string | null): void {
    if (reason === this.#reason) return;
    const before = this.#reason;
    this.#reason = reason;
    if (before === null) {
      this.#counter.value += 1;
      this.#since = Date.now();
    }
    this.#tell(before, reason);
  }

  #tell(before: string | null, reason: string | null): void {
    const { scope, log } = this.#fault;
    if (log === 'part') return;
    const condition = this.#name;
    const level = log === 'life' ? 'debug' : reason === null ? 'info' : 'warn';
    if (reason === null) this.#log[level]({ condition, was: before }, 'well again');
    else this.#log[level]({ condition, fault: scope, reason }, 'not well');
  }
}

export class Health {
  readonly #options: HealthOptions;
  readonly #conditions: Condition[] = [];
  readonly #watched: (() => void)[] = [];

  constructor(options: HealthOptions) {
    this.#options = options;
  }

  /** One that its owner sets. It begins well. */
  add(name: FaultName): Condition {
    const condition = new Condition(name, this.#options);
    this.#conditions.push(condition);
    return condition;
  }

  /**
   * One that is looked at whenever somebody asks, and every second while `run`. `look` answers from
   * what is known, at once.
   */
  watch(name: FaultName, look: () => Detail): Condition {
    const condition = this.add(name);
    this.#watched.push(() => condition.set(look()));
    return condition;
  }

  /** Looks at what is watched, so that the log tells of it also if nobody asks. Returns how to stop that. */
  run(clock: Pick<Clock, 'setInterval'>): () => void {
    const looking = clock.setInterval(() => this.#look(), lookMs);
    return () => looking.cancel();
  }

  /** What is the matter, in the order in which faults were added. */
  problems(): readonly Problem[] {
    this.#look();
    return this.#conditions.flatMap(({ problem }) => problem ?? []);
  }

  report(): HealthReport {
    const problems = this.problems();
    const reasons = (scope: FaultScope) =>
      problems.filter(({ fault }) => fault === scope).map(({ reason }) => reason);
    return { own: reasons('own'), shared: reasons('shared') };
  }

  #look(): void {
    for (const look of this.#watched) look();
  }
}

/** Where a role is in its life. */
export interface RoleLife {
  /** It has begun its work. */
  started(): void;
  /** It has been told to end. */
  stopping(): void;
}

/** A role that is not up yet, or on its way out, is not ready. It begins as starting. */
export function watchLife(health: Health): RoleLife {
  const starting = health.add('starting');
  const stopping = health.add('stopping');
  starting.set('');
  return {
    started: () => starting.set(null),
    stopping: () => stopping.set(''),
  };
}
