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
  readonly #all: Readonly<Counter>[] = [];

  /** A new one, at 0. */
  add(name: string, description: string): Counter {
    return this.#add({ name, description, value: 0 });
  }

  /** One that is counted elsewhere, and read when it is told. */
  observe(name: string, description: string, read: () => number): void {
    this.#add({
      name,
      description,
      get value() {
        return read();
      },
    });
  }

  /** In the order in which they were added. */
  list(): readonly Readonly<Counter>[] {
    return this.#all;
  }

  #add<C extends Readonly<Counter>>(counter: C): C {
    if (this.#all.some(({ name }) => name === counter.name))
      throw new Error(`there is a counter ${counter.name} already`);
    this.#all.push(counter);
    return counter;
  }
}
