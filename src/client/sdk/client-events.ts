/** What a CimClient tells and takes: its events, and the shapes of messages. */

import type { CimError } from '../../base/errors.ts';
import type { GroupEntry } from '../../base/group-entry.ts';
import type { GroupHistory } from '../../base/group-history.ts';
import type { MessageFile } from '../../codec/file-content.ts';
import type { Custom } from '../../codec/message-content.ts';
import type { Mark } from './conversations/mark.ts';
import type { KeyChange, KeyStanding } from './e2ee/key-facts.ts';
import type { Unreadable } from './e2ee/sealable.ts';

/**
 * `idle` until start(); `connecting` until the first login is done; `ready`: logged in;
 * `reconnecting`: the connection was lost and comes back by itself; `closed`: for good.
 */
export type ClientState = 'idle' | 'connecting' | 'ready' | 'reconnecting' | 'closed';

/** One user, or everybody in one group. */
export type Target = { readonly to: number } | { readonly group: string };

/** A message as it is shown, live or from history. It has either `to` or `group`. */
export interface Message {
  /** Its identity (src/codec/identity.ts): the same on every device and for ever. */
  readonly id: string;
  readonly from: number;
  readonly fromName: string;
  readonly to?: number;
  readonly group?: string;
  readonly text: string;
  /** The id of the message that it answers: of the same conversation. */
  readonly replyTo?: string;
  /** Ids of the users whom its text speaks of. */
  readonly mentions?: readonly number[];
  /** An application's own. */
  readonly custom?: Custom;
  /** Its text says plainly which: CimClient.openFile() gives what is in it. */
  readonly file?: MessageFile;
  /** When the text was put in the place of the first one, ms since 1970. */
  readonly edited?: number;
  /** Its author has taken it back: its text is empty. */
  readonly retracted?: true;
  /** By user id. */
  readonly reactions?: readonly { readonly from: number; readonly emoji: readonly string[] }[];
  /** It is not counted as unread. */
  readonly silent?: true;
  /** Its number in the timeline of the user, or of the group; 0 for a transient message. */
  readonly seq: number;
  /** When it was accepted, ms since 1970. */
  readonly at: number;
  /** It is not stored: shown to whoever was connected, at most once. */
  readonly transient?: true;
  /**
   * True: only the devices of both sides could read it, and the holder of `key` wrote it. False: it
   * came in clear text, which is worth a word. Absent: in clear text, as is usual there.
   */
  readonly encrypted?: boolean;
  /** Of an encrypted one: what this device knows of the key. */
  readonly key?: KeyStanding;
  /** It should have been encrypted: the other side has a key. Somebody else may have written it. */
  readonly expected?: true;
  /** It was encrypted, and cannot be read here: its text is empty. */
  readonly unreadable?: Unreadable;
}

/** Who did it, where, and when a route accepted it. It has either `to` or `group`. */
type Doing = Pick<Message, 'from' | 'fromName' | 'to' | 'group' | 'at'> & {
  /** Of the message that it is about. */
  readonly id: string;
};

/** Its author has put another text in the place of that of a message. */
export type EditedMessage = Doing &
  Pick<Message, 'text' | 'mentions' | 'encrypted' | 'key' | 'expected'>;

/** Its author has taken a message back, for good. What was stored of it is stored still. */
export type RetractedMessage = Doing;

/** All reactions of one person to one message; none: they were taken back. */
export type MessageReactions = Doing & { readonly emoji: readonly string[] };

/** What a message may have beside its text, as of Message. */
export type MessageExtras = Pick<Message, 'replyTo' | 'mentions' | 'custom' | 'file'> & {
  readonly silent?: boolean;
};

/** A message that no client can read: only its place is known. */
export interface UnreadableMessage {
  /** Absent: in one's own timeline. */
  readonly group?: string;
  readonly seq: number;
  /** How many this client has come upon, with this one. */
  readonly count: number;
}

/** An own message that is stored, or (transient) written. */
export interface SentMessage {
  readonly id: string;
  /** Its number in one's own timeline, or in the group's; 0 if not known, or none. */
  readonly seq: number;
  /** It is not stored, and nobody says whether it arrives. */
  readonly transient?: true;
  /** Only the devices of both sides can read it. */
  readonly encrypted?: true;
}

export interface User {
  readonly userId: number;
  readonly userName: string;
}

/** An own message that waits to be sent. It has either `to` or `group`. */
export interface DelayedMessage {
  readonly id: string;
  readonly to?: number;
  readonly group?: string;
  readonly text: string;
  /** Ms since 1970. */
  readonly dueAt: number;
  /** As of a message. */
  readonly encrypted?: boolean;
  readonly key?: KeyStanding;
  readonly expected?: true;
  readonly unreadable?: Unreadable;
}

