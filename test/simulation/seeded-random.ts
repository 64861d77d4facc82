/**
 * Random numbers that a seed decides: the same seed gives the same numbers, on every machine. Each
 * part of a simulation draws from a stream of its own (`fork`), so that what one draws does not
 * shift what another does.
 */
import type { Random } from '../../src/client/sdk/platform.ts';

export class SeededRandom implements Random {
  #state: number;

  constructor(seed: number) {
    this.#state = mix(seed | 0);
  }

  /** A stream of its own, decided by this one and by what it is for. */
  fork(purpose: string): SeededRandom {
    let seed = this.#state;
    for (let index = 0; index < purpose.length; index++)
      seed = Math.imul(seed ^ purpose.charCodeAt(index), 0x01000193);
    return new SeededRandom(seed);
  }

  /** Uniform in [0, 1): mulberry32. */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    return mix(this.#state) / 2 ** 32;
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.integer(0, 255));
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** Uniform, both ends included. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.fraction() * (most - least + 1));
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new Error('there is nothing to pick from');
    return items[this.integer(0, items.length - 1)] as T;
  }
}

function mix(state: number): number {
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
  return (mixed ^ (mixed >>> 14)) >>> 0;
}
