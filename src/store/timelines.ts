/**
 * Timelines: a log of messages with a contiguous number (`seq`, from 1) per user and per group.
 * Everything that is delivered is read from one, or pushed just after it was appended to one.
 * Bodies are opaque here, but for their identity (src/codec/identity.ts).
 */
import type { Run } from '../codec/run.ts';

/** `u:<userId>` or `g:<group>`. */
export type TimelineId = `u:${number}` | `g:${string}`;

export function userTimeline(userId: number): TimelineId {
  return `u:${userId}`;
}

export function groupTimeline(group: string): TimelineId {
  return `g:${group}`;
}

/**
 * A run of messages of one sender to one conversation, appended as one entry; or a skip, which
 * consumes its numbers and stores nothing (a final refusal). Appending is
 * idempotent, as in Kafka's idempotent producer: per source the timeline keeps the last number
 * taken and takes exactly the next.
 */
export interface Append extends Run {
  readonly timeline: TimelineId;
  /** The conversation within one epoch of the sender's device (src/codec/identity.ts). */
  readonly source: string;
  /** Number, within the source, of the first body; the others follow without a gap. */
  readonly sendSeq: number;
  /**
   * The sender says that everything before `sendSeq` was answered: a gap below it is not a missing
   * message but lost state (expired, or a failover lost a tail), and is passed over.
   */
  readonly restart: boolean;
  /**
   * For a named group: only if this user is a member of it, as of the append itself. Otherwise the
   * numbers are consumed and nothing is stored. A skip asks nobody.
   */
  readonly onlyIfMember?: number;
}

export interface AppendResult {
  /**
   * `taken`: all of the run is in the timeline, now or from before. `out-of-order`: nothing was
   * stored, `expected` would be taken. `not-a-member`: see `onlyIfMember`; nothing was stored now,
   * the numbers are consumed, those after `duplicates` are refused for good. A repeat of the numbers
   * that the source had refused last hears the same again, and so does the rest of its run, whoever
   * joined meanwhile. `busy`: this shard cannot be reached in time; nothing is known. Retrying is
   * harmless.
   */
  readonly status: 'taken' | 'out-of-order' | 'not-a-member' | 'busy';
  /** Messages, from the first, that had been taken before; of a skip nobody asks. */
  readonly duplicates: number;
  /**
   * Timeline number of the first body that was stored now; of a run that was all duplicates, the
   * number of its last body if still known, else 0.
   */
  readonly seq: number;
  /** Out of order: the number that would be taken. */
  readonly expected: number;
  /**
   * Who is to be told: for a user timeline its open sessions, for a group the interested servers
   * (`sessionId` 0). As of the append itself.
   */
  readonly watchers: readonly Watcher[];
}

export interface Watcher {
  readonly device: string;
  readonly connectionNumber: number;
  readonly instance: string;
  readonly address: string;
  readonly sessionId: number;
}

export interface Read {
  readonly timeline: TimelineId;
  /** The cursor: what comes after this number. */
  readonly after: number;
  /** Identity of the message at the cursor, if the reader knows it. */
  readonly identity?: string;
  readonly limit: number;
}

export interface Page {
  /**
   * In order, without a gap between them; the first is `max(after + 1, first)` or later where a
   * skip of retention passed it.
   */
  readonly messages: readonly { readonly seq: number; readonly body: Uint8Array }[];
  /** The newest number given out. */
  readonly head: number;
  /** The oldest number kept; `head + 1` if nothing is. */
  readonly first: number;
  /**
   * The store's message at the cursor is another one, or its head is lower than the cursor: numbers
   * were given out anew after a lost tail. `messages` is then empty.
   */
  readonly rewound: boolean;
}

export type AppendAnswered = (place: number, result: AppendResult) => void;

export interface Timelines {
  /**
   * Appends each run on its own, those of one source in the order given. `answered` hears of each as
   * soon as its fate is known, so one timeline's trouble does not hold the others; of those of one
   * timeline in the order given. Resolves with all.
   */
  append(batch: readonly Append[], answered?: AppendAnswered): Promise<AppendResult[]>;

  /** Rejects with a CimError `busy` when the timeline's shard cannot be reached in time. */
  read(read: Read): Promise<Page>;

  /**
   * Up to `limit` messages before the number `before` (exclusive; 0 = from the newest), newest
   * first. Rejects like `read`.
   */
  readBack(timeline: TimelineId, before: number, limit: number): Promise<Page['messages']>;

  /** The newest number of each timeline, 0 for one that does not exist. */
  heads(timelines: readonly TimelineId[]): Promise<number[]>;

  /** Who would be told of an append to each timeline, without one. */
  watchers(timelines: readonly TimelineId[]): Promise<(readonly Watcher[])[]>;

  /**
   * A server has members of this group, or is about to: from now on `append` names it among the
   * watchers. Idempotent. Gives the newest number of the group's timeline, as of then.
   */
  addInterest(group: string, server: { instance: string; address: string }): Promise<number>;

  /** Undoes `addInterest`, for a server that left or died. */
  removeInterest(group: string, instance: string): Promise<void>;
}
