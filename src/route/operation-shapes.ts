/** What the operations of a route take and give: the shapes of messages, pages and people over HTTP. */
import type { IssuedToken } from '../auth/tokens.ts';
import type { RoleAddress } from '../base/network/role-address.ts';
import type { ApiKey } from '../store/api-keys.ts';
import type { DeviceKey } from '../store/device-keys.ts';
import type { Group, Membership } from '../store/groups.ts';
import type { TimelineId } from '../store/timelines.ts';
import type { ContentFields } from './messages/http-content.ts';
import type { PushAttempt } from './messages/push-record.ts';

export interface Login {
  /** Of the server to connect to. */
  readonly address: RoleAddress;
  /** What lets the user in there; Java callers get none. */
  readonly token?: IssuedToken;
}

/** A key as it is listed. */
export type ApiKeyInfo = Omit<ApiKey, 'hash'>;
export type DeviceKeyInfo = Omit<DeviceKey, 'hash'>;

/** What is retained of a topic. */
export interface RetainedTopic {
  readonly topic: string;
  /** Of one topic, the highest is the newest. */
  readonly number: number;
  readonly payload: Uint8Array;
  readonly contentType: string;
  /** When it was published, ms since 1970. */
  readonly at: number;
  /** ms since 1970; 0: never. */
  readonly expiresAt: number;
}

/** What the sender of a message over HTTP may ask for besides. */
export interface SendOptions {
  /** The caller's name for this request: repeating it is harmless. */
  readonly key?: string;
  /** To whoever is connected, at most once: not stored. */
  readonly transient?: boolean;
  /** An application sends it: it has no share of what a group keeps. */
  readonly isExempt?: boolean;
  /** What it is beside its text. */
  readonly content?: ContentFields;
}

export interface PrivateMessage extends SendOptions {
  readonly from: number;
  readonly to: number;
  /** In order; stored as consecutive messages. None, if what is said needs no text. */
  readonly texts: readonly string[];
}

export interface GroupSend extends SendOptions {
  readonly from: number;
  readonly group: string;
  readonly text?: string;
}

/** A named group as its members see it. */
export interface GroupStatus extends Membership, Omit<Group, 'name'> {}

export interface HistoryQuery {
  readonly userId: number;
  /** Only messages with this user. */
  readonly peer?: number;
  /** Only this group's messages. */
  readonly group?: string;
  /**
   * Only texts that hold this, ignoring case. Without peer and group: private messages, the lobby
   * and the named groups that the user is in.
   */
  readonly keyword?: string;
  /** The `next` of the page before: only messages older than those. */
  readonly before?: string;
  readonly limit: number;
}

export interface HistoryPage {
  /**
   * The newest matches, oldest first. Fewer than asked, even none, does not mean that there are no
   * older ones: `next` does.
   */
  readonly messages: readonly HistoryMessage[];
  /** Where older ones go on; null: there are none. */
  readonly next: string | null;
  /** There are no older ones, but there were: they are not kept any more. */
  readonly expired: boolean;
  /** Bytes looked through for it. */
  readonly scannedBytes: number;
}

export interface HistoryMessage {
  /** Identity, as in the client's events. */
  readonly id: string;
  readonly from: number;
  readonly fromName: string;
  readonly to?: number;
  readonly group?: string;
  readonly text: string;
  /** In place of the text, which is empty: what only the devices of both sides can open. */
  readonly sealed?: Uint8Array;
  /** The epoch of the group's key under which it is sealed. */
  readonly keyEpoch?: number;
  /** What the message is beside its text; sealed if the text is. */
  readonly content?: Uint8Array;
  /** It is not counted as unread. */
  readonly silent?: true;
  readonly seq: number;
  /** ms since 1970 */
  readonly at: number;
}

export interface ScheduledMessage {
  /** Chosen by the client: creating twice is harmless. */
  readonly id: string;
  readonly from: number;
  readonly to?: number;
  readonly group?: string;
  readonly text: string;
  /** In place of the text, which is empty: what only the devices of both sides can open. */
  readonly sealed?: Uint8Array;
  readonly delaySeconds: number;
  /** An application sends it. */
  readonly isExempt?: boolean;
}

