/**
 * What a route does for callers over HTTP, in product verbs. The endpoints (src/route/endpoints/)
 * turn requests into these calls and results into envelopes; src/route/route-operations.ts
 * implements them. Failures are CimErrors.
 */

import type { IssuedToken } from '../auth/tokens.ts';
import type { GroupHistory } from '../base/group-history.ts';
import type { RoleAddress } from '../base/network/role-address.ts';
import type { ApiKeyScope } from '../base/secrets/api-key-scope.ts';
import type { Guess } from '../limits/guess-rate.ts';
import type { Account, KeyPair, PublicKeys } from '../store/accounts.ts';
import type { ApiKey } from '../store/api-keys.ts';
import type { Group, GroupChange, Invitation, Membership } from '../store/groups.ts';
import type { GroupMarks } from '../store/marks.ts';
import type { ContentFields } from './messages/http-content.ts';

export interface Login {
  /** Of the server to connect to. */
  readonly address: RoleAddress;
  /** What lets the user in there; Java callers get none. */
  readonly token?: IssuedToken;
}

/** A key as it is listed. */
export type ApiKeyInfo = Omit<ApiKey, 'hash'>;

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

export interface RouteOperations {
  /**
   * Idempotent by name; with `--auth secret` only for the holder of the account's secret.
   * `name-taken`, `id-taken`, `unauthenticated`, `account-mismatch`, `invalid-argument`,
   * `too-many-requests`.
   */
  register(registration: {
    name: string;
    userId?: number;
    loginKey?: string;
    guess?: Guess;
  }): Promise<Account>;

  /**
   * Chooses a server. `account-mismatch` unless the id bears the name and what is shown proves it;
   * `unauthenticated` if nothing is; `no-server`; for a Java caller `repeat-login` while a live
   * Java session of the user exists.
   */
  login(login: {
    userId: number;
    userName: string;
    loginKey?: string;
    /** The application has signed for this very user. */
    vouched?: boolean;
    java: boolean;
    guess?: Guess;
    /** `host:port` of servers that just failed the caller. */
    avoid: readonly string[];
  }): Promise<Login>;

  /**
   * Replaces the secret, and ends all that was let in with the old one. Repeating it is harmless.
   * `account-mismatch`, `invalid-argument`, `not-allowed`, `too-many-requests`.
   */
  rotateSecret(change: {
    userId: number;
    loginKey: string;
    newLoginKey: string;
    /** The private key of the account, sealed under the new secret; needed if there is one. */
    wrappedKey?: string;
    guess?: Guess;
  }): Promise<void>;

  /**
   * Nothing private of the peer is delivered to the user any more, and the peer is not told. Harmless
   * to repeat. `unknown-receiver`, `invalid-argument`, `too-many`.
   */
  block(userId: number, peer: number): Promise<void>;

  /** Also of one who was not blocked. */
  unblock(userId: number, peer: number): Promise<void>;

  /** By id. */
  blocked(userId: number): Promise<Account[]>;

  /** Newest first. `before`: the `next` of the page before; `invalid-argument` for what is none. */
  conversations(
    userId: number,
    page: { readonly before?: string; readonly limit: number },
  ): Promise<{ conversations: ConversationEntry[]; next: string | null; scannedBytes: number }>;

  /** For all devices of the user. `too-many`. */
  setConversation(
    userId: number,
    conversation: { readonly peer: number; readonly group: string },
    flags: { readonly muted?: boolean; readonly pinned?: boolean },
  ): Promise<void>;

  /** Of each group how many members have got to this message, for members only: `not-a-member`. */
  marksOfGroup(userId: number, group: string, seq: number): Promise<GroupMarks>;

  /** What each of these has of what the user has sent to them; in the order asked. */
  marksOfPeers(userId: number, peers: readonly number[]): Promise<PeerMarks[]>;

  /**
   * The user has read this message, whose number is `seq` in their timeline or the group's, and what
   * came before. `invalid-argument`, `busy`.
   */
  markRead(
    userId: number,
    message: { readonly id: string; readonly seq: number; readonly quietly: boolean },
  ): Promise<void>;

  /** The store's salt (src/store/identity.ts). */
  salt(): Promise<string>;

  /** Ends the user's Java session, if older than this call. An unknown user is no error. */
  offLine(userId: number): Promise<void>;

  /**
   * Stores, then pushes. `online`: whether a live session of the receiver exists. `id`: of the last
   * message, if it is stored. `account-mismatch` (sender), `unknown-receiver`, `too-long`, `busy`,
   * `not-the-author`.
   */
  sendPrivate(message: PrivateMessage): Promise<{ online: boolean; id?: string }>;

  /** To the lobby, or to a named group: `unknown-group`, `not-a-member`. */
  sendGroup(message: GroupSend): Promise<{ id?: string }>;

  /** Wakes the reader of the user's Java session; nothing for others. */
  fetchOffline(userId: number): Promise<void>;

  /**
   * The first `limit` (`limits.onlinePageMax` at most) with ids above `after` who have a live
   * connection, each once, by id.
   */
  onlineUsers(page: { after: number; limit: number }): Promise<Account[]>;

