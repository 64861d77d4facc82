/**
 * What becomes of a run by what its source has sent before: the next number is taken, an earlier one
 * was taken or refused and hears the same again, a later one is out of order. Pure; append.lua says
 * the same in Redis.
 */
import type { Refusal } from '../timelines.ts';

/** Numbers that were refused, from one to the other. */
export interface RefusedRange {
  readonly refusal: Refusal;
  readonly from: number;
  readonly to: number;
}

export interface SourceFacts {
  /** The last number taken. */
  readonly last: number;
  /** In the order of their numbers. */
  readonly refusals: readonly RefusedRange[];
}

export interface RunFacts {
  readonly sendSeq: number;
  readonly count: number;
  readonly restart: boolean;
}

export type SourceVerdict =
  | { readonly status: 'out-of-order' }
  /** All of it was taken before. */
  | { readonly status: 'known' }
  /** The first `duplicates` were taken before, `refused` behind them are refused. */
  | {
      readonly status: 'refused';
      readonly refusal: Refusal;
      readonly duplicates: number;
      readonly refused: number;
    }
  /** All but the first `duplicates` are new. */
  | { readonly status: 'new'; readonly duplicates: number };

/** Ranges remembered of one source: of more, the oldest are taken for answered. */
const rangesMax = 8;

export function decideBySource(
  { sendSeq, count, restart }: RunFacts,
  { last, refusals }: SourceFacts,
): SourceVerdict {
  const next = last + 1;
  if (sendSeq < 1 || (sendSeq > next && !restart)) return { status: 'out-of-order' };
  const runLast = sendSeq + count - 1;
  const range = refusals.find(({ from, to }) => sendSeq <= to && runLast >= from);
  if (range) {
    const from = Math.max(sendSeq, range.from);
    // What is new behind the numbers refused last is refused with them.
    const to = range.to === last ? runLast : Math.min(runLast, range.to);
    const { refusal } = range;
    return { status: 'refused', refusal, duplicates: from - sendSeq, refused: to - from + 1 };
  }
  if (runLast < next) return { status: 'known' };
  return { status: 'new', duplicates: Math.max(0, next - sendSeq) };
}

/** The ranges of a source, of which the numbers from one to another are refused now. */
export function withRefused(
  refusals: readonly RefusedRange[],
  refusal: Refusal,
  from: number,
  to: number,
): readonly RefusedRange[] {
  const newest = refusals.at(-1);
  if (newest?.refusal === refusal && from <= newest.to + 1)
    return [...refusals.slice(0, -1), { ...newest, to: Math.max(to, newest.to) }];
  return [...refusals, { refusal, from, to }].slice(-rangesMax);
}

export interface Settled extends SourceFacts {
  /** Messages behind those that are stored. */
  readonly refused: number;
}

/** What was found of the new messages of a run. */
export interface Admitted {
  /** Why not all of them are stored. */
  readonly status: 'taken' | 'busy' | 'stale-key' | Refusal;
  readonly stored: number;
  /** Of an own copy: so many at the end were not looked at for the receiver. */
  readonly untouched?: number;
}

/** What is kept of a source of whose new messages so many were stored. */
export function settleNew(
  { sendSeq, count }: RunFacts,
  { last, refusals }: SourceFacts,
  duplicates: number,
  { status, stored, untouched = 0 }: Admitted,
): Settled {
  const runLast = sendSeq + count - 1;
  const end = sendSeq + duplicates + stored - 1;
  if (status === 'taken') return { last: runLast, refusals, refused: 0 };
  const refusedTo = runLast - untouched;
  // What was not stored comes again.
  if (status === 'busy' || status === 'stale-key' || refusedTo <= end)
    return { last: stored > 0 ? end : last, refusals, refused: 0 };
  const refused = withRefused(refusals, status, end + 1, refusedTo);
  return { last: refusedTo, refusals: refused, refused: refusedTo - end };
}
