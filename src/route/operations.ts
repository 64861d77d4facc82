/**
 * What a route does for callers over HTTP, in product verbs. The endpoints (src/route/endpoints/)
 * turn requests into these calls and results into envelopes; src/route/route-operations.ts
 * implements them. Failures are CimErrors.
 */
import type { IssuedToken } from '../auth/tokens.ts';
import type { ApiKeyScope } from '../base/api-key-scope.ts';
import type { Account, KeyPair, PublicKeys } from '../store/accounts.ts';
import type { ApiKey } from '../store/api-keys.ts';
import type { Membership } from '../store/groups.ts';

export interface ServerAddress {
  readonly ip: string;
  readonly tcpPort: number;
  readonly httpPort: number;
  /** Both ports speak TLS. */
  readonly tls: boolean;
}

export interface Login {
  readonly server: ServerAddress;
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
}

export interface PrivateMessage extends SendOptions {
  readonly from: number;
  readonly to: number;
  /** In order; stored as consecutive messages. */
  readonly texts: readonly string[];
}

export interface GroupMessage extends SendOptions {
  readonly from: number;
  readonly group: string;
  readonly text: string;
}

/** A named group as its members see it. */
export interface GroupStatus extends Membership {
  readonly owner: number;
}

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
}

/** A message that waits to be sent. */
export interface DelayedMessage extends Omit<ScheduledMessage, 'from' | 'delaySeconds'> {
  /** ms since 1970 */
  readonly dueAt: number;
}

export interface ServerStatus extends ServerAddress {
  readonly instance: string;
  readonly version: string;
  readonly connections: number;
  /** False while it drains: alive, but no login is sent there. */
  readonly choosable: boolean;
}

export interface RouteOperations {
  /**
   * Idempotent by name; with `--auth secret` only for the holder of the account's secret.
   * `name-taken`, `id-taken`, `unauthenticated`, `account-mismatch`, `invalid-argument`.
   */
  register(registration: { name: string; userId?: number; loginKey?: string }): Promise<Account>;

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
    /** `ip:tcpPort` of servers that just failed the caller. */
    avoid: readonly string[];
  }): Promise<Login>;

  /**
   * Replaces the secret, and ends all that was let in with the old one. Repeating it is harmless.
   * `account-mismatch`, `invalid-argument`, `not-allowed`.
   */
  rotateSecret(change: {
    userId: number;
    loginKey: string;
    newLoginKey: string;
    /** The private key of the account, sealed under the new secret; needed if there is one. */
    wrappedKey?: string;
  }): Promise<void>;

  /** Ends the user's Java session, if older than this call. An unknown user is no error. */
  offLine(userId: number): Promise<void>;

  /**
   * Stores, then pushes. `online`: whether a live session of the receiver exists.
   * `account-mismatch` (sender), `unknown-receiver`, `too-long`, `busy`.
   */
  sendPrivate(message: PrivateMessage): Promise<{ online: boolean }>;

  /** To the lobby, or to a named group: `unknown-group`, `not-a-member`. */
  sendGroup(message: GroupMessage): Promise<void>;

  /** Wakes the reader of the user's Java session; nothing for others. */
  fetchOffline(userId: number): Promise<void>;

  /** Everybody with a live connection, each once, by id. */
  onlineUsers(): Promise<Account[]>;

  /**
   * One page of what is kept of the user's messages. A named group's for members only:
   * `unknown-group`, `not-a-member`. `invalid-argument` for a `before` that is not a `next`.
   */
  history(query: HistoryQuery): Promise<HistoryPage>;

  schedule(message: ScheduledMessage): Promise<void>;

  /** Those of the user that wait, in the order in which they are due. */
  delayed(userId: number): Promise<DelayedMessage[]>;

  /** `unknown-schedule`, `too-late`. */
  cancelDelayed(userId: number, id: string): Promise<void>;

  /** Repeating it is harmless. `group-exists`, `too-many`, `invalid-argument`. */
  createGroup(userId: number, group: string): Promise<GroupStatus>;

  /** Repeating it is harmless. `unknown-group`, `too-many`. */
  joinGroup(userId: number, group: string): Promise<GroupStatus>;

  /** Not being in it is no error. */
  leaveGroup(userId: number, group: string): Promise<void>;

  /** The groups that the user is in, by name. */
  groupsOf(userId: number): Promise<GroupStatus[]>;

  /** Up to `limit` members with ids above `after`; for members only. */
  groupMembers(query: {
    userId: number;
    group: string;
    after: number;
    limit: number;
  }): Promise<Account[]>;

  /**
   * Takes a server (`ip:tcpPort`, or its instance) out of choice and lets everybody there go
   * elsewhere. `not-found` if no such server is alive.
   */
  drain(server: string): Promise<void>;

  servers(): ServerStatus[];

  /** Ends every connection of the user, and makes their tokens void; the number ended. */
  kick(userId: number): Promise<number>;

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

  /** In one line each, what keeps the route from working; empty when ready. */
  problems(): Promise<string[]>;
}
