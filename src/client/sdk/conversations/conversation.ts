/** Conversations and marks, as the application sees them and as routes answer. */
import type { Message } from '../client-events.ts';

/** With one person or in one group. */
export interface Conversation {
  readonly peer?: number;
  readonly group?: string;
  /** When its newest message was accepted that is not silent, ms since 1970. */
  readonly at: number;
  /** Messages of others that were not read on any device, but for silent ones. */
  readonly unread: number;
  readonly muted: boolean;
  readonly pinned: boolean;
  /** The newest one, if it is kept. */
  readonly last?: Message;
}

export interface ConversationQuery {
  /** Only those that follow this page: its `next`. */
  readonly before?: string;
  /** At most `limits.conversationsPageMax`. */
  readonly limit?: number;
}

export interface ConversationPage {
  /** Pinned ones first, then the newest. */
  readonly conversations: readonly Conversation[];
  /** Where older ones go on; null: there are none. */
  readonly next: string | null;
}

/** Who of a group has got as far as a message of it. */
export interface GroupMarks {
  readonly group: string;
  /** The message's number. */
  readonly seq: number;
  readonly members: number;
  readonly delivered: number;
  readonly read: number;
  /** Numbers of the group up to which each member has got, by id; null: there are too many. */
  readonly named: readonly MemberMarks[] | null;
}

/** Where a message of one's own is. */
export interface MessageTrace {
  readonly id: string;
  /** Its number in one's timeline, or the group's; null: not among the newest `searched` messages. */
  readonly seq: number | null;
  /** When the cluster took it, ms since 1970. */
  readonly at: number | null;
  readonly searched: number;
  /** Null: this cluster tells nobody, or it is in the lobby, or was not found in its group. */
  readonly reached: {
    /** Other people who are to get it. */
    readonly receivers: number;
    readonly delivered: number;
    /** Null: this cluster tells nobody. */
    readonly read: number | null;
  } | null;
}

export interface MemberMarks {
  readonly userId: number;
  readonly delivered: number;
  readonly read: number;
}

/** What a route answers of what one peer has of the user's messages. */
export interface PeerMarks {
  readonly peer: number;
  /** Of each epoch the numbers up to which they have got, what moved last at the end. */
  readonly sources: readonly {
    readonly epoch: string;
    readonly delivered: number;
    readonly read: number;
  }[];
}

export interface MarksQuery {
  readonly group?: string;
  /** With a group: of the message that is asked for. */
  readonly seq?: number;
  readonly peers?: readonly number[];
}

export interface MarksAnswer {
  readonly peers: readonly PeerMarks[];
  readonly group?: GroupMarks;
}
