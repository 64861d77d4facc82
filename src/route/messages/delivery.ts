/**
 * The heart of a route: takes messages, stores them, and only then tells anybody
 * (docs/ARCHITECTURE.md, "The life of a message"). A private message is appended to the recipient's
 * timeline and to the sender's own, a group message to the group's; each append is idempotent and
 * on its own, so any of this may be repeated by anybody at any time. What comes as one run is stored
 * as one entry.
 */

import { type ErrorName, errorTable } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Bugs } from '../../base/process/bugs.ts';
import { isGroupName } from '../../base/text/names.ts';
import { lobby } from '../../codec/commands.ts';
import { sourceOf } from '../../codec/identity.ts';
import { firstOf, type Run, skipOf, withoutFirst } from '../../codec/run.ts';
import type { Groups } from '../../store/groups.ts';
import {
  type Append,
  type AppendResult,
  groupTimeline,
  type Timelines,
  userTimeline,
} from '../../store/timelines.ts';
import type { AccountDirectory } from '../accounts/account-directory.ts';
import { outsiderRefusal } from '../membership.ts';
import type { RouteCounters } from '../route-counters.ts';
import type { Pusher } from './pusher.ts';

/** A run on its way in; of a refused one only how many messages it has counts. */
export interface Submission extends Run {
  readonly from: number;
  readonly epochHex: string;
  /** A user, or (`group` not empty) a group. */
  readonly to: number;
  readonly group: string;
  /** Of the first message. */
  readonly sendSeq: number;
  readonly restart: boolean;
  /** Of all its messages: they are not counted as unread. */
  readonly silent: boolean;
  /** The epoch of the group's key under which all its messages are sealed; 0: under none. */
  readonly keyEpoch: number;
  /** Why its messages can never be stored, as far as can be seen of themselves. */
  readonly refusal: ErrorName | null;
  /** No share of the group is counted: it is an application's. */
  readonly isExempt?: boolean;
  /** The connection that sent it, which the acknowledgement tells. */
  readonly origin?: { readonly instance: string; readonly sessionId: number };
}

export interface Outcome {
  /** null = stored; otherwise why those that are `refused` are not. */
  readonly error: ErrorName | null;
  /** As of an AppendResult: in the sender's own timeline, or the group's; 0 = not known. */
  readonly seq: number;
  readonly duplicates: number;
  /** With an error: messages behind those that are stored all the same. */
  readonly stored: number;
  /** With an error: so many behind both are what it is about, those behind are `busy`; 0: all. */
  readonly refused: number;
  readonly expected: number;
  /** Stored: the recipient's open sessions, as of the append. */
  readonly watchers: AppendResult['watchers'];
}

/** Hears the outcome of the submission at this index. */
type Answer = (index: number, outcome: Outcome) => void;

interface Arrived {
  readonly submission: Submission;
  readonly index: number;
  readonly answer: Answer;
}

/** What was found out about it. */
interface Judged extends Arrived {
  readonly source: string;
  /** Refused for good: takes its numbers and stores nothing. */
  readonly refusal: ErrorName | null;
  readonly isAnswered: () => boolean;
}

export interface DeliveryOptions {
  readonly timelines: Timelines;
  readonly groups: Groups;
  readonly accounts: AccountDirectory;
  readonly pusher: Pusher;
  readonly counters: Pick<RouteCounters, 'refused' | 'stored'>;
  readonly bugs: Pick<Bugs, 'caught'>;
}

export class Delivery {
  readonly #options: DeliveryOptions;
  /**
   * What waits, in its order, until it is known whether its receiver has an account. Whatever comes
   * for the same receiver waits behind it.
   */
  readonly #strangers = new Map<number, Arrived[]>();

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** Answers each submission once, when its fate is known. Never throws. */
  submit(submissions: readonly Submission[], answer: Answer): void {
    const { accounts, pusher } = this.#options;
    const runs: Judged[] = [];
    const asked: number[] = [];
    for (let index = 0; index < submissions.length; index++) {
      const submission = submissions[index] as Submission;
      const { group, to } = submission;
      const waiting = group === '' ? this.#strangers.get(to) : undefined;
      if (waiting) waiting.push({ submission, index, answer });
      else if (group !== '' && group !== lobby && !isGroupName(group))
        // No message of this conversation is ever taken, so no number has to be: the store is
        // spared the name.
        answer(index, refused('unknown-group'));
      else if (group !== '' && pusher.behind.isFull(group)) answer(index, refused('busy'));
      else if (group === '' && !accounts.remembered(to)) {
        this.#strangers.set(to, [{ submission, index, answer }]);
        asked.push(to);
      } else runs.push(judge({ submission, index, answer }));
    }
    this.#store(runs);
    if (asked.length > 0) void this.#lookUp(asked);
  }

