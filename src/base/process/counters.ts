/**
 * What a role counts and measures, for operators. Counters grow: what was done, refused and dropped
 * since its start. GET /counters tells them (src/http/counters.ts). Gauges say how much there is now,
 * histograms how long things take; GET /metrics tells all three as Prometheus reads them
 * (src/http/metrics.ts).
 *
 *     const stored = counters.add('messages.stored', 'messages that are stored');
 *     stored.value += 1;                                // cim_messages_stored_total 1
 *     counters.gauge('connections', 'connections', () => table.size);       // cim_connections 7
 */
import { Histogram } from './histogram.ts';

export interface Counter {
  /** Words with dots between them, from the general to the special. */
  readonly name: string;
  readonly description: string;
  /** Added to in place, as some of this is on the path of every message. */
  value: number;
}

/** A few values that are known beforehand: never a user, an address or anything that others choose. */
export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  /** Behind the name of its family. */
  readonly suffix?: '_bucket' | '_sum' | '_count';
  readonly labels: Labels;
  readonly value: number;
}

/** What is measured alike, by labels. */
export interface MetricFamily {
  /** As Prometheus has it: `cim_messages_stored_total`. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** Where a counter belongs among others that count the same by kinds. */
export interface CounterFamily {
  /** Its name so far, with dots. */
  readonly name: string;
  readonly description: string;
  /** What tells its counters apart. */
  readonly label: string;
  readonly value: string;
}

interface Metric {
  readonly name: string;
  readonly type: MetricFamily['type'];
  readonly help: string;
  readonly samples: () => readonly Sample[];
}

export class Counters {
  readonly #counters: Readonly<Counter>[] = [];
  readonly #metrics: Metric[] = [];

  /** A new one, at 0. `family`: of which it is one kind, for Prometheus. */
  add(name: string, description: string, family?: CounterFamily): Counter {
    const counter = { name, description, value: 0 };
    this.#list(counter);
    this.#measure(counter, family);
    return counter;
  }

  /** One that is counted elsewhere, and read when it is told. */
  observe(name: string, description: string, read: () => number): void {
    this.#measure(this.listOnly(name, description, read));
  }

  /** Likewise, of what /metrics tells in another way. */
  listOnly(name: string, description: string, read: () => number): Readonly<Counter> {
    const counter = {
      name,
      description,
      get value() {
        return read();
      },
    };
    this.#list(counter);
    return counter;
  }

  /** How much there is, read when it is told. Of one name there may be several, by labels. */
  gauge(name: string, description: string, read: () => number, labels: Labels = {}): void {
    this.#metrics.push({
      name: nameOf(name),
      type: 'gauge',
      help: description,
      samples: () => [{ labels, value: read() }],
    });
  }

  /** What only grows, is read when it is told, and is for /metrics alone. */
  total(name: string, description: string, read: () => number, labels: Labels = {}): void {
    this.#metrics.push({
      name: `${nameOf(name)}_total`,
      type: 'counter',
      help: description,
      samples: () => [{ labels, value: read() }],
    });
  }

  /** Of seconds, into buckets that end with each of `bounds`. */
  histogram(
    name: string,
    description: string,
    bounds: readonly number[],
    labels: Labels = {},
  ): Histogram {
    const histogram = new Histogram(bounds);
    this.#metrics.push({
      name: nameOf(name),
      type: 'histogram',
      help: description,
      samples: () => samplesOf(histogram, labels),
    });
    return histogram;
  }

  /** Counters, in the order in which they were added. */
  list(): readonly Readonly<Counter>[] {
    return this.#counters;
  }

  /** All of it as it is now. */
  families(): readonly MetricFamily[] {
    return mergeFamilies(this.#metrics.map((metric) => ({ ...metric, samples: metric.samples() })));
  }

  #list(counter: Readonly<Counter>): void {
    if (this.#counters.some(({ name }) => name === counter.name))
      throw new Error(`there is a counter ${counter.name} already`);
    this.#counters.push(counter);
  }

  #measure(counter: Readonly<Counter>, family?: CounterFamily): void {
    const { name, description } = family ?? counter;
    const labels: Labels = family ? { [family.label]: family.value } : {};
    this.total(name, description, () => counter.value, labels);
  }
}

/** Families of one name are one, with the samples of all. */
export function mergeFamilies(families: Iterable<MetricFamily>): MetricFamily[] {
  const merged = new Map<string, MetricFamily>();
  for (const family of families) {
    const known = merged.get(family.name);
    const samples = known ? [...known.samples, ...family.samples] : family.samples;
    merged.set(family.name, { ...(known ?? family), samples });
  }
  return [...merged.values()];
}

/** With further labels on every sample. */
export function labelled(families: readonly MetricFamily[], more: Labels): MetricFamily[] {
  return families.map((family) => ({
    ...family,
    samples: family.samples.map((sample) => ({ ...sample, labels: { ...more, ...sample.labels } })),
  }));
}

function nameOf(dotted: string): string {
  return dotted.startsWith('process_') ? dotted : `cim_${dotted.replaceAll(/[.-]/g, '_')}`;
}

function samplesOf(histogram: Histogram, labels: Labels): Sample[] {
  const { count, sum } = histogram;
  const buckets = histogram.cumulated().map(([bound, value]): Sample => {
    const le = bound === Number.POSITIVE_INFINITY ? '+Inf' : `${bound}`;
    return { suffix: '_bucket', labels: { ...labels, le }, value };
  });
  return [
    ...buckets,
    { suffix: '_sum', labels, value: sum },
    { suffix: '_count', labels, value: count },
  ];
}
