/**
 * What one person has done to one message, in one way: the change with the highest order counts, in
 * whatever order they come. Which ones may count depends on the message: it may not be seen yet, so
 * some more of them are held until it is. Pure.
 */
import { type Change, compareOrder } from './message-change.ts';

interface Held<Kind extends Change> {
  readonly change: Kind;
  isTold: boolean;
}

/** Whether a change counts, as far as that is known. */
export type Counts = (change: Change) => boolean;

export class Register<Kind extends Change> {
  /**
   * The highest first; those in clear text apart from those that were encrypted: if the message turns
   * out to be encrypted only the latter count.
   */
  readonly #held = new Map<boolean, Held<Kind>[]>();

  /** `max`: how many to hold of either kind, of those that may count. */
  add(change: Kind, max: number, counts: Counts): void {
    const isSealed = change.by.encrypted === true;
    const held = (this.#held.get(isSealed) ?? []).filter((each) => counts(each.change));
    const isKnown = held.some((each) => compareOrder(each.change.order, change.order) === 0);
    if (!isKnown) held.push({ change, isTold: false });
    held.sort((one, other) => compareOrder(other.change.order, one.change.order));
    held.length = Math.min(held.length, max);
    this.#held.set(isSealed, held);
  }

  /** The one that counts; undefined: none does. */
  best(counts: Counts): Kind | undefined {
    return this.#best(counts)?.change;
  }

  /** Whether this one counts, and is asked about for the first time. */
  tell(change: Kind, counts: Counts): boolean {
    const best = this.#best(counts);
    if (!best || best.isTold || compareOrder(best.change.order, change.order) !== 0) return false;
    best.isTold = true;
    return true;
  }

  all(): Kind[] {
    return [...this.#held.values()].flatMap((held) => held.map(({ change }) => change));
  }

  #best(counts: Counts): Held<Kind> | undefined {
    const candidates = [...this.#held.values()].flatMap(
      (held) => held.find(({ change }) => counts(change)) ?? [],
    );
    return candidates.sort((one, other) => compareOrder(other.change.order, one.change.order))[0];
  }
}
