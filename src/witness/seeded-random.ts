/**
 * Chance that can be had again: the same seed and purpose give the same numbers. Each purpose has a
 * sequence of its own (`fork`), so that what one draws does not shift what another does.
 */
import { createHash } from 'node:crypto';

export class SeededRandom {
  readonly #seed: string;
  readonly #state: Uint32Array;

  constructor(seed: number | string, purpose: string) {
    this.#seed = `${seed}/${purpose}`;
    const digest = createHash('sha256').update(this.#seed).digest();
    this.#state = Uint32Array.from([0, 4, 8, 12], (offset) => digest.readUInt32LE(offset));
  }

  /** A sequence of its own, decided by this one's seed and by what it is for. */
  fork(purpose: string): SeededRandom {
    return new SeededRandom(this.#seed, purpose);
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.integer(0, 255));
  }

  /** Uniform in [0, 1). */
  fraction(): number {
    return this.#next() / 2 ** 32;
  }

  /** Whole, `min` and `max` among them. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.fraction() * (max - min + 1));
  }

  /** Whether something with this probability happens. */
  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.integer(0, items.length - 1)];
    if (item === undefined) throw new Error('there is nothing to pick from');
    return item;
  }

  shuffle<T>(items: readonly T[]): T[] {
    const rest = [...items];
    return items.map(() => {
      const [item] = rest.splice(this.integer(0, rest.length - 1), 1);
      if (item === undefined) throw new Error('there are as many as there were');
      return item;
    });
  }

  /** sfc32, by Chris Doty-Humphrey. */
  #next(): number {
    const [a = 0, b = 0, c = 0, counter = 0] = this.#state;
    const result = (a + b + counter) >>> 0;
    this.#state.set([b ^ (b >>> 9), c + (c << 3), ((c << 21) | (c >>> 11)) + result, counter + 1]);
    return result;
  }
}
