/**
 * What may wait for all readers of a process together. A few slow ones are bounded one by one
 * (backlog.ts); many are bounded here: beyond the bound, those that have taken nothing for longest
 * are dropped. What waits is known only by a walk over all connections, so it is taken after so
 * many bytes were written that the bound may have been passed, and not before.
 */

/** A connection, as far as this is concerned. */
export interface Waiting {
  readonly bufferedBytes: number;
  /** Since when its peer has taken nothing of that; 0 = it has, of late. */
  readonly stalledAt: number;
  /** Ends it at once, and frees what waits for it. */
  drop(): void;
}

export class OutboxBudget {
  readonly #bytesMax: number;
  readonly #all: () => Iterable<Waiting>;
  /** Bytes that may be written before it has to be looked at again. */
  #allowance: number;

  constructor(bytesMax: number, all: () => Iterable<Waiting>) {
    this.#bytesMax = bytesMax;
    this.#all = all;
    this.#allowance = bytesMax;
  }

  /** So many bytes are to be written to somebody. */
  spend(bytes: number): void {
    this.#allowance -= bytes;
    if (this.#allowance >= 0) return;
    // Not again because of what is written meanwhile, and not for every few bytes near the bound.
    this.#allowance = Number.POSITIVE_INFINITY;
    const left = this.#bytesMax - this.#relieve();
    this.#allowance = Math.max(left, this.#bytesMax / 16);
  }

  /** What waits, after some was dropped where that was too much. */
  #relieve(): number {
    const waiting = [...this.#all()].filter(({ bufferedBytes }) => bufferedBytes > 0);
    let total = 0;
    for (const { bufferedBytes } of waiting) total += bufferedBytes;
    if (total <= this.#bytesMax) return total;
    waiting.sort(byStall);
    for (const connection of waiting) {
      // A good part at once: or the next bytes would bring the next walk.
      if (total <= this.#bytesMax * 0.75) break;
      total -= connection.bufferedBytes;
      connection.drop();
    }
    return total;
  }
}

/** Those stalled for longest first; of those not seen to be stalled, the ones with the most. */
function byStall(one: Waiting, other: Waiting): number {
  if (one.stalledAt !== other.stalledAt) {
    if (one.stalledAt === 0) return 1;
    return other.stalledAt === 0 ? -1 : one.stalledAt - other.stalledAt;
  }
  return other.bufferedBytes - one.bufferedBytes;
}