export interface DelayedPage {
  /** In the order in which they are due. */
  readonly messages: readonly DelayedMessage[];
  /** Where those that are due later go on; null: there are none. */
  readonly next: string | null;
}

/** What a group's owner and its admins decide about it; what is not named stays. */
export interface GroupSettings {
  /** By admins as well. Empty: the name of the group. */
  readonly title?: string;
  readonly entry?: GroupEntry;
  /** As in `GroupMembership`. */
  readonly sharePercent?: number | null;
}

/** A named group that the user is in. */
export interface GroupMembership {
  readonly group: string;
  readonly title: string;
  /**
   * Who created it, or was given it since. When the owner leaves: the admin who has been in it for
   * longest, or without admins the member who has.
   */
  readonly owner: number;
  /** By id, without the owner. */
  readonly admins: readonly number[];
  /** Who may join. */
  readonly entry: GroupEntry;
  /**
   * How much of what the group keeps one account may take within an hour, in percent; null: as
   * --group-share says.
   */
  readonly sharePercent: number | null;
  /** Only its members can read what is said in it; from its creation on. */
  readonly e2ee: boolean;
  /** Grows when any of these changes. */
  readonly version: number;
  /** Grows with every change of who is a member, if it is encrypted; else 0. */
  readonly keyEpoch: number;
  /** The number of its newest message when the user joined, the last time. */
  readonly joined: number;
  /** The newest number that a device of the user has acknowledged. */
  readonly cursor: number;
  readonly head: number;
  /** What its members may read: what came since they joined, or all that is kept. */
  readonly history: GroupHistory;
}

/** What a group is made with, for good. */
export interface NewGroup {
  readonly history?: GroupHistory;
  readonly e2ee?: boolean;
}

/** That the user may join a group, and has not. */
export interface Invitation {
  readonly group: string;
  /** Who has invited the user, the last time. */
  readonly by: number;
}

/** Whether a user is there, as far as this one may know. */
export interface UserPresence {
  readonly userId: number;
  readonly online: boolean;
  /** Ms since 1970; absent: the user is online, does not show it, or it is not known. */
  readonly lastSeen?: number;
}

/** What a group is, for all of its members. */
export type GroupFacts = Pick<
  GroupMembership,
  'group' | 'title' | 'owner' | 'admins' | 'entry' | 'sharePercent' | 'e2ee'
>;

/** A change of the members, or of the key, of an encrypted group. */
export interface GroupNewsItem {
  readonly group: string;
  /**
   * `drawn`: there is a new key, for all who are members. `given`: this member was given the one that
   * there is.
   */
  readonly kind: 'created' | 'joined' | 'left' | 'removed' | 'drawn' | 'given';
  /** Whom it is about. */
  readonly userId: number;
  /** Who did it. */
  readonly by: number;
  /** Ms since 1970. */
  readonly at: number;
}

/** Who is in an encrypted group: all of them. */
export interface GroupMembersItem {
  readonly group: string;
  /** Their ids, in order. */
  readonly members: readonly number[];
  /** It is not the group of this name that this device knew before. */
  readonly isAnother?: true;
}

export interface UsersQuery {
  /** Only ids above this one. */
  readonly after?: number;
  readonly limit?: number;
}

/** `peer` or `group`, `keyword` and `before` each narrow the search. */
export interface HistoryQuery {
  /** Only messages exchanged with this user. */
  readonly peer?: number;
  /** Only messages of this group. */
  readonly group?: string;
  /** Only messages that hold this text. */
  readonly keyword?: string;
  /** Only messages older than those of this page: its `next`. */
  readonly before?: string;
  /** At most `limits.pageMessagesMax`. */
  readonly limit: number;
}

export interface HistoryPage {
  /** Oldest first. */
  readonly messages: readonly Message[];
  /** There may be older ones, also if there are no messages here; null: there are none. */
  readonly next: string | null;
  /** There were older ones, but they are not kept any more. */
  readonly expired: boolean;
  /** Of a search that this client has made, and no route: the messages that it has looked into. */
  readonly searched?: number;
}

/**
 * `left`: another device of the user's has asked for it, or somebody for the user. `removed`: the
 * owner or an admin of the group has. `lost`: there is no
 * such group any more, or the user is in another store than before. `unknown`: no route has answered.
 */
export type LeavingReason = 'left' | 'removed' | 'lost' | 'unknown';

