/**
 * The heart of a route: takes messages, stores them, and only then tells anybody
 * (docs/ARCHITECTURE.md, "The life of a message"). A private message is appended to the recipient's
 * timeline and to the sender's own, a group message to the group's; each append is idempotent and
 * on its own, so any of this may be repeated by anybody at any time. Consecutive messages of one
 * conversation become one entry.
 */
import { type ErrorName, errorTable } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { isGroupName } from '../base/names.ts';
import { lobby } from '../codec/commands.ts';
import { sourceOf } from '../codec/identity.ts';
import type { Groups } from '../store/groups.ts';
import {
  type Append,
  type AppendResult,
  groupTimeline,
  type Timelines,
  userTimeline,
} from '../store/timelines.ts';
import type { AccountDirectory } from './account-directory.ts';
import { contentRefusal } from './content.ts';
import { outsiderRefusal } from './membership.ts';
import type { Pusher } from './pusher.ts';

/** One message on its way in. */
export interface Submission {
  readonly from: number;
  readonly epochHex: string;
  /** A user, or (`group` not empty) a group. */
  readonly to: number;
  readonly group: string;
  readonly sendSeq: number;
  readonly restart: boolean;
  readonly textBytes: number;
  /** 0: its text is not sealed. */
  readonly sealedBytes: number;
  /** As it will be stored (src/codec/message-body.ts). */
  readonly body: Uint8Array;
  /** The connection that sent it, which the acknowledgement tells. */
  readonly origin?: { readonly instance: string; readonly sessionId: number };
}

export interface Outcome {
  /** null = stored. */
  readonly error: ErrorName | null;
  /** In the sender's own timeline, or the group's; 0 = not known. */
  readonly seq: number;
  readonly expected: number;
  /** Stored: the recipient's open sessions, as of the append. */
  readonly watchers: AppendResult['watchers'];
}

/** Messages of one conversation that are appended as one entry, and those who wait for it. */
interface Run {
  readonly first: Submission;
  readonly source: string;
  readonly bodies: Uint8Array[];
  readonly indexes: number[];
  bytes: number;
  /** Refused for good: takes its number and stores nothing. */
  readonly refusal: ErrorName | null;
}

/** Bytes of one run: it is pushed as one entry of a link. */
const runBytesMax = 256 * 1024;

export interface DeliveryOptions {
  readonly timelines: Timelines;
  readonly groups: Groups;
  readonly accounts: AccountDirectory;
  readonly pusher: Pusher;
}

export class Delivery {
  readonly #options: DeliveryOptions;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** Answers each submission once, when its fate is known. Never throws. */
  submit(
    submissions: readonly Submission[],
    answer: (index: number, outcome: Outcome) => void,
  ): void {
    const { accounts } = this.#options;
    const known: number[] = [];
    const strangers: number[] = [];
    for (let index = 0; index < submissions.length; index++) {
      const { group, to } = submissions[index] as Submission;
      if (group !== '' && group !== lobby && !isGroupName(group)) {
        // No message of this conversation is ever taken, so no number has to be: the store is
        // spared the name.
        answer(index, refused('unknown-group'));
        continue;
      }
      (group !== '' || accounts.remembered(to) ? known : strangers).push(index);
    }
    this.#store(submissions, known, () => true, answer);
    if (strangers.length === 0) return;
    // Only messages to receivers seen for the first time wait for this. Those of one receiver mostly
    // keep their order, as look-ups are answered in order; one that does not is out of order, and
    // sent again.
    accounts.findAll(strangers.map((index) => (submissions[index] as Submission).to)).then(
      (found) => this.#store(submissions, strangers, (userId) => found.has(userId), answer),
      () => {
        for (const index of strangers) answer(index, refused('busy'));
      },
    );
  }

