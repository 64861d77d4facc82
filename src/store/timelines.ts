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
 * Why a message is refused for good. `not-a-member`: `onlyIfMember` is not in the group.
 * `mailbox-full`: the receiver is away, and there is no room for more from this sender before some of
 * it was read. `group-share`: the sender has had their share of what the group keeps. `encrypted-group`,
 * `not-encrypted`: the group is, and the message is not, or the other way round.
 */
export type Refusal =
  | 'not-a-member'
  | 'mailbox-full'
  | 'group-share'
  | 'encrypted-group'
  | 'not-encrypted';

/**
 * A run of messages of one sender to one conversation, appended as one entry; or a skip, which
 * consumes its numbers and stores nothing (a final refusal). Appending is
 * idempotent, as in Kafka's idempotent producer: per source the timeline keeps the last number
 * taken and takes exactly the next.
 *
 * A private message is appended twice: to the receiver's timeline, and as the sender's *own copy*
 * (`timeline` is that of `from`) behind it in the same batch. Of the own copy only so much is stored
 * as was of the receiver's, so that nothing refused is shown as sent; its result says the same. But its numbers may have been
 * taken before: the store was not reached for the receiver then, and has no room for them now. So what
 * is stored and refused is what the receiver's result says.
 */
export interface Append extends Run {
  readonly timeline: TimelineId;
  /** Who has sent it. */
  readonly from: number;
  /** The user to whom it was sent; 0: it was sent to a group. */
  readonly to: number;
  /** The conversation within one epoch of the sender's device (src/codec/identity.ts). */
  readonly source: string;
  /** Number, within the source, of the first body; the others follow without a gap. */
  readonly sendSeq: number;
  /**
   * The sender says that everything before `sendSeq` was answered: a gap below it is not a missing
   * message but lost state (expired, or a failover lost a tail), and is passed over.
   */
  readonly restart: boolean;
  /** None of its messages is counted as unread, nor the newest of its conversation. */
  readonly silent: boolean;
  /**
   * For a named group: only if this user is a member of it, as of the append itself. Otherwise the
   * numbers are consumed and nothing is stored. A skip does not ask. Of the first message of a source
   * to a group that does not exist nothing is kept, be it a skip or not: it is refused, its number is
   * not consumed, and the same is true of what follows.
   */
  readonly onlyIfMember?: number;
  /** To a group: no share is counted, as for applications with a key. */
  readonly isExempt?: boolean;
  /** The epoch of the key under which all its messages are sealed; 0 or absent: under none of a group. */
  readonly keyEpoch?: number;
}

export interface AppendResult {
  /**
   * `taken`: all of the run is in the timeline, now or from before (or its sender is blocked, which
   * looks the same). `out-of-order`: nothing was stored, `expected` would be taken. `busy`: the shard
   * cannot be reached in time, and nothing is known; or the receiver is online and merely behind, and
   * what is not `stored` may be appended again later. Both: retrying is harmless. `stale-key`: the group
   * has another key by now; what was not taken before took no number, and is to be sealed anew. `gone`: the user whose
   * timeline it is was deleted; nothing was stored, not even a number, and never will be. (Of a message
   * to them the own copy may be stored all the same, where the two are kept on different nodes.)
   *
   * A refusal: of the messages behind those that were taken or stored, `refused` are refused for
   * good. A repeat of these numbers hears the same, whatever has changed since, and what is new behind
   * them is refused with them. Where messages behind them were taken before, these were not looked at:
   * appended on their own they have an answer of their own.
   */
  readonly status: 'taken' | 'out-of-order' | 'busy' | 'stale-key' | 'gone' | Refusal;
  /** Messages, from the first, that had been taken before; of a skip nobody asks. */
  readonly duplicates: number;
  /**
   * Messages, behind those, that were stored now, or are said to be as their sender is blocked: they
   * are to be pushed to the watchers, whatever the status.
   */
  readonly stored: number;
  /** Messages, behind both, that are refused for good; 0 unless the status says why. */
  readonly refused: number;
  /**
   * Timeline number of the first body that was stored now; of a run that was all duplicates, the
   * number of its last body if still known, else 0.
   */
  readonly seq: number;
  /** Out of order: the number that would be taken. */
  readonly expected: number;
  /**
   * Who is to be told: for a user timeline its open sessions, for a group the interested servers
   * (`sessionId` 0). As of the append itself. Nobody if the sender is blocked.
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
  /**
   * The oldest number kept; `head + 1` if nothing is. Of what lies behind the newest, only what the
   * user has still to read is kept, not their own copies: if such a hole begins right behind the
   * cursor, the first number behind the hole. A page ends where a hole begins.
   */
  readonly first: number;
  /**
   * The store's message at the cursor is another one, or its head is lower than the cursor: numbers
   * were given out anew after a lost tail. `messages` is then empty.
   */
  readonly rewound: boolean;
}

export type AppendAnswered = (place: number, result: AppendResult) => void;

/** What a server is interested in, as of then. */
export interface InterestedIn {
  /** The newest number of the group's timeline. */
  readonly head: number;
  /** Of the group (src/store/groups.ts); 0: of the lobby. */
  readonly version: number;
}

export interface Timelines {
  /**
   * Appends each run on its own, those of one source in the order given. `answered` hears of each as
   * soon as its fate is known, so one timeline's trouble does not hold the others; of those of one
   * timeline in the order given. Resolves with all. Rejects with a CimError `internal` if some cannot be
   * appended, ever (what is under the names of their timeline is none): `answered` has then heard of
   * all others.
   */
  append(batch: readonly Append[], answered?: AppendAnswered): Promise<AppendResult[]>;

  /** Rejects with a CimError `busy` when the timeline's shard cannot be reached in time. */
  read(read: Read): Promise<Page>;

  /**
   * Up to `limit` messages before the number `before` (exclusive; 0 = from the newest), newest
   * first; fewer when together they would have more than `bytesMax` bytes (`pageBytesMax` if absent),
   * but one as long as any is left. Rejects like `read`.
   */
  readBack(
    timeline: TimelineId,
    before: number,
    limit: number,
    bytesMax?: number,
  ): Promise<Page['messages']>;

  /** The newest number of each timeline, 0 for one that does not exist. */
  heads(timelines: readonly TimelineId[]): Promise<number[]>;

  /** Who would be told of an append to each timeline, without one. */
  watchers(timelines: readonly TimelineId[]): Promise<(readonly Watcher[])[]>;

  /**
   * A server has members of this group, or is about to: from now on `append` names it among the
   * watchers. Idempotent. Null: there is no such group, and nothing is left of the question.
   */
  addInterest(
    group: string,
    server: { instance: string; address: string },
  ): Promise<InterestedIn | null>;

  /** Undoes `addInterest`, for a server that left or died. */
  removeInterest(group: string, instance: string): Promise<void>;
}
