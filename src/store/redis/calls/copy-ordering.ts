/**
 * When own copies are appended: together with what they are copies of, which costs no call of their
 * own; but once room in the receiver's timeline is short, after it, when it is known how much was
 * taken. On a single server a script sees to that already where the receiver's comes first in it.
 */
import { RecentlyUsed } from '../../../base/recently-used.ts';
import { firstOf, skipOf } from '../../../codec/run.ts';
import {
  type Append,
  type AppendResult,
  type Refusal,
  type TimelineId,
  userTimeline,
} from '../../timelines.ts';

/** Timelines with little room of which a process knows: some ten bytes each. */
const shortMax = 10_000;

const nobody: ReadonlyMap<number, number> = new Map();

export class CopyOrdering {
  readonly #short = new RecentlyUsed<TimelineId, true>(shortMax);

  /** Whether room was short when this was appended. */
  heard({ timeline, from, to }: Append, isShort: boolean): void {
    if (!isShort && this.#short.size === 0) return;
    if (to === 0 || timeline === userTimeline(from)) return;
    if (isShort) this.#short.set(timeline, true);
    else this.#short.delete(timeline);
  }

  /** Places of own copies that are to be appended later, with the places of their receivers' runs. */
  laterIn(batch: readonly Append[]): ReadonlyMap<number, number> {
    if (this.#short.size === 0) return nobody;
    const later = new Map<number, number>();
    const receivers = new Map<string, number>();
    for (const [index, { timeline, from, to, source, sendSeq, count }] of batch.entries()) {
      if (to === 0 || to === from || !this.#short.has(userTimeline(to))) continue;
      const run = `${source} ${sendSeq} ${count}`;
      const receiver = receivers.get(run);
      if (timeline === userTimeline(to)) receivers.set(run, index);
      else if (receiver !== undefined) later.set(index, receiver);
    }
    return later;
  }
}

/** What is appended of an own copy. */
export interface OwnCopy extends Append {
  /** Of a skip: what a repeat of these numbers is to hear, as of the receiver's. */
  readonly refusal?: Refusal;
}

/** What is appended of an own copy, once it is known what was taken of the run for its receiver. */
export function ownCopiesOf(copy: Append, taken: AppendResult): OwnCopy[] {
  if (taken.status === 'taken') return [copy];
  const { sendSeq, bodies } = copy;
  const stored = taken.duplicates + taken.stored;
  const parts: OwnCopy[] = [];
  if (stored > 0 && bodies.length > 0) parts.push({ ...copy, ...firstOf(copy, stored) });
  const { status, refused } = taken;
  if (refused > 0 && isRefusal(status)) {
    const skipped = { sendSeq: sendSeq + stored, ...skipOf(refused) };
    parts.push({ ...copy, ...skipped, refusal: status });
  }
  return parts;
}

function isRefusal(status: AppendResult['status']): status is Refusal {
  return !['taken', 'busy', 'stale-key', 'out-of-order', 'gone'].includes(status);
}

/**
 * What is answered of an own copy, of which this became of the first part: the same as of the run for
 * its receiver. Where that part is a skip, that its numbers were taken before says nothing of messages.
 */
export function resultOfCopy(first: AppendResult, receiver: AppendResult): AppendResult {
  if (first.status !== 'taken') return first;
  const { status, refused, duplicates, stored } = receiver;
  return { ...first, status, refused, duplicates: Math.min(first.duplicates, duplicates + stored) };
}