  async #lookUp(userIds: readonly number[]): Promise<void> {
    const { accounts, bugs } = this.#options;
    let isMistake = false;
    const found = await accounts.findAll(userIds).catch((error: unknown) => {
      isMistake = bugs.caught(error, 'looking up receivers');
      return null;
    });
    const runs: Judged[] = [];
    for (const userId of userIds) {
      const waiting = this.#strangers.get(userId) ?? [];
      this.#strangers.delete(userId);
      for (const arrived of waiting) {
        const isThere = found?.has(userId) ?? false;
        if (isMistake) arrived.answer(arrived.index, refused('internal'));
        // Nor is it known yet whether the account is not there at all.
        else if (found === null || (!isThere && accounts.absence === 'busy'))
          arrived.answer(arrived.index, refused('busy'));
        // Nothing is kept of it, not even its number: the sender goes on with the next one, and a
        // repeat is stored if there is an account by then, and answered so.
        else if (!isThere) this.#refuseUnknown(arrived);
        else runs.push(judge(arrived));
      }
    }
    this.#store(runs);
  }

  #refuseUnknown({ submission, index, answer }: Arrived): void {
    this.#options.counters.refused['unknown-receiver'].value += submission.count;
    answer(index, refused('unknown-receiver'));
  }

  #store(runs: readonly Judged[]): void {
    for (let start = 0; start < runs.length; start += limits.storeBatchMax / 2)
      void this.#appendAll(runs.slice(start, start + limits.storeBatchMax / 2));
  }

  /**
   * After a mistake of ours each run is appended on its own, one after the other, as each needs the
   * numbers before its own; appending twice is harmless. The one that it is about is answered for
   * good, and takes its numbers, if the store can be told of them.
   */
  async #appendAll(runs: readonly Judged[]): Promise<void> {
    try {
      await this.#append(runs);
    } catch (error) {
      const isMistake = this.#options.bugs.caught(error, 'storing messages');
      const waiting = runs.filter((run) => !run.isAnswered());
      const [only, ...others] = waiting;
      if (!isMistake) for (const { index, answer } of waiting) answer(index, refused('busy'));
      else if (others.length > 0) for (const run of waiting) await this.#appendAll([run]);
      else if (only?.refusal === 'internal') only.answer(only.index, refused('internal'));
      else if (only) await this.#appendAll([{ ...only, refusal: 'internal' }]);
    }
  }

  /** A run is answered as soon as both its appends are, whatever holds up those of others. */
  async #append(runs: readonly Judged[]): Promise<void> {
    const appends: Append[] = [];
    /** Index of the run that each append is of. */
    const runIndexes: number[] = [];
    /** Index into `appends` of each run's first append, and of its second; the same if it has no second. */
    const firstIndexes: number[] = [];
    const ownIndexes: number[] = [];
    for (let index = 0; index < runs.length; index++) {
      const run = runs[index] as Judged;
      const { from, to, group } = run.submission;
      firstIndexes.push(appends.length);
      runIndexes.push(index);
      appends.push(group === '' ? appendOf(run, userTimeline(to)) : groupAppendOf(run));
      if (group === '' && to !== from) {
        runIndexes.push(index);
        appends.push(appendOf(run, userTimeline(from)));
      }
      ownIndexes.push(appends.length - 1);
    }
    const results: (AppendResult | undefined)[] = [];
    await this.#options.timelines.append(appends, (appendIndex, result) => {
      results[appendIndex] = result;
      const index = runIndexes[appendIndex] as number;
      const run = runs[index] as Judged;
      const { from, to, origin } = run.submission;
      const isOwn = appendIndex === ownIndexes[index];
      this.#tell(run, result, isOwn ? origin : undefined, isOwn ? from : to);
      const taken = results[firstIndexes[index] as number];
      const own = results[ownIndexes[index] as number];
      if (taken && own) this.#settle(run, taken, own);
    });
  }

  /**
   * `taken`: of the recipient's (or group's) append; `own`: of the sender's own, the same object
   * where there is only one.
   */
  #settle(run: Judged, taken: AppendResult, own: AppendResult): void {
    const { index, answer, refusal, submission } = run;
    const decisive = decisiveOf(taken, own);
    const { status, expected } = decisive;
    this.#options.counters.stored[kindOf(submission)].value += taken.stored;
    if (status === 'gone') this.#settleGone(run, taken);
    else if (status === 'not-a-member') void this.#settleOutsider(run, taken);
    else if (status === 'out-of-order') answer(index, { ...refused('out-of-order'), expected });
    else if (status === 'taken' && refusal !== null) answer(index, refused(refusal));
    else if (status === 'taken') {
      const { seq, duplicates } = own;
      const outcome = { ...refused(null), seq, duplicates, watchers: taken.watchers };
      const { group } = submission;
      if (group === '') answer(index, outcome);
      else this.#options.pusher.behind.whenRoom(group, () => answer(index, outcome));
    } else {
      const outcome = takenInPart(status, decisive, own, submission.count);
      this.#options.counters.refused[outcome.error].value += outcome.refused || submission.count;
      answer(index, outcome);
    }
  }

  /** One of both was deleted, and was remembered here. */
  #settleGone(run: Judged, { status }: AppendResult): void {
    const { index, answer, submission } = run;
    const { accounts } = this.#options;
    accounts.forget(status === 'gone' ? submission.to : submission.from);
    // A message of theirs that was under way is its receiver's all the same.
    if (status !== 'gone') answer(index, refused('account-deleted'));
    else this.#refuseUnknown(run);
  }

  /** What the sender had said while a member is stored; the rest is refused for good. */
  async #settleOutsider(
    { index, answer, submission: { group, count } }: Judged,
    { duplicates }: AppendResult,
  ): Promise<void> {
    // The number is consumed: when the group cannot be looked at, this much is true all the same.
    const refusal = await outsiderRefusal(this.#options.groups, group).catch(
      () => 'not-a-member' as const,
    );
    answer(index, { ...refused(duplicates < count ? refusal : null), duplicates });
  }

  /** What cannot be pushed is read later. */
  #tell(run: Judged, result: AppendResult, origin: Submission['origin'], userId: number): void {
    try {
      this.#push(run, result, origin, userId);
    } catch (error) {
      this.#options.bugs.caught(error, 'pushing a message');
    }
  }

  /** Tells those who watch the timeline; `userId` is whose it is, unless it is a group's. */
  #push(
    { submission, refusal }: Judged,
    result: AppendResult,
    origin: Submission['origin'],
    userId: number,
  ): void {
    const { status, watchers, duplicates, stored, seq } = result;
    if (refusal !== null || watchers.length === 0) return;
    if (status !== 'taken' && stored === 0) return;
    // Of a run that was there already only a hint is left: its push may have been lost with the
    // route that stored it. Without its number others came after it, and their push tells as much.
    const rest = duplicates === 0 ? submission : withoutFirst(submission, duplicates);
    const run = status === 'taken' ? rest : firstOf(rest, stored);
    if (run.count === 0 && seq === 0) return;
    const { pusher } = this.#options;
    const { group } = submission;
    if (group === '') pusher.pushToUser(userId, watchers, seq, run, origin);
    else pusher.pushToGroup(group, watchers, seq, run);
  }
}

