/** So many of a kind of work at a time; the others wait, in the order in which they came. */
export class Semaphore {
  readonly #max: number;
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;

  constructor(max: number) {
    this.#max = max;
  }

  async run<Result>(work: () => Result): Promise<Awaited<Result>> {
    if (this.#underWay < this.#max) this.#underWay += 1;
    // Whoever has ended hands over the place.
    else await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#underWay -= 1;
    }
  }
}