export type WarningKind =
  /** The state folder cannot be used: this is an ephemeral device, and remembers nothing. */
  | 'state-unusable'
  /** Another process uses the state folder: this is an ephemeral device. */
  | 'state-in-use'
  /** What the state folder held made no sense and was passed over: this is a new device. */
  | 'state-unreadable'
  /** The state could not be saved: messages shown now may be shown again by the next process. */
  | 'state-not-saved'
  /** The account's secret could not be saved: the next process has to be told it again. */
  | 'secret-not-kept'
  /** What is sent can be read on its way: a route or a server beyond this machine speaks no TLS. */
  | 'not-encrypted'
  /** There are keys, or should be, and this client cannot use them: see the message. */
  | 'encryption-unusable'
  /** A login attempt failed and is repeated. */
  | 'login-failed'
  /** The same, since no route answers. */
  | 'no-route';

/** Each event's payload. */
export interface ClientEvents {
  state: { readonly state: ClientState; readonly previous: ClientState };
  /** Logged in, for the first time or again. `server` is `host:port`, `[host]:port` for an IPv6 address. */
  ready: {
    readonly userId: number;
    readonly userName: string;
    readonly device: string;
    readonly server: string;
  };
  /**
   * A message, in order and once. A listener may return a promise: the next message is not
   * delivered, and this one is not acknowledged, before it resolves. If it fails the client closes,
   * and the message comes again at the next start. Nothing is delivered while nobody listens.
   */
  message: Message;
  /**
   * What happens to a message that is there already: in its place among the messages, awaited and
   * acknowledged as they are, and only if it counts. What an older one says that comes later is not
   * told.
   */
  edited: EditedMessage;
  retracted: RetractedMessage;
  reactions: MessageReactions;
  /**
   * In place of a message that cannot be read, whoever wrote it in whatever way: at its place among
   * the others, and told once. It counts as taken, and nothing waits for it.
   */
  unreadable: UnreadableMessage;
  /**
   * These numbers of a timeline (one's own without `group`) are not kept any more: the device was
   * away for too long.
   */
  gap: { readonly group?: string; readonly first: number; readonly last: number };
  /**
   * The user is in this group now, or no longer, by what another device of theirs has asked for, or an
   * admin: it is followed, or not any more. A group may also be lost with the store that it was in.
   */
  joined: { readonly group: string };
  left: { readonly group: string; readonly reason: LeavingReason };
  /**
   * The owner of a group, or an admin, lets the user join it: CimClient.joinGroup(). Told to who is
   * connected; CimClient.invitations() has them all.
   */
  invited: Invitation;
  /**
   * A group is not any more what the application has been told by `groups()` and the like, or by the
   * event before; also if that changed while the client was away.
   */
  groupChanged: GroupFacts;
  /**
   * What has changed of who is in an encrypted group, and of its key: each once and in order, also what
   * happened while this device was away, of the newest 1 000.
   */
  groupNews: GroupNewsItem;
  /**
   * Who is in an encrypted group, all of them: when this device comes to know it (unless the user is alone
   * in it), and when it cannot be told each change: of more than 1 000 while it was away, or where they are
   * others than it was told before.
   */
  groupMembers: GroupMembersItem;
  /**
   * The key of this user (perhaps one's own) is not the one that this device has seen before. It is
   * used, unless the one before was verified (CimClient.confirmKey()).
   */
  keyChanged: KeyChange;
  /**
   * So many messages wait, the first of them for some seconds: what should store them refuses for now.
   * Told once; they are written again until they are stored. `reason`: as a route says.
   */
  waiting: { readonly messages: number; readonly reason: string };
  /**
   * Of `tabClient()` alone: what waited to be sent (`pending()`) is refused for good. Told in all tabs but
   * the one whose own call rejects.
   */
  refused: { readonly id: string; readonly error: CimError };
  /**
   * Somebody is typing, in private or in a group: told when they begin, and (`ended`) when what they
   * have written comes, or nothing was heard of it for 6 s.
   */
  typing: { readonly from: number; readonly group?: string; readonly ended?: true };
  /**
   * A user whom CimClient.watchPresence() has named is there, or not: told once at the beginning, then
   * when it changes. Whoever goes is offline after 15 s: they may only be reconnecting.
   */
  presence: UserPresence;
  /**
   * A device of somebody has what the user has sent to them, up to this message; or they have read it,
   * and so have it. One's own `by`: read on another device.
   */
  delivered: Mark;
  read: Mark;
  /** The connection was lost; `ready` follows, or `closed`. */
  offline: { readonly reason: string };
  /**
   * Final. `error` is null after close(). `code`: `closed`, an error's code
   * (docs/reference/errors.md) or a close code's name.
   */
  closed: { readonly reason: string; readonly code: string; readonly error: CimError | null };
  warning: { readonly kind: WarningKind; readonly message: string };
}

export type ClientEventName = keyof ClientEvents;

export type ClientEventListener<Name extends ClientEventName> = (
  event: ClientEvents[Name],
) => void | Promise<void>;
