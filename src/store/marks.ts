/**
 * Marks: how far a reader has got with what others have sent, *delivered* (a device has it) or *read*
 * (it was shown). One register per reader and source (docs/ARCHITECTURE.md, "Words"), kept with the
 * sender, whom it is for; never a record per message. Of one reader a sender has the
 * `limits.markSourcesMax` sources that moved last. A reader's own count of what is unread is in
 * conversations.ts, and moves with the same call.
 */
import type { Watcher } from './timelines.ts';

export type MarkKind = 'delivered' | 'read';

/** That somebody has got so far: the message that it names, and what the same source sent before it. */
export interface MarkMove {
  readonly reader: number;
  /** The sender of the message that the mark names, not the reader. */
  readonly from: number;
  readonly epochHex: string;
  /** Empty: it was private, to the reader. */
  readonly group: string;
  readonly sendSeq: number;
  /** The message's number in the reader's own timeline, or in the group's. */
  readonly seq: number;
  readonly kind: MarkKind;
  /** Of a read mark: it counts for what the reader has unread, and nobody else is to know. */
  readonly isQuiet: boolean;
}

export interface MarkMoved {
  /** What others know of the reader has moved. */
  readonly moved: boolean;
  /** How far it is kept: not beyond what the source has sent; 0 if it has not moved. */
  readonly sendSeq: number;
  /**
   * Who is to be told: the sender's open sessions. Nobody if it has not moved, or in a group of more
   * than `limits.marksNamedMax` members.
   */
  readonly watchers: readonly Watcher[];
  /** The sender's marks version, after; 0 if nobody is to be told. */
  readonly version: number;
  /** The reader's own count of what is unread; null if it is as before. */
  readonly own: {
    /** The reader's open sessions. */
    readonly watchers: readonly Watcher[];
    /** The reader's marks version, after. */
    readonly version: number;
  } | null;
}

/** How far somebody has got with one source, as its numbers; 0: not at all. */
export interface SourceMarks {
  readonly epochHex: string;
  readonly delivered: number;
  /** Never above `delivered`. */
  readonly read: number;
}

/** How far a member has got, as numbers of the group. */
export interface MemberMarks {
  readonly userId: number;
  readonly delivered: number;
  readonly read: number;
}

export interface GroupMarks {
  readonly members: number;
  /** Members that have got to the number that was asked for. */
  readonly delivered: number;
  readonly read: number;
  /** All members, by id; null for a group of more than `limits.marksNamedMax`. */
  readonly named: readonly MemberMarks[] | null;
}

export interface Marks {
  /**
   * Moves marks forward, in order; one that is beyond what was sent (a failover lost its tail) may
   * also move back. What has been sent is what the sender's timeline has, or the reader's: the sender's own
   * copy may come later. A move whose source is not known (any more) changes nothing for the sender: what
   * nobody has sent nobody has read. In a group only those of members count. What is unread is counted
   * anew by `seq`, unless that message is not kept any more. Repeating is harmless. Rejects with a CimError `busy`: some may
   * have moved.
   */
  move(batch: readonly MarkMove[]): Promise<MarkMoved[]>;

  /** What each peer has of what the user has sent to them, the source that moved last at the end. */
  ofPeers(userId: number, peers: readonly number[]): Promise<readonly (readonly SourceMarks[])[]>;

  /**
   * How far members of a group have got, and how many to this number; who has joined since counts as
   * one who has. Of a group that does not exist there are none.
   */
  ofGroup(group: string, seq: number): Promise<GroupMarks>;

  /**
   * For each user a number that grows with each move that is told to them: whoever knows an older
   * one has missed something.
   */
  versions(userIds: readonly number[]): Promise<number[]>;
}
