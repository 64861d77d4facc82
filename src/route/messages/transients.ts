/**
 * Messages that are not stored: each goes at most once to whoever is connected, and is never
 * repeated. They are kept out of the way of durable ones: who is there is asked for one batch at a
 * time, what comes meanwhile waits, and what comes when too many wait is dropped.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { isGroupName } from '../../base/text/names.ts';
import { lobby } from '../../codec/commands.ts';
import { type ContentSize, contentRefusal } from '../../codec/content.ts';
import { Budget } from '../../limits/budget.ts';
import type { ProcessBudget } from '../../limits/process-budget.ts';
import type { Groups, Membership } from '../../store/groups.ts';
import {
  groupTimeline,
  type TimelineId,
  type Timelines,
  userTimeline,
  type Watcher,
} from '../../store/timelines.ts';
import type { RouteCounters } from '../route-counters.ts';
import type { Blocks } from './blocks.ts';
import type { Pusher } from './pusher.ts';

export interface Transient extends ContentSize {
  readonly from: number;
  /** A user, or (`group` not empty) a group. */
  readonly to: number;
  /** As it will be pushed (src/codec/message-body.ts). */
  readonly body: Uint8Array;
  /** The connection that sent it, to which it does not go. */
  readonly origin?: { readonly instance: string; readonly sessionId: number };
}

/** What became of one: those who were told, or why nobody was. */
export type TransientFate =
  | readonly Watcher[]
  | 'too-long'
  | 'invalid-argument'
  | 'not-encrypted'
  | 'encrypted-group'
  | 'stale-key'
  | 'unknown-group'
  | 'not-a-member'
  | 'busy';

interface Waiting {
  readonly message: Transient;
  readonly settle: (fate: TransientFate) => void;
}

export interface TransientsOptions {
  readonly timelines: Pick<Timelines, 'watchers'>;
  readonly groups: Pick<Groups, 'memberships'>;
  readonly blocks: Blocks;
  readonly pusher: Pusher;
  readonly counters: RouteCounters['transient'];
  readonly budget: ProcessBudget;
}

export class Transients {
  readonly #options: TransientsOptions;
  #waiting: Waiting[] = [];
  readonly #held: Budget;
  #isPassing = false;

  constructor(options: TransientsOptions) {
    this.#options = options;
    this.#held = new Budget({
      countMax: limits.transientsWaitingMax,
      bytesMax: limits.transientsWaitingBytesMax,
      whole: options.budget,
    });
  }

  /** False: dropped, as too many wait. Otherwise `settle` is called once, later. */
  take(message: Transient, settle: (fate: TransientFate) => void): boolean {
    const { counters } = this.#options;
    if (this.#held.isFull) {
      counters.droppedAsTooMany.value += 1;
      return false;
    }
    counters.taken.value += 1;
    this.#held.take(message.body.length);
    this.#waiting.push({ message, settle });
    if (!this.#isPassing) void this.#passAll();
    return true;
  }

  /** The same, as a promise. */
  pass(message: Transient): Promise<TransientFate> {
    return new Promise((resolve) => {
      if (!this.take(message, resolve)) resolve('busy');
    });
  }

  async #passAll(): Promise<void> {
    this.#isPassing = true;
    // What comes in the same turn belongs to the same batch.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, limits.storeBatchMax);
      await this.#pass(batch);
      for (const { message } of batch) this.#held.giveBack(message.body.length);
      // A store that answers on the spot must not keep everybody else waiting.
      if (this.#waiting.length > 0) await nextTurn();
    }
    this.#isPassing = false;
  }

  async #pass(batch: readonly Waiting[]): Promise<void> {
    const { timelines, groups, blocks, counters } = this.#options;
    const allowed = batch.filter((waiting) => this.#passesRules(waiting));
    const named = allowed.filter(({ message }) => isNamed(message.group));
    const asked = [...new Set(allowed.map(({ message }) => timelineOf(message)))];
    try {
      const [watchers, members] = await Promise.all([
        asked.length === 0 ? [] : timelines.watchers(asked),
        named.length === 0
          ? []
          : groups.memberships(
              named.map(({ message: { group, from: userId } }) => ({ group, userId })),
            ),
      ]);
      const watchersOf = new Map(asked.map((timeline, index) => [timeline, watchers[index] ?? []]));
      // Of those whom it may reach: most of a flood reaches nobody.
      const receivers = new Set(
        allowed.flatMap(({ message }) =>
          message.group === '' && watchersOf.get(timelineOf(message))?.length ? [message.to] : [],
        ),
      );
      const blockedBy = new Map(
        await Promise.all(
          [...receivers].map(async (userId) => [userId, await blocks.by(userId)] as const),
        ),
      );
      const refusals = new Map(
        named.map((waiting, index) => [waiting, refusalOf(waiting.message, members[index])]),
      );
      for (const waiting of allowed) {
        const refusal = refusals.get(waiting);
        if (refusal) this.#refuse(waiting, refusal);
        else {
          const told = watchersOf.get(timelineOf(waiting.message)) ?? [];
          const { to, group, from } = waiting.message;
          // Whoever is blocked hears what they would hear anyway.
          if (group === '' && blockedBy.get(to)?.has(from)) waiting.settle(told);
          else this.#push(waiting, told);
        }
      }
    } catch (error) {
      if (!(error instanceof CimError)) throw error;
      counters.droppedByStore.value += allowed.length;
      for (const { settle } of allowed) settle('busy');
    }
  }

  #passesRules(waiting: Waiting): boolean {
    const { group } = waiting.message;
    const refusal = contentRefusal(waiting.message);
    if (refusal !== null) this.#refuse(waiting, refusal);
    else if (isNamed(group) && !isGroupName(group)) this.#refuse(waiting, 'unknown-group');
    else return true;
    return false;
  }

  #refuse({ settle }: Waiting, fate: TransientFate): void {
    this.#options.counters.refused.value += 1;
    settle(fate);
  }

  #push({ message, settle }: Waiting, watchers: readonly Watcher[]): void {
    const { pusher, counters } = this.#options;
    if (watchers.length === 0) counters.toNobody.value += 1;
    else pusher.pushTransient(message, watchers);
    settle(watchers);
  }
}

function isNamed(group: string): boolean {
  return group !== '' && group !== lobby;
}

/**
 * Of one to a named group. Where nothing is said, nothing is to be encrypted. What is sealed names the
 * epoch of now, or of a moment ago: one that is to come would have each member ask for its key.
 */
function refusalOf(
  { keyEpoch, textBytes, contentBytes }: Transient,
  member: Membership | null | undefined,
): (TransientFate & string) | null {
  if (!member) return 'not-a-member';
  if (member.keyEpoch === 0) return keyEpoch === 0 ? null : 'not-encrypted';
  if (keyEpoch === 0) return textBytes + contentBytes > 0 ? 'encrypted-group' : null;
  return keyEpoch === member.keyEpoch || keyEpoch === member.keyEpoch - 1 ? null : 'stale-key';
}

function timelineOf({ to, group }: Transient): TimelineId {
  return group === '' ? userTimeline(to) : groupTimeline(group);
}