  #store(
    submissions: readonly Submission[],
    indexes: readonly number[],
    exists: (userId: number) => boolean,
    answer: (index: number, outcome: Outcome) => void,
  ): void {
    const runs = this.#gatherRuns(submissions, indexes, exists);
    for (let start = 0; start < runs.length; start += limits.storeBatchMax / 2) {
      void this.#append(runs.slice(start, start + limits.storeBatchMax / 2), answer);
    }
  }

  #gatherRuns(
    submissions: readonly Submission[],
    indexes: readonly number[],
    exists: (userId: number) => boolean,
  ): Run[] {
    const runs: Run[] = [];
    const lastBySource = new Map<string, Run>();
    for (const index of indexes) {
      const submission = submissions[index] as Submission;
      const source = sourceOf(
        submission.from,
        submission.epochHex,
        submission.to,
        submission.group,
      );
      const refusal = refusalOf(submission, exists);
      const last = lastBySource.get(source);
      if (last && refusal === null && continues(last, submission)) {
        last.bodies.push(submission.body);
        last.indexes.push(index);
        last.bytes += submission.body.length;
        continue;
      }
      const bodies = refusal === null ? [submission.body] : [];
      const run = {
        first: submission,
        source,
        bodies,
        indexes: [index],
        bytes: submission.body.length,
        refusal,
      };
      runs.push(run);
      lastBySource.set(source, run);
    }
    return runs;
  }

  /** A run is answered as soon as both its appends are, whatever holds up those of others. */
  async #append(
    runs: readonly Run[],
    answer: (index: number, outcome: Outcome) => void,
  ): Promise<void> {
    const appends: Append[] = [];
    /** Index of the run that each append is of. */
    const runIndexes: number[] = [];
    /** Index into `appends` of each run's first append, and of its second; the same if it has no second. */
    const firstIndexes: number[] = [];
    const ownIndexes: number[] = [];
    for (let index = 0; index < runs.length; index++) {
      const run = runs[index] as Run;
      const { from, to, group } = run.first;
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
      const run = runs[index] as Run;
      const { from, to, origin } = run.first;
      const isOwn = place === ownIndexes[index];
      this.#push(run, result, isOwn ? origin : undefined, isOwn ? from : to);
      const taken = results[firstIndexes[index] as number];
      const own = results[ownIndexes[index] as number];
      if (taken && own) this.#settle(run, taken, own, answer);
    });
  }

  /**
   * `taken`: of the recipient's (or group's) append; `own`: of the sender's own, the same object
   * where there is only one.
   */
  #settle(
    run: Run,
    taken: AppendResult,
    own: AppendResult,
    answer: (index: number, outcome: Outcome) => void,
  ): void {
    if (taken.status === 'not-a-member') {
      void this.#settleOutsider(run, taken, answer);
      return;
    }
    const failed = taken.status === 'taken' ? own : taken;
    const watchers = taken.watchers;
    for (let position = 0; position < run.indexes.length; position++) {
      const index = run.indexes[position] as number;
      if (failed.status === 'busy') answer(index, refused('busy'));
      else if (failed.status === 'out-of-order')
        answer(index, { ...refused('out-of-order'), expected: failed.expected });
      else if (run.refusal !== null) answer(index, refused(run.refusal));
      else
        answer(index, {
          error: null,
          seq: seqAt(own, position, run.bodies.length),
          expected: 0,
          watchers,
        });
    }
  }

  /** What the sender had said while a member is stored; the rest is refused for good. */
  async #settleOutsider(
    { first, indexes }: Run,
    { duplicates }: AppendResult,
    answer: (index: number, outcome: Outcome) => void,
  ): Promise<void> {
    // The number is consumed: when the group cannot be looked at, this much is true all the same.
    const refusal = await outsiderRefusal(this.#options.groups, first.group).catch(
      () => 'not-a-member' as const,
    );
    for (const [position, index] of indexes.entries()) {
      answer(index, position < duplicates ? stored : refused(refusal));
    }
  }

  /** Tells those who watch the timeline; `userId` is whose it is, unless it is a group's. */
  #push(run: Run, result: AppendResult, origin: Submission['origin'], userId: number): void {
    const { status, watchers, duplicates, seq } = result;
    if (status !== 'taken' || run.refusal !== null || watchers.length === 0) return;
    // Of a run that was there already only a hint is left: its push may have been lost with the
    // route that stored it. Without its number others came after it, and their push tells as much.
    const bodies = run.bodies.slice(duplicates);
    if (bodies.length === 0 && seq === 0) return;
    const { pusher } = this.#options;
    const { group } = run.first;
    if (group === '') pusher.pushToUser(userId, watchers, seq, bodies, origin);
    else pusher.pushToGroup(group, watchers, seq, bodies);
  }
}

/** Why a message can never be stored, or null. */
function refusalOf(submission: Submission, exists: (userId: number) => boolean): ErrorName | null {
  const { to, group } = submission;
  const refusal = contentRefusal(submission);
  if (refusal !== null) return refusal;
  // Who may write to a named group is decided by the append itself.
  if (group !== '' || exists(to)) return null;
  return 'unknown-receiver';
}

function continues(run: Run, { sendSeq, restart, body }: Submission): boolean {
  return (
    run.refusal === null &&
    !restart &&
    sendSeq === run.first.sendSeq + run.bodies.length &&
    run.bytes + body.length <= runBytesMax
  );
}

function appendOf({ first, source, bodies }: Run, timeline: Append['timeline']): Append {
  const { sendSeq, restart } = first;
  return { timeline, source, sendSeq, restart, bodies };
}

function groupAppendOf(run: Run): Append {
  const { group, from } = run.first;
  const append = appendOf(run, groupTimeline(group));
  return group === lobby || run.refusal !== null ? append : { ...append, onlyIfMember: from };
}

/**
 * Timeline number of the run's body at `position`, 0 where it is a duplicate whose number is not
 * kept.
 */
function seqAt({ seq, duplicates }: AppendResult, position: number, length: number): number {
  if (position >= duplicates) return seq + position - duplicates;
  return duplicates === length && position === length - 1 ? seq : 0;
}

/** Stored, under a number that is not known any more. */
const stored: Outcome = { error: null, seq: 0, expected: 0, watchers: [] };

function refused(error: ErrorName): Outcome {
  return { error, seq: 0, expected: 0, watchers: [] };
}

/** How an outcome crosses a link. */
export function codeOf({ error }: Outcome): number {
  return error === null ? 0 : Number(errorTable[error].code);
}
