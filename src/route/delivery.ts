/**
 * The heart of a route: takes messages, stores them, and only then tells anybody
 * (docs/ARCHITECTURE.md, "The life of a message"). A private message is appended to the recipient's
 * timeline and to the sender's own, a group message to the group's; each append is idempotent and
 * on its own, so any of this may be repeated by anybody at any time. What comes as one run is stored
 * as one entry.
 */
import { type ErrorName, errorTable } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { isGroupName } from '../base/names.ts';
import { lobby } from '../codec/commands.ts';
import { sourceOf } from '../codec/identity.ts';
import { type Run, skipOf, withoutFirst } from '../codec/run.ts';
import type { Groups } from '../store/groups.ts';
import {
  type Append,
  type AppendResult,
  groupTimeline,
  type Timelines,
  userTimeline,
} from '../store/timelines.ts';
import type { AccountDirectory } from './account-directory.ts';
import { outsiderRefusal } from './membership.ts';
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
  /** Why its messages can never be stored, as far as can be seen of themselves. */
  readonly refusal: ErrorName | null;
  /** The connection that sent it, which the acknowledgement tells. */
  readonly origin?: { readonly instance: string; readonly sessionId: number };
}

export interface Outcome {
  /** null = stored; otherwise why all but the first `duplicates` are not. */
  readonly error: ErrorName | null;
  /** As of an AppendResult: in the sender's own timeline, or the group's; 0 = not known. */
  readonly seq: number;
  readonly duplicates: number;
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
}

export interface DeliveryOptions {
  readonly timelines: Timelines;
  readonly groups: Groups;
  readonly accounts: AccountDirectory;
  readonly pusher: Pusher;
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
    const { accounts } = this.#options;
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
      else if (group === '' && !accounts.remembered(to)) {
        this.#strangers.set(to, [{ submission, index, answer }]);
        asked.push(to);
      } else runs.push(judge({ submission, index, answer }, true));
    }
    this.#store(runs);
    if (asked.length > 0) void this.#lookUp(asked);
  }

  async #lookUp(userIds: readonly number[]): Promise<void> {
    const found = await this.#options.accounts.findAll(userIds).catch(() => null);
    const runs: Judged[] = [];
    for (const userId of userIds) {
      const waiting = this.#strangers.get(userId) ?? [];
      this.#strangers.delete(userId);
      for (const arrived of waiting) {
        if (found === null) arrived.answer(arrived.index, refused('busy'));
        else runs.push(judge(arrived, found.has(userId)));
      }
    }
    this.#store(runs);
  }

  #store(runs: readonly Judged[]): void {
    for (let start = 0; start < runs.length; start += limits.storeBatchMax / 2)
      void this.#append(runs.slice(start, start + limits.storeBatchMax / 2));
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
    await this.#options.timelines.append(appends, (place, result) => {
      results[place] = result;
      const index = runIndexes[place] as number;
      const run = runs[index] as Judged;
      const { from, to, origin } = run.submission;
      const isOwn = place === ownIndexes[index];
      this.#push(run, result, isOwn ? origin : undefined, isOwn ? from : to);
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
    const { index, answer, refusal } = run;
    const failed = taken.status === 'taken' ? own : taken;
    if (failed.status === 'not-a-member') void this.#settleOutsider(run, taken);
    else if (failed.status === 'busy') answer(index, refused('busy'));
    else if (failed.status === 'out-of-order')
      answer(index, { ...refused('out-of-order'), expected: failed.expected });
    else if (refusal !== null) answer(index, refused(refusal));
    else {
      const { seq, duplicates } = own;
      answer(index, { error: null, seq, duplicates, expected: 0, watchers: taken.watchers });
    }
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

  /** Tells those who watch the timeline; `userId` is whose it is, unless it is a group's. */
  #push(
    { submission, refusal }: Judged,
    result: AppendResult,
    origin: Submission['origin'],
    userId: number,
  ): void {
    const { status, watchers, duplicates, seq } = result;
    if (status !== 'taken' || refusal !== null || watchers.length === 0) return;
    // Of a run that was there already only a hint is left: its push may have been lost with the
    // route that stored it. Without its number others came after it, and their push tells as much.
    const run = duplicates === 0 ? submission : withoutFirst(submission, duplicates);
    if (run.count === 0 && seq === 0) return;
    const { pusher } = this.#options;
    const { group } = submission;
    if (group === '') pusher.pushToUser(userId, watchers, seq, run, origin);
    else pusher.pushToGroup(group, watchers, seq, run);
  }
}

/** `exists`: the receiver, if it is a user. */
function judge({ index, submission, answer }: Arrived, exists: boolean): Judged {
  const { from, epochHex, to, group } = submission;
  // Who may write to a named group is decided by the append itself.
  const refusal = submission.refusal ?? (exists ? null : 'unknown-receiver');
  return { index, submission, answer, source: sourceOf(from, epochHex, to, group), refusal };
}

function appendOf({ submission, source, refusal }: Judged, timeline: Append['timeline']): Append {
  const { sendSeq, restart, count } = submission;
  const { bodies } = refusal === null ? submission : skipOf(count);
  return { timeline, source, sendSeq, restart, count, bodies };
}

function groupAppendOf(run: Judged): Append {
  const { group, from } = run.submission;
  const append = appendOf(run, groupTimeline(group));
  return group === lobby || run.refusal !== null ? append : { ...append, onlyIfMember: from };
}

function refused(error: ErrorName | null): Outcome {
  return { error, seq: 0, duplicates: 0, expected: 0, watchers: [] };
}

/** How an outcome crosses a link. */
export function codeOf({ error }: Outcome): number {
  return error === null ? 0 : Number(errorTable[error].code);
}