function judge({ index, submission, answer }: Arrived): Judged {
  const { from, epochHex, to, group } = submission;
  // Who may write to a named group is decided by the append itself.
  const { refusal } = submission;
  let isAnswered = false;
  const answerOnce: Answer = (...answered) => {
    isAnswered = true;
    answer(...answered);
  };
  const source = sourceOf(from, epochHex, to, group);
  return { index, submission, answer: answerOnce, source, refusal, isAnswered: () => isAnswered };
}

function appendOf({ submission, source, refusal }: Judged, timeline: Append['timeline']): Append {
  const { from, to, sendSeq, restart, silent, count } = submission;
  const { bodies } = refusal === null ? submission : skipOf(count);
  return { timeline, from, to, source, sendSeq, restart, silent, count, bodies };
}

function groupAppendOf(run: Judged): Append {
  const { group, from } = run.submission;
  const { isExempt, keyEpoch } = run.submission;
  const found = { ...appendOf(run, groupTimeline(group)), keyEpoch };
  const append = isExempt ? { ...found, isExempt } : found;
  return group === lobby ? append : { ...append, onlyIfMember: from };
}

/** Which of both appends says what becomes of the run. The sender hears what either needs to go on at all. */
function decisiveOf(taken: AppendResult, own: AppendResult): AppendResult {
  if (taken.status === 'out-of-order' || taken.status === 'gone') return taken;
  const isOwn = taken.status === 'taken' || own.status === 'out-of-order' || own.status === 'gone';
  return isOwn ? own : taken;
}

/**
 * Of a run that was not taken as a whole: stored is what the receiver has, and refused what was
 * refused there, even if the own copy has more. What has no number in the own timeline yet comes again.
 */
function takenInPart(
  status: Exclude<AppendResult['status'], 'taken' | 'out-of-order' | 'gone' | 'not-a-member'>,
  taken: AppendResult,
  own: AppendResult,
  count: number,
) {
  const takenEnd = taken.duplicates + taken.stored;
  const ownEnd = own.status === 'taken' ? count : own.duplicates + own.stored + own.refused;
  const end = Math.min(takenEnd, ownEnd);
  const duplicates = Math.min(end, own.duplicates);
  const stored = end - duplicates;
  const refusedCount = Math.min(takenEnd + taken.refused, ownEnd) - end;
  const error = refusedCount > 0 || status === 'stale-key' ? status : 'busy';
  const seq = stored > 0 ? own.seq : 0;
  return { ...refused(error), error, seq, duplicates, stored, refused: refusedCount } as const;
}

function refused(error: ErrorName | null): Outcome {
  return { error, seq: 0, duplicates: 0, stored: 0, refused: 0, expected: 0, watchers: [] };
}

/** How an outcome crosses a link. */
export function codeOf({ error }: Outcome): number {
  return error === null ? 0 : Number(errorTable[error].code);
}

function kindOf({ group }: Submission): 'private' | 'group' | 'lobby' {
  if (group === '') return 'private';
  return group === lobby ? 'lobby' : 'group';
}