  /**
   * In the order asked. `caller`: whoever has blocked them is not there for them; null: an
   * application, or nobody that is known.
   */
  presence(userIds: readonly number[], caller: number | null): Promise<UserPresence[]>;

  /** `account-mismatch`: there is no such account. */
  showLastSeen(userId: number, isShown: boolean): Promise<void>;

  /**
   * One page of what is kept of the user's messages. A named group's for members only:
   * `unknown-group`, `not-a-member`. `invalid-argument` for a `before` that is not a `next`.
   */
  history(query: HistoryQuery): Promise<HistoryPage>;

  schedule(message: ScheduledMessage): Promise<void>;

  /**
   * A page of those of the user that wait, in the order in which they are due. `after`: the `next` of
   * the page before. `invalid-argument` for what is none.
   */
  delayed(userId: number, after?: string): Promise<DelayedPage>;

  /** `unknown-schedule`, `too-late`. */
  cancelDelayed(userId: number, id: string): Promise<void>;

  /**
   * Repeating it is harmless. `history`: what members may read; of a group that exists it stays as
   * it is. `group-exists`, `too-many`, `invalid-argument`.
   */
  createGroup(userId: number, group: string, history?: GroupHistory): Promise<GroupStatus>;

  /**
   * Repeating it is harmless. `unknown-group`, `too-many`, `removed-from-group`, `group-closed`,
   * `not-invited`.
   */
  joinGroup(userId: number, group: string): Promise<GroupStatus>;

  /** Not being in it is no error. `unknown-group`: there is none of this name. */
  leaveGroup(userId: number, group: string): Promise<void>;

  /**
   * What the user asks for, as owner or admin (src/store/groups.ts). Repeating it is harmless. A title
   * that is empty is the group's name. `unknown-group`, `not-the-owner`, `not-an-admin`,
   * `no-such-member`, `unknown-receiver`, `too-many`, `too-long`, `invalid-argument`.
   */
  changeGroup(userId: number, group: string, change: GroupChange): Promise<void>;

  /** For members only: `unknown-group`, `not-a-member`, `removed-from-group`. */
  groupOf(userId: number, group: string): Promise<GroupStatus>;

  /** The groups that the user is in, by name. */
  groupsOf(userId: number): Promise<GroupStatus[]>;

  /** To groups that the user may join, the newest first; none by whom the user has blocked. */
  invitations(userId: number): Promise<Invitation[]>;

  /** Up to `limit` members with ids above `after`; for members only. */
  groupMembers(query: {
    userId: number;
    group: string;
    after: number;
    limit: number;
  }): Promise<Account[]>;

  /**
   * Takes a server (`host:port` of its port for clients, or its instance) out of choice and lets everybody there go
   * elsewhere. `not-found` if no such server is alive.
   */
  drain(server: string): Promise<void>;

  /**
   * A backup has been put in the place of the store: it is another one from now on, as its clients
   * will see. Answers its id.
   */
  renewStoreId(): Promise<string>;

  /**
   * Copies the embedded store into a file on the route's machine: its path. `not-found` if the store
   * is another one or has no file, `busy`.
   */
  backUp(): Promise<string>;

  /** The first `limit` that are alive with instances above `after`, by instance. */
  servers(page: { after: string; limit: number }): ServerStatus[];
  /** In their order. Repeating it is harmless. */
  importAccounts(accounts: readonly ImportedAccount[]): Promise<ImportFate[]>;

  /** The same, for a week; a receiver's in their order. */
  importMessages(messages: readonly ImportedMessage[]): Promise<ImportFate[]>;

  /** Ends every connection of the user, and makes their tokens void; the number ended. */
  kick(userId: number): Promise<number>;

  /**
   * Deletes an account for good; how many connections that ended. Repeating it is harmless, and what it
   * could not finish routes finish by themselves. `proof`: of who is to hold it, with `--auth secret`;
   * absent: an operator's word. `not-found`, `account-deleted` (to whoever would have to prove it),
   * `account-mismatch`, `unauthenticated`, `busy`.
   */
  deleteAccount(
    userId: number,
    proof?: { readonly loginKey?: string; readonly guess?: Guess },
  ): Promise<number>;

  /**
   * Gives the account another secret, whatever it had; its key pair is lost with the old one.
   * `not-found`, `invalid-argument`.
   */
  resetSecret(userId: number, loginKey: string): Promise<void>;

  /** The key is told this once. `too-many`. */
  createApiKey(label: string, scope: ApiKeyScope): Promise<ApiKeyInfo & { readonly key: string }>;

  /** Oldest first. */
  apiKeys(): Promise<ApiKeyInfo[]>;

  /** `not-found`. */
  revokeApiKey(id: string): Promise<void>;

  /** The pair that the account has now: the first one offered. `not-allowed`, `invalid-argument`. */
  publishKey(userId: number, pair: KeyPair): Promise<KeyPair>;

  /** Null: there is none. `not-allowed`. */
  ownKey(userId: number): Promise<KeyPair | null>;

  /** In the order asked; null where there is no account. `not-allowed`. */
  publicKeys(userIds: readonly number[]): Promise<(PublicKeys | null)[]>;
}
