/**
 * What becomes of a run: what is answered, what is kept of its source, and how much of it is stored.
 * Pure; append.lua says the same in Redis.
 */
import { firstOf, type Run, withoutFirst } from '../../codec/run.ts';
import { type Append, type AppendResult, userTimeline } from '../timelines.ts';
import {
  type Admitted,
  decideBySource,
  type SourceFacts,
  settleNew,
  withRefused,
} from './source.ts';

/** What is kept of a source. */
export interface SourceRecord extends SourceFacts {
  /** The number that the message of its last number got; 0: none was stored. */
  readonly seq: number;
}

/** How much of what is new is stored. */
export interface Admission extends Admitted {
  /** Nothing is, though it is said so: the sender is blocked. */
  readonly isHidden?: boolean;
}

export interface AppendFacts {
  /** Undefined if nothing is kept of the source. */
  readonly known: SourceRecord | undefined;
  /** Of the timeline. */
  readonly head: number;
  /** Whether there is a group to which it goes. This and the other are asked when they matter. */
  isThere(): boolean;
  /** Of all but the first messages, which were taken before. */
  admit(fresh: Run, duplicates: number): Admission;
}

export type AppendAnswer = Omit<AppendResult, 'watchers'>;

export interface AppendEffect {
  readonly answer: AppendAnswer;
  /** What is kept of the source from now on; null: as before. */
  readonly source: SourceRecord | null;
  /** What is stored behind the head; null: nothing. */
  readonly run: Run | null;
  /** Nobody is told. */
  readonly isHidden: boolean;
}

const unused: SourceRecord = { last: 0, seq: 0, refusals: [] };

export function decideAppend(append: Append, facts: AppendFacts): AppendEffect {
  const { sendSeq, count } = append;
  if (!facts.known && !facts.isThere()) return unchanged('not-a-member', { refused: count });
  const known = facts.known ?? unused;
  const verdict = decideBySource(append, known);
  const runLast = sendSeq + count - 1;
  if (verdict.status === 'out-of-order')
    return unchanged('out-of-order', { expected: known.last + 1 });
  if (verdict.status === 'known') {
    const seq = runLast === known.last ? known.seq : 0;
    return unchanged('taken', { duplicates: count, seq });
  }
  const { duplicates } = verdict;
  if (verdict.status === 'refused') {
    const { refusal, refused } = verdict;
    const from = sendSeq + duplicates;
    const effect = unchanged(refusal, { duplicates, refused });
    if (from + refused - 1 <= known.last) return effect;
    const refusals = withRefused(known.refusals, refusal, from, runLast);
    return { ...effect, source: { last: runLast, seq: 0, refusals } };
  }
  if (append.bodies.length > 0) return admitted(append, known, facts, duplicates);
  const source = { last: runLast, seq: 0, refusals: known.refusals };
  return { ...unchanged('taken', { duplicates }), source };
}

function admitted(
  append: Append,
  known: SourceRecord,
  { head, admit }: AppendFacts,
  duplicates: number,
): AppendEffect {
  const fresh = duplicates === 0 ? append : withoutFirst(append, duplicates);
  const admission = admit(fresh, duplicates);
  const { status, stored, isHidden = false } = admission;
  const kept = isHidden ? 0 : stored;
  const { last, refusals, refused } = settleNew(append, known, duplicates, admission);
  const isNewest = kept > 0 && last === append.sendSeq + duplicates + stored - 1;
  return {
    answer: { status, duplicates, stored, refused, seq: kept > 0 ? head + 1 : 0, expected: 0 },
    source: last > known.last ? { last, seq: isNewest ? head + kept : 0, refusals } : null,
    run: kept === 0 ? null : kept < fresh.count ? firstOf(fresh, kept) : fresh,
    isHidden,
  };
}

/** How much of an own copy is stored: so much as was of the receiver's, unless all of that was taken. */
export function admitCopy(
  { count }: Append,
  fresh: Run,
  duplicates: number,
  receiver: AppendAnswer | undefined,
): Admission {
  if (!receiver || receiver.status === 'taken') return { status: 'taken', stored: fresh.count };
  const copies = receiver.duplicates + receiver.stored - duplicates;
  const isUndecided = receiver.status === 'out-of-order' || receiver.status === 'gone';
  const status = isUndecided ? 'busy' : receiver.status;
  // Messages at the end of the run that were not looked at.
  const untouched = count - receiver.duplicates - receiver.stored - receiver.refused;
  return { status, stored: Math.min(fresh.count, Math.max(0, copies)), untouched };
}

/** Whether it is the own copy of a message to somebody else. */
export function isCopy({ timeline, from, to }: Append): boolean {
  return to !== 0 && to !== from && timeline === userTimeline(from);
}

/** By this an own copy finds what it is a copy of. */
export function runName({ source, sendSeq, count }: Append): string {
  return `${source} ${sendSeq} ${count}`;
}

/** Of a user who was deleted. */
export const goneAnswer: AppendAnswer = unchanged('gone', {}).answer;

function unchanged(status: AppendResult['status'], answer: Partial<AppendAnswer>): AppendEffect {
  const nothing = { duplicates: 0, stored: 0, refused: 0, seq: 0, expected: 0 };
  return { answer: { status, ...nothing, ...answer }, source: null, run: null, isHidden: false };
}
