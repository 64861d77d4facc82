/**
 * How a role is: a handful of *conditions*, each well or with a reason in plain words. `/readyz`
 * tells them (src/http/health.ts), the log says each change once, counters count how often each has
 * come.
 *
 * Whose fault a condition is decides what an orchestrator is to do. `own`: another instance may be
 * without it (this one is starting, draining, its clock is wrong, its connection leads nowhere), so
 * this one gets no work: 503. `shared`: all instances have it (ZooKeeper has no quorum, Redis refuses
 * writes), so nothing would be better anywhere else: 200, with the reasons as `degraded`.
 *
 *     const tail = health.add({ name: 'lost-tail', fault: 'shared', meaning: 'Redis has lost what it had acknowledged' });
 *     tail.set('Redis has lost the last 12 writes in a failover at 10:04');   // logged, counted, told
 *     tail.set(null);                                                         // over: logged
 */
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import type { Counter, Counters } from './counters.ts';

export type FaultScope = 'own' | 'shared';

export interface ConditionDefinition {
  /** Words with hyphens; its counter is `health.` and this name. */
  readonly name: string;
  readonly fault: FaultScope;
  /** What it is, for operators: the description of its counter. */
  readonly meaning: string;
  /**
   * `part`: whoever looks after that part logs what becomes of it, with more than is for strangers.
   * `life`: it belongs to every life of a role, as starting does. The default: a warning.
   */
  readonly log?: 'part' | 'life';
}

/** One that can be asked at any time. It answers from what is known, at once. */
export interface WatchedCondition extends ConditionDefinition {
  /** The reason; null: it is well. */
  readonly look: () => string | null;
}

export interface HealthReport {
  /** Reasons, in the order in which their conditions were added. */
  readonly own: readonly string[];
  readonly shared: readonly string[];
}

export interface HealthOptions {
  readonly counters: Counters;
  readonly log: Logger;
}

/** Conditions that are watched are looked at so often. */
const lookMs = 1_000;

/** One thing that is well or not. `Health.add` makes them. */
export class Condition {
  readonly fault: FaultScope;
  readonly #definition: ConditionDefinition;
  readonly #log: Logger;
  readonly #counter: Counter;
  #reason: string | null = null;

  constructor(definition: ConditionDefinition, { counters, log }: HealthOptions) {
    const { name, fault, meaning } = definition;
    this.fault = fault;
    this.#definition = definition;
    this.#log = log;
    this.#counter = counters.add(`health.${name}`, `how often it has come: ${meaning}`, {
      name: 'health.problems',
      description: 'how often a condition has come, by which',
      label: 'condition',
      value: name,
    });
    const help = 'whether a condition of /readyz is there: 1, or 0 while all is well';
    const labels = { condition: name, fault };
    counters.gauge('health.problem', help, () => (this.#reason === null ? 0 : 1), labels);
  }

  /** Null while it is well. */
  get reason(): string | null {
    return this.#reason;
  }

  /**
   * How it is now: null, or why it is not well, in plain words that strangers may read (no address,
   * no secret). Saying the same again changes nothing, so a reason holds no figure that moves.
   */
  set(reason: string | null): void {
    if (reason === this.#reason) return;
    const before = this.#reason;
    this.#reason = reason;
    if (before === null) this.#counter.value += 1;
    this.#tell(before, reason);
  }

  #tell(before: string | null, reason: string | null): void {
    const { name, fault, log } = this.#definition;
    if (log === 'part') return;
    const level = log === 'life' ? 'debug' : reason === null ? 'info' : 'warn';
    if (reason === null) this.#log[level]({ condition: name, was: before }, 'well again');
    else this.#log[level]({ condition: name, fault, reason }, 'not well');
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
  add(definition: ConditionDefinition): Condition {
    const condition = new Condition(definition, this.#options);
    this.#conditions.push(condition);
    return condition;
  }

  /** One that is looked at whenever somebody asks, and every second while `run`. */
  watch({ look, ...definition }: WatchedCondition): Condition {
    const condition = this.add(definition);
    this.#watched.push(() => condition.set(look()));
    return condition;
  }

  /** Looks at what is watched, so that the log tells of it also if nobody asks. Returns how to stop that. */
  run(clock: Pick<Clock, 'setInterval'>): () => void {
    const looking = clock.setInterval(() => this.#look(), lookMs);
    return () => looking.cancel();
  }

  report(): HealthReport {
    this.#look();
    const reasons = (fault: FaultScope) =>
      this.#conditions.flatMap((condition) =>
        condition.fault === fault && condition.reason !== null ? [condition.reason] : [],
      );
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
  const life = { fault: 'own', log: 'life' } as const;
  const starting = health.add({ ...life, name: 'starting', meaning: 'it was starting' });
  const stopping = health.add({ ...life, name: 'stopping', meaning: 'it was told to stop' });
  starting.set('it is starting');
  return {
    started: () => starting.set(null),
    stopping: () => stopping.set('it is stopping'),
  };
}
