/** Counts what was begun and is not answered yet: bounds it, and waits for it. */

interface Waiter {
  readonly isOver: () => boolean;
  readonly resolve: () => void;
}

export class Outstanding {
  readonly #countMax: number;
  readonly #bytesMax: number;
  #count = 0;
  #bytes = 0;
  #waiters: Waiter[] = [];

  constructor({ countMax, bytesMax }: { readonly countMax: number; readonly bytesMax: number }) {
    this.#countMax = countMax;
    this.#bytesMax = bytesMax;
  }

  get count(): number {
    return this.#count;
  }

  /** Counts until it has settled. A failure is whose task it is. */
  add(bytes: number, task: Promise<unknown>): void {
    this.#count += 1;
    this.#bytes += bytes;
    const remove = () => {
      this.#count -= 1;
      this.#bytes -= bytes;
      this.#waiters = this.#waiters.filter(({ isOver, resolve }) => !isOver() || resolve());
    };
    task.then(remove, remove);
  }

  /** There is room for one more. */
  whenRoom(): Promise<void> {
    return this.#when(() => this.#count < this.#countMax && this.#bytes < this.#bytesMax);
  }

  whenFewer(): Promise<void> {
    const count = this.#count;
    return this.#when(() => this.#count < count);
  }

  whenNone(): Promise<void> {
    return this.#when(() => this.#count === 0);
  }

  #when(isOver: () => boolean): Promise<void> {
    if (isOver()) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ isOver, resolve }));
  }
}
