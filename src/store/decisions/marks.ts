/**
 * Where a mark is after a move, and which are kept. Pure; move-marks.lua and mark-member.lua
 * say the same in Redis.
 */
import { limits } from '../../base/limits.ts';
import type { MarkMove, SourceMarks } from '../marks.ts';

/** What a sender has of one reader. */
export interface ReaderMarks {
  /** When one of them moved last (ms). */
  readonly at: number;
  /** The one that moved last at the end. */
  readonly sources: readonly SourceMarks[];
}

/**
 * `last`: the last number that the source has sent, as the sender's timeline has it, or the reader's, where
 * the sender's own copy is not there yet; 0: it is not known. Null: nothing has moved.
 */
export function movedMarks(
  known: readonly SourceMarks[],
  { epochHex, kind, sendSeq }: Pick<MarkMove, 'epochHex' | 'kind' | 'sendSeq'>,
  last: number,
): readonly SourceMarks[] | null {
  if (last === 0) return null;
  const before = known.find((marks) => marks.epochHex === epochHex);
  const delivered = moved(before?.delivered, sendSeq, last);
  const read = moved(before?.read, kind === 'read' ? sendSeq : 0, last);
  if (read === (before?.read ?? 0) && delivered === (before?.delivered ?? 0)) return null;
  const others = known.filter((marks) => marks !== before);
  return [...others, { epochHex, delivered, read }].slice(-limits.markSourcesMax);
}

/** How far a member of a group has got, in numbers of the group. */
export interface MemberPlace {
  readonly delivered: number;
  readonly read: number;
  /** Read, as far as it is the member's own affair. */
  readonly seen: number;
}

/** `last`: as above. */
export function movedPlace(
  known: MemberPlace,
  { reader, from, seq, kind, isQuiet }: MarkMove,
  head: number,
  last: number,
): MemberPlace {
  const isRead = kind === 'read';
  const isTold = last > 0 && reader !== from && !isQuiet;
  return {
    delivered: moved(known.delivered, isTold ? seq : 0, head),
    read: moved(known.read, isTold && isRead ? seq : 0, head),
    seen: moved(known.seen, isRead ? seq : 0, head),
  };
}

/** Whether others are to know of it. */
export function isToldMove(before: MemberPlace, after: MemberPlace): boolean {
  return before.delivered !== after.delivered || before.read !== after.read;
}

/** Forward, never beyond what was sent. From beyond it (a failover lost a tail) it moves back. */
function moved(before: number | undefined, sendSeq: number, last: number): number {
  return Math.min(last, Math.max(before ?? 0, sendSeq));
}

/**
 * What goes where there are more than may be: those of which nothing was heard for longest, so many
 * at once that it is seldom.
 */
export function oldestBeyond<Key>(
  records: ReadonlyMap<Key, { readonly at: number }>,
  max: number,
): Key[] {
  if (records.size <= max) return [];
  const byAge = [...records].toSorted(([, one], [, other]) => one.at - other.at);
  return byAge.slice(0, records.size - Math.floor(max * 0.9)).map(([key]) => key);
}
