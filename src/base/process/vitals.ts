/**
 * How a role fared in the last hour: a few series of numbers, a point every few seconds, made of what
 * it counts and measures anyway (counters.ts). They are kept in a ring of fixed size, in memory, so
 * graphs of an hour need no database, and a role that is asked costs no more than the answer.
 *
 *     vitals.latest();      // { connections: 7, storedPerSecond: 120, storeP99Ms: 4, … }
 *     vitals.lastHour();    // { stepMs: 5000, endsAt: 1767225600000, series: { connections: [6, 7, 7], … } }
 */
import type { Clock, Timer } from '../clock.ts';
import type { Counter, MetricFamily, Sample } from './counters.ts';

/** How a series comes from metrics: as it is, per second, or a quantile in seconds, times `factor`. */
interface SeriesDefinition {
  readonly kind: 'level' | 'rate' | number;
  /** Names of families; what they have is added up. */
  readonly of: readonly string[];
  /** Only samples with this value of a label. */
  readonly where?: readonly [label: string, value: string];
  readonly factor?: number;
}

const shown = ['cim_send_to_shown_seconds'];
const append = { of: ['cim_store_duration_seconds'], where: ['call', 'append'] } as const;
const inMs = { factor: 1_000 };

const definitions = {
  connections: { kind: 'level', of: ['cim_connections'] },
  /** By servers, from clients. */
  takenPerSecond: { kind: 'rate', of: ['cim_messages_taken_total'] },
  /** By routes, each message once. */
  storedPerSecond: { kind: 'rate', of: ['cim_messages_stored_total'] },
  refusedPerSecond: {
    kind: 'rate',
    of: [
      ...['cim_messages_refused_total', 'cim_http_refused_total'],
      ...['cim_sends_refused_rate_total', 'cim_sends_refused_memory_total'],
    ],
  },
  shownP50Ms: { kind: 0.5, of: shown, ...inMs },
  shownP99Ms: { kind: 0.99, of: shown, ...inMs },
  storeP50Ms: { kind: 0.5, ...append, ...inMs },
  storeP99Ms: { kind: 0.99, ...append, ...inMs },
  redisUp: { kind: 'level', of: ['cim_redis_up'] },
  outboxBytes: { kind: 'level', of: ['cim_outbox_bytes'] },
  linkInFlight: { kind: 'level', of: ['cim_link_in_flight'] },
  memoryBytes: { kind: 'level', of: ['process_resident_memory_bytes'] },
  /** Of one core. */
  cpuPercent: { kind: 'rate', of: ['process_cpu_seconds_total'], factor: 100 },
  /** How late the event loop was: what everything in the process waits for. */
  lagP99Ms: { kind: 0.99, of: ['cim_event_loop_delay_seconds'], ...inMs },
} as const satisfies Readonly<Record<string, SeriesDefinition>>;

export type SeriesName = keyof typeof definitions;

const names = Object.keys(definitions) as SeriesName[];

/** Without what this role does not measure; null: there was nothing to measure. */
export type Latest = Readonly<Partial<Record<SeriesName, number | null>>>;

export interface LastHour {
  readonly stepMs: number;
  /** When the last points were taken, in ms since 1970. */
  readonly endsAt: number;
  /** Oldest first, all of the same length. */
  readonly series: Readonly<Partial<Record<SeriesName, readonly (number | null)[]>>>;
}

/** Something that was refused, dropped or ended in the last minute, and how often. */
export interface Refused {
  /** The name of its counter. */
  readonly what: string;
  readonly description: string;
  readonly perMinute: number;
}

export interface VitalsOptions {
  /** Of the role and of its process. */
  readonly families: () => readonly MetricFamily[];
  /** Counters of the role. */
  readonly counters: () => readonly Readonly<Counter>[];
  readonly clock: Clock;
}

const stepMs = 5_000;
const pointsMax = 3_600_000 / stepMs;
/** Steps for which what was refused is counted. */
const refusedSteps = 60_000 / stepMs;
const refusals = /\.(refused|dropped|closed)(\.|$)/;

interface Reading {
  readonly at: number;
  /** By series: the sum of its samples; of a quantile the counts of its buckets, by their bound. */
  readonly sums: ReadonlyMap<SeriesName, number>;
  readonly buckets: ReadonlyMap<SeriesName, ReadonlyMap<number, number>>;
}

export class Vitals {
  readonly #options: VitalsOptions;
  readonly #points = new Map<SeriesName, Float64Array>();
  readonly #refused: ReadonlyMap<string, number>[] = [];
  readonly #stepping: Timer;
  #count = 0;
  #endsAt: number;
  #last: Reading;

  /** Takes points from now on. */
  constructor(options: VitalsOptions) {
    this.#options = options;
    this.#endsAt = options.clock.now();
    this.#last = this.#read();
    this.#refused.push(this.#countRefused());
    this.#stepping = options.clock.setInterval(() => this.#step(), stepMs);
  }

