/** What a CimClient tells and takes: its events, and the shapes of messages. */
import type { CimError } from '../../base/errors.ts';
import type { Unreadable } from './e2ee/encryption.ts';
import type { KeyChange } from './e2ee/peer-keys.ts';

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
  /** Its number in the timeline of the user, or of the group; 0 for a transient message. */
  readonly seq: number;
  /** When it was accepted, ms since 1970. */
  readonly at: number;
  /** It is not stored: shown to whoever was connected, at most once. */
  readonly transient?: true;
  /** Only the devices of both sides could read it, and it is by whom it says. */
  readonly encrypted?: true;
  /** It was encrypted, and cannot be read here: its text is empty. */
  readonly unreadable?: Unreadable;
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
  readonly encrypted?: true;
  readonly unreadable?: Unreadable;
}

/** A named group that the user is in. */
export interface GroupPlace {
  readonly group: string;
  /** Who created it; when the owner leaves, whoever has been in it for longest. */
  readonly owner: number;
  /** The number of its newest message when the user joined: what came before is not theirs. */
  readonly joined: number;
  /** The newest number that a device of the user has acknowledged. */
  readonly cursor: number;
  readonly head: number;
}

export interface MembersQuery {
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
  | 'login-failed';

/** Each event's payload. */
export interface ClientEvents {
  state: { readonly state: ClientState; readonly previous: ClientState };
  /** Logged in, for the first time or again. `server` is `ip:port`. */
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
   * These numbers of a timeline (one's own without `group`) are not kept any more: the device was
   * away for too long.
   */
  gap: { readonly group?: string; readonly first: number; readonly last: number };
  /**
   * The user is in this group now, or no longer, by what another device of theirs has asked for: it
   * is followed, or not any more.
   */
  joined: { readonly group: string };
  left: { readonly group: string };
  /**
   * The key of this user (perhaps one's own) is not the one that this device has seen before. It is
   * used, unless the one before was verified (CimClient.confirmKey()).
   */
  keyChanged: KeyChange;
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
