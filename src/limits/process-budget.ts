/**
 * The bytes of a process that others make it hold: what waits for readers, pages on their way, half
 * read frames, what is in flight, requests and answers over HTTP. What was taken is given back. What
 * was written to a stream is not: how much of it its peer has read is known only by a look at all
 * streams, so it is looked after so much was written that it may matter, and not before. Beyond the
 * bound those who hold most, and have been slowest, are dropped; links between roles never are.
 */
import type { Clock } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import type { Whole } from './budget.ts';

/** A connection, as far as this is concerned. */
export interface Holder {
  /** Bytes that it makes the process hold and that nobody has taken for it. */
  readonly unreadBytes: number;
  /** Bytes that were taken for it, and are given back when it is dropped. */
  readonly takenBytes: number;
  /** Since when its peer has neither read nor sent what it began; 0: it has, of late. */
  readonly stalledAt: number;
  /** Ends it at once, and frees all that. Without it, it is never dropped. */
  drop?(): void;
}

export interface ProcessBudgetOptions {
  readonly bytesMax: number;
  /** Whole milliseconds that only grow. */
  readonly monotonic: () => number;
}

export class ProcessBudget implements Whole {
  readonly bytesMax: number;
  readonly #monotonic: () => number;
  readonly #shortAbove: number;
  readonly #sources = new Set<() => Iterable<Holder>>();
  /** What was taken, what waited when it was last looked, and what was written since then. */
  #held = 0;
  #taken = 0;
  /** Above this it is looked again. */
  #lookAbove: number;
  #isLooking = false;

  constructor({ bytesMax, monotonic }: ProcessBudgetOptions) {
    this.bytesMax = bytesMax;
    this.#monotonic = monotonic;
    this.#shortAbove = bytesMax * limits.shortShare;
    this.#lookAbove = this.#shortAbove;
  }

  /** These count too, from now on. Returns how to end that. */
  watch(holders: () => Iterable<Holder>): () => void {
    this.#sources.add(holders);
    return () => void this.#sources.delete(holders);
  }

  take(bytes: number): void {
    this.#taken += bytes;
    this.spend(bytes);
  }

  giveBack(bytes: number): void {
    this.#taken -= bytes;
    this.#held -= bytes;
  }

  /** So many bytes are to be written to somebody. */
  spend(bytes: number): void {
    this.#held += bytes;
    if (this.#held > this.#lookAbove) this.#look();
  }

  /** What is held, or a little more. */
  get heldBytes(): number {
    return this.#held;
  }

  /** So little is left that only those who hold next to nothing may take more. */
  get isShort(): boolean {
    return this.#held > this.#shortAbove;
  }

  /** To be called now and then: what was read meanwhile is free again. */
  review(): void {
    if (this.#held - this.#taken > this.bytesMax / 16) this.#look();
  }

  #look(): void {
    // Not again because of what is written, or given back, meanwhile.
    if (this.#isLooking) return;
    this.#isLooking = true;
    const holders = [...this.#sources].flatMap((source) => [...source()]);
    this.#held = this.#taken;
    for (const { unreadBytes } of holders) this.#held += unreadBytes;
    if (this.#held > this.bytesMax) this.#relieve(holders);
    // And not for every few bytes near a bound.
    this.#lookAbove = Math.max(this.#shortAbove, this.#held + this.bytesMax / 16);
    this.#isLooking = false;
  }

  /** A good part at once: or the next bytes would bring the next look. */
  #relieve(holders: readonly Holder[]): void {
    const weigh = (holder: Holder) => holder.unreadBytes + holder.takenBytes;
    for (const holder of heaviestFirst(holders, weigh, this.#monotonic())) {
      if (this.#held <= this.bytesMax * limits.relievedShare) return;
      if (!holder.drop) continue;
      this.#held -= holder.unreadBytes;
      holder.drop();
    }
  }
}

/** As its operator has set it. */
export function openProcessBudget(
  { buffersMib }: { readonly buffersMib: number },
  clock: Pick<Clock, 'monotonic'>,
): ProcessBudget {
  return new ProcessBudget({
    bytesMax: buffersMib * 1024 * 1024,
    monotonic: () => clock.monotonic(),
  });
}

/**
 * Those of whom something is held. A second without progress counts as much as the same bytes once
 * more: who holds little is not dropped for being slow, as that frees nothing, and who holds much is
 * not spared for taking a byte now and then.
 */
export function heaviestFirst<H extends Pick<Holder, 'stalledAt'>>(
  holders: Iterable<H>,
  weigh: (holder: H) => number,
  now: number,
): H[] {
  const weights = new Map<H, number>();
  for (const holder of holders) {
    const { stalledAt } = holder;
    const stalledMs = stalledAt === 0 ? 0 : now - stalledAt;
    const weight = weigh(holder) * (1 + stalledMs / 1_000);
    if (weight > 0) weights.set(holder, weight);
  }
  return [...weights].sort(([, one], [, other]) => other - one).map(([holder]) => holder);
}
