/**
 * So many things and so many bytes of them: taken, and given back, of one connection, of one link, or
 * of all that a process does. Whoever takes has asked whether there is room, or knows what to do when
 * there is none.
 */

/** What a budget is a part of: it is told of all that is taken there, and given back. */
export interface Whole {
  take(bytes: number, count: number): void;
  giveBack(bytes: number, count: number): void;
}

export interface BudgetOptions {
  readonly bytesMax: number;
  readonly countMax?: number;
  readonly whole?: Whole;
  /** More bytes are taken than there are; called by whoever took them. */
  readonly onOver?: () => void;
}

export class Budget implements Whole {
  readonly bytesMax: number;
  readonly countMax: number;
  readonly #whole: Whole | undefined;
  readonly #onOver: (() => void) | undefined;
  #bytes = 0;
  #count = 0;

  constructor({ bytesMax, countMax = Number.POSITIVE_INFINITY, whole, onOver }: BudgetOptions) {
    this.bytesMax = bytesMax;
    this.countMax = countMax;
    this.#whole = whole;
    this.#onOver = onOver;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#bytes >= this.bytesMax || this.#count >= this.countMax;
  }

  /** Whether half of it is free again. */
  get isHalfFree(): boolean {
    return this.#bytes <= this.bytesMax / 2 && this.#count <= this.countMax / 2;
  }

  take(bytes: number, count = 1): void {
    this.#bytes += bytes;
    this.#count += count;
    if (this.#whole !== undefined) this.#whole.take(bytes, count);
    if (this.#bytes > this.bytesMax && this.#onOver !== undefined) this.#onOver();
  }

  giveBack(bytes: number, count = 1): void {
    this.#bytes -= bytes;
    this.#count -= count;
    if (this.#bytes < 0 || this.#count < 0) throw new Error('more is given back than was taken');
    if (this.#whole !== undefined) this.#whole.giveBack(bytes, count);
  }
}
