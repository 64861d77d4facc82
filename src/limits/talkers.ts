/**
 * Who sends most, without a count for everybody: a sketch of fixed size (Misra and Gries, 1982).
 * Whoever sends more than one message in `talkersMax` of all is in it. Counts are of the last minute
 * or two, and too low by at most one in so many.
 */
import { limits } from '../base/limits.ts';

const minuteMs = 60_000;

export class Talkers {
  /** ms that only grow. */
  readonly #monotonic: () => number;
  #counts = new Map<number, number>();
  #since: number;
  #before: { readonly counts: ReadonlyMap<number, number>; readonly ms: number } | undefined;

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
    this.#since = monotonic();
  }

  count(userId: number, messages: number): void {
    const known = this.#counts.get(userId);
    if (known !== undefined || this.#counts.size < limits.talkersMax)
      this.#counts.set(userId, (known ?? 0) + messages);
    else this.#makeRoom(userId, messages);
  }

  /** To be called about once a second. */
  sweep(): void {
    const ms = this.#monotonic() - this.#since;
    if (ms < minuteMs) return;
    this.#before = { counts: this.#counts, ms };
    this.#counts = new Map();
    this.#since += ms;
  }

  /** The first so many, who sends most first. */
  most(count: number): { readonly userId: number; readonly perMinute: number }[] {
    const before = this.#before?.counts ?? new Map<number, number>();
    const ms = this.#monotonic() - this.#since + (this.#before?.ms ?? 0);
    const minutes = Math.max(1, ms / minuteMs);
    return [...new Set([...this.#counts.keys(), ...before.keys()])]
      .map((userId) => {
        const all = (this.#counts.get(userId) ?? 0) + (before.get(userId) ?? 0);
        return { userId, perMinute: Math.round(all / minutes) };
      })
      .sort((one, other) => other.perMinute - one.perMinute || one.userId - other.userId)
      .slice(0, count);
  }

  /** Takes as much from everybody as the least of all has; who has nothing left is forgotten. */
  #makeRoom(userId: number, messages: number): void {
    const least = Math.min(messages, ...this.#counts.values());
    for (const [other, count] of this.#counts) {
      if (count === least) this.#counts.delete(other);
      else this.#counts.set(other, count - least);
    }
    if (messages > least) this.#counts.set(userId, messages - least);
  }
}