/** A message that waits to be sent. */
export interface DelayedMessage extends Omit<ScheduledMessage, 'from' | 'delaySeconds'> {
  /** ms since 1970 */
  readonly dueAt: number;
}

export interface DelayedPage {
  readonly messages: readonly DelayedMessage[];
  /** Where those that are due later go on; null: there are none. */
  readonly next: string | null;
}

export interface ServerStatus {
  readonly instance: string;
  readonly address: RoleAddress;
  readonly version: string;
  readonly connections: number;
  /** False while it drains: alive, but no login is sent there. */
  readonly choosable: boolean;
}

/** Of another system, with its id there. */
export interface ImportedAccount {
  readonly userId: number;
  readonly name: string;
}

/** A private message that waits there. */
export interface ImportedMessage {
  readonly id: string;
  readonly from: number;
  readonly fromName: string;
  readonly to: number;
  readonly text: string;
  /** ms since 1970 */
  readonly at: number;
}

export interface ImportFate {
  /** `present`: it was here already; `busy`: to be tried again. */
  readonly status: 'created' | 'present' | 'refused' | 'busy';
  /** Why it is refused; empty if it is not. */
  readonly reason: string;
}

/** `guess` of those below: how often secrets are guessed is limited by it; absent, it is not. */
export interface UserPresence {
  readonly userId: number;
  readonly online: boolean;
  /** ms since 1970; absent: the user is online, does not show it, or it is not known. */
  readonly lastSeen?: number;
}

/** With one user (`group` empty) or in a group. */
export interface ConversationEntry {
  readonly peer: number;
  readonly group: string;
  /** Of its newest message that is not silent, ms since 1970; 0: none. */
  readonly at: number;
  readonly unread: number;
  readonly isMuted: boolean;
  readonly isPinned: boolean;
  /** That message, if it is kept, and fits the page. */
  readonly last?: HistoryMessage;
}

/** How far somebody has got with what a user has sent to them. */
export interface PeerMarks {
  readonly peer: number;
  /** Of each epoch the newest sendSeq, 0 if none; what moved last comes last. */
  readonly sources: readonly {
    readonly epoch: string;
    readonly delivered: number;
    readonly read: number;
  }[];
}

/** A message in one timeline; `seq` null: it is not among those that were looked through. */
export interface StoredCopy {
  readonly timeline: TimelineId;
  readonly seq: number | null;
  /** When a server took it, in ms since 1970. */
  readonly at: number | null;
  /** So many of the newest messages were looked through. */
  readonly searched: number;
}

export interface OpenSession {
  readonly device: string;
  readonly server: string;
}

export interface MessageTrace {
  readonly id: string;
  /** First where it is received, then the sender's own. */
  readonly copies: readonly StoredCopy[];
  /** Of the receiver, as it is; of a group the servers that have members. */
  readonly sessions: readonly OpenSession[];
  /** By this route, of those that it still knows. */
  readonly pushes: readonly PushAttempt[];
  /** How many have it, and have read it: of one receiver 0 or 1. */
  readonly delivered: number;
  readonly read: number;
  /** What explains that it did not arrive. */
  readonly obstacles: readonly string[];
}

/** What its sender may know of a message. */
export interface OwnTrace {
  readonly id: string;
  /** In the sender's timeline, or the group's; null: not among those that were looked through. */
  readonly seq: number | null;
  /** When a server took it, in ms since 1970. */
  readonly at: number | null;
  /** So many of the newest messages were looked through. */
  readonly searched: number;
  /** Null: nobody is told of it (the lobby, or `--receipts off`). */
  readonly reached: {
    /** Other people who are to get it. */
    readonly receivers: number;
    readonly delivered: number;
    /** Null: nobody is told of that (`--receipts delivered`). */
    readonly read: number | null;
  } | null;
}

/** What would become of a message now. */
export interface Outlook {
  readonly sessions: readonly OpenSession[];
  readonly obstacles: readonly string[];
}
