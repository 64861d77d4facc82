/**
 * How often something took how long: a count for each of a few buckets, which is all that can be
 * added up over processes. Observing costs a short search and two additions.
 */

/** For what is done between machines: from 0.2 ms to 10 s. */
export const latencyBounds = [
  0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
] as const;

export class Histogram {
  readonly #bounds: readonly number[];
  /** The last is of what is above all bounds. */
  readonly #counts: Float64Array;
  #sum = 0;
  #max = 0;

  /** `bounds`: where each bucket ends, from the lowest to the highest. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  /** What is below 0 (a clock was set back) counts as 0. */
  observe(value: number): void {
    const observed = Math.max(0, value);
    let bucket = 0;
    while (bucket < this.#bounds.length && observed > (this.#bounds[bucket] as number)) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#sum += observed;
    this.#max = Math.max(this.#max, observed);
  }

  get count(): number {
    return this.#counts.reduce((all, each) => all + each, 0);
  }

  get sum(): number {
    return this.#sum;
  }

  /** The largest value of all. */
  get max(): number {
    return this.#max;
  }

  /** For each bound, and for infinity, how many values were at most that. */
  cumulated(): (readonly [bound: number, count: number])[] {
    let all = 0;
    return [...this.#bounds, Number.POSITIVE_INFINITY].map((bound, bucket) => {
      all += this.#counts[bucket] as number;
      return [bound, all] as const;
    });
  }
}
