/**
 * Marks that wait to go further, of one timeline. A mark is cumulative, so of each source and kind the
 * furthest is enough. Bounded: of too many sources the one that has not moved for longest is dropped.
 * Pure; clients and servers both wait with it.
 */
import type { Mark } from './generated/link.ts';
import { markKind } from './generated/wire.ts';

export class MarkGather {
  readonly #sourcesMax: number;
  /** By source and kind; what moved last comes last. */
  readonly #marks = new Map<string, Mark>();

  constructor(sourcesMax: number) {
    this.#sourcesMax = sourcesMax;
  }

  get isEmpty(): boolean {
    return this.#marks.size === 0;
  }

  /** Whether one had to be dropped for it. */
  add(mark: Mark): boolean {
    const key = keyOf(mark, mark.kind);
    const held = this.#marks.get(key);
    if (held && held.sendSeq > mark.sendSeq) return false;
    const read = this.#marks.get(keyOf(mark, markKind.read));
    if (mark.kind === markKind.delivered && read && read.sendSeq >= mark.sendSeq) return false;
    this.#marks.delete(key);
    this.#marks.set(key, mark);
    // What is read has been delivered, and who is told of the one need not be told of the other.
    const delivered = keyOf(mark, markKind.delivered);
    if (mark.kind === markKind.read && (this.#marks.get(delivered)?.sendSeq ?? 0) <= mark.sendSeq)
      this.#marks.delete(delivered);
    if (this.#marks.size <= this.#sourcesMax) return false;
    for (const oldest of this.#marks.keys()) {
      this.#marks.delete(oldest);
      break;
    }
    return true;
  }

  /** Up to so many, those that have waited longest first; they do not wait any more. */
  take(countMax: number): Mark[] {
    const taken: Mark[] = [];
    for (const [key, mark] of this.#marks) {
      if (taken.length >= countMax) break;
      taken.push(mark);
      this.#marks.delete(key);
    }
    return taken;
  }
}

function keyOf({ from, epochHex }: Mark, kind: number): string {
  return `${kind}.${from}.${epochHex}`;
}