  stop(): void {
    this.#stepping.cancel();
  }

  latest(): Latest {
    return this.#told((points) => toldNumber(points[(this.#count - 1) % pointsMax]));
  }

  lastHour(): LastHour {
    const count = Math.min(this.#count, pointsMax);
    const first = this.#count - count;
    const inOrder = (points: Float64Array) =>
      Array.from({ length: count }, (_, place) => toldNumber(points[(first + place) % pointsMax]));
    return { stepMs, endsAt: this.#endsAt, series: this.#told(inOrder) };
  }

  /** What was refused, dropped or ended in the last minute, the most frequent first. */
  refused(): readonly Refused[] {
    const before = this.#refused[0];
    return this.#options
      .counters()
      .filter(({ name }) => refusals.test(name))
      .map(({ name, description, value }) => {
        return { what: name, description, perMinute: value - (before?.get(name) ?? 0) };
      })
      .filter(({ perMinute }) => perMinute > 0)
      .sort((one, other) => other.perMinute - one.perMinute);
  }

  #told<T>(tell: (points: Float64Array) => T): Partial<Record<SeriesName, T>> {
    return Object.fromEntries([...this.#points].map(([name, points]) => [name, tell(points)]));
  }

  #step(): void {
    const before = this.#last;
    const now = this.#read();
    this.#last = now;
    this.#endsAt = this.#options.clock.now();
    for (const name of names) {
      const value = pointOf(name, before, now);
      if (value === undefined) continue;
      const known = this.#points.get(name);
      const points = known ?? new Float64Array(pointsMax).fill(Number.NaN);
      if (!known) this.#points.set(name, points);
      points[this.#count % pointsMax] = value;
    }
    this.#count += 1;
    this.#refused.push(this.#countRefused());
    if (this.#refused.length > refusedSteps) this.#refused.shift();
  }

  #countRefused(): ReadonlyMap<string, number> {
    const found = this.#options.counters().filter(({ name }) => refusals.test(name));
    return new Map(found.map(({ name, value }) => [name, value]));
  }

  #read(): Reading {
    const families = new Map(this.#options.families().map((family) => [family.name, family]));
    const sums = new Map<SeriesName, number>();
    const buckets = new Map<SeriesName, Map<number, number>>();
    for (const name of names) {
      const { kind, of, where }: SeriesDefinition = definitions[name];
      const samples = of
        .flatMap((family) => families.get(family)?.samples ?? [])
        .filter(({ labels }) => !where || labels[where[0]] === where[1]);
      if (samples.length === 0) continue;
      if (typeof kind === 'number') buckets.set(name, bucketsOf(samples));
      else
        sums.set(
          name,
          samples.reduce((sum, { value }) => sum + value, 0),
        );
    }
    return { at: this.#options.clock.monotonic(), sums, buckets };
  }
}

function bucketsOf(samples: readonly Sample[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { suffix, labels, value } of samples) {
    if (suffix !== '_bucket') continue;
    const bound = labels['le'] === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels['le']);
    counts.set(bound, (counts.get(bound) ?? 0) + value);
  }
  return counts;
}

/** Undefined: the role does not measure it. NaN: there was nothing to measure. */
function pointOf(name: SeriesName, before: Reading, now: Reading): number | undefined {
  const { kind, factor = 1 }: SeriesDefinition = definitions[name];
  if (typeof kind === 'number') {
    const buckets = now.buckets.get(name);
    return buckets && quantileOf(kind, buckets, before.buckets.get(name)) * factor;
  }
  const sum = now.sums.get(name);
  if (sum === undefined || kind === 'level') return sum;
  const seconds = (now.at - before.at) / 1_000;
  return ((sum - (before.sums.get(name) ?? 0)) / seconds) * factor;
}

/** As Prometheus has it: within its bucket a value may be anywhere alike. */
function quantileOf(
  share: number,
  now: ReadonlyMap<number, number>,
  before: ReadonlyMap<number, number> = new Map(),
): number {
  const all = [...now].map(([bound, count]) => [bound, count - (before.get(bound) ?? 0)] as const);
  const wanted = share * (all.at(-1)?.[1] ?? 0);
  if (wanted === 0) return Number.NaN;
  let [lower, below] = [0, 0];
  for (const [bound, count] of all) {
    if (count >= wanted && count > below) {
      if (bound === Number.POSITIVE_INFINITY) return lower;
      return lower + ((bound - lower) * (wanted - below)) / (count - below);
    }
    lower = bound;
    below = count;
  }
  return lower;
}

/** JSON knows no NaN; figures beyond these say nothing. */
function toldNumber(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : Number(value.toPrecision(6));
}
