/**
 * Numbers that grow, for operators: what a role has done, refused and dropped since its start.
 * GET /counters tells them (src/http/counters.ts).
 */
export interface Counter {
  /** Words with dots between them, from the general to the special. */
  readonly name: string;
  readonly description: string;
  /** Added to in place, as some of this is on the path of every message. */
  value: number;
}

export class Counters {
  readonly #all: Counter[] = [];

  /** A new one, at 0. */
  add(name: string, description: string): Counter {
    if (this.#all.some((counter) => counter.name === name))
      throw new Error(`there is a counter ${name} already`);
    const counter = { name, description, value: 0 };
    this.#all.push(counter);
    return counter;
  }

  /** In the order in which they were added. */
  list(): readonly Readonly<Counter>[] {
    return this.#all;
  }
}
