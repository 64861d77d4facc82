/**
 * What a route does for callers over HTTP, in product verbs. The endpoints (src/route/endpoints/)
 * turn requests into these calls and results into envelopes; src/route/route-operations.ts
 * implements them. Failures are CimErrors.
 */

import type { Readable } from 'node:stream';
import type { GroupHistory } from '../base/group-history.ts';
import type { ApiKeyScope } from '../base/secrets/api-key-scope.ts';
import type { Guess } from '../limits/guess-rate.ts';
import type { Account, KeyPair, PublicKeys } from '../store/accounts.ts';
import type { FileFacts, FileUsage } from '../store/files.ts';
import type {
  ChangesPlace,
  Draw,
  Drawn,
  GivenSlot,
  GroupKeyChanges,
  OwnKeys,
  SlotPlace,
} from '../store/group-keys.ts';
import type { GroupChange, Invitation } from '../store/groups.ts';
import type { GroupMarks } from '../store/marks.ts';
import type { TimelineId } from '../store/timelines.ts';
import type { BegunFile, FinishedFile, UploadedPart } from './files/file-service.ts';
import type { TransferPeer } from './files/transfers.ts';
import type { PushAttempt } from './messages/push-record.ts';
import type {
  ApiKeyInfo,
  ConversationEntry,
  DelayedPage,
  DeviceKeyInfo,
  GroupSend,
  GroupStatus,
  HistoryPage,
  HistoryQuery,
  ImportedAccount,
  ImportedMessage,
  ImportFate,
  Login,
  MessageTrace,
  Outlook,
  OwnTrace,
  PeerMarks,
  PrivateMessage,
  RetainedTopic,
  ScheduledMessage,
  ServerStatus,
  UserPresence,
} from './operation-shapes.ts';

/** A finished file; `read` or `close` must be called. */
export interface OpenedFile extends Pick<FileFacts, 'bytes' | 'type' | 'sha256'> {
  /** From a byte up to another, which is not in it. */
  read(from: number, to: number): Promise<Readable>;
  /** Nothing of it is wanted. */
  close(): void;
}

export interface RouteOperations {
  /**
   * Begins an upload, or goes on with it. `account-mismatch`, `no-files`, `file-too-large`,
   * `no-room-for-files`, `file-exists`, `invalid-argument`, `busy`.
   */
  beginFile(facts: FileFacts): Promise<BegunFile>;

  /** `unknown-file`, `bad-chunk`, `no-files`, `busy`. */
  putFilePart(part: UploadedPart): Promise<void>;

  /** `unknown-file`, `incomplete-file`, `bad-file`, `no-files`, `busy`. */
  finishFile(id: string, capability: string): Promise<FinishedFile>;

  /** Of an upload. False: it is finished, and stays. `unknown-file`, `no-files`, `busy`. */
  cancelFile(id: string, capability: string): Promise<boolean>;

  /** `unknown-file`, `no-files`, `busy`. */
  openFile(file: {
    readonly id: string;
    readonly capability: string;
    readonly peer: TransferPeer;
  }): Promise<OpenedFile>;

  /** For operators. */
  fileUsage(): Promise<FileUsage>;

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

  /** For all devices of the user. `unknown-receiver`, `unknown-group`, `not-a-member` (to set one), `too-many`. */
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
   * it is. `e2ee`: it is encrypted, for good. `group-exists`, `no-key`, `too-many`, `invalid-argument`.
   */
  createGroup(
    userId: number,
    group: string,
    made?: { readonly history?: GroupHistory; readonly e2ee?: boolean } | undefined,
  ): Promise<GroupStatus>;

  /**
   * Repeating it is harmless. `e2ee`: who asks can read what is encrypted. `unknown-group`, `too-many`,
   * `removed-from-group`, `group-closed`, `not-invited`, `encrypted-group`, `no-key`.
   */
  joinGroup(userId: number, group: string, e2ee?: boolean): Promise<GroupStatus>;

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
   * Of the register of an encrypted group (src/store/group-keys.ts), for members only: `not-a-member`,
   * `unknown-group`, `not-encrypted`. All are harmless to repeat.
   */
  readGroupKeys(userId: number, group: string, after?: SlotPlace): Promise<OwnKeys>;
  drawGroupKey(draw: Draw): Promise<Drawn>;
  giveGroupKeys(userId: number, group: string, slots: readonly GivenSlot[]): Promise<number>;
  forgetGroupKeys(userId: number, group: string): Promise<void>;
  groupChanges(userId: number, group: string, after: ChangesPlace): Promise<GroupKeyChanges>;

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
   * For operators: keeps the user out until they are let in again; how many connections have ended.
   * `not-found`, `not-allowed` (with `--auth open`).
   */
  setAccountBlocked(userId: number, isBlocked: boolean): Promise<number>;

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

  /**
   * At most once, to whoever is connected and has subscribed. `isRetained`: new subscribers get it first,
   * and an empty text removes what they get. The number of what is retained or was removed; 0: nothing is.
   * `invalid-argument`, `too-long`, `too-many`, `busy`.
   */
  publish(publication: {
    readonly topic: string;
    readonly text: string;
    readonly isRetained: boolean;
    readonly contentType?: string;
    readonly lifeMs?: number;
  }): Promise<number>;

  /** Of the topics that a filter matches; a page may be empty, and not the last. `invalid-argument`, `too-long`. */
  retained(
    filter: string,
    after?: string,
  ): Promise<{ readonly values: readonly RetainedTopic[]; readonly next: string | null }>;

  /** The key is told this once. `invalid-argument`, `too-long`, `too-many`. */
  createDeviceKey(
    name: string,
    allow: readonly string[],
  ): Promise<DeviceKeyInfo & { readonly key: string }>;

  /** By id. `after`: the `next` of the page before. */
  deviceKeys(
    after?: string,
  ): Promise<{ readonly keys: readonly DeviceKeyInfo[]; readonly next: string | null }>;

  /** `not-found`. */
  revokeDeviceKey(id: string): Promise<void>;

  /** The pair that the account has now: the first one offered. `not-allowed`, `invalid-argument`. */
  publishKey(userId: number, pair: KeyPair): Promise<KeyPair>;

  /** Null: there is none. `not-allowed`. */
  ownKey(userId: number): Promise<KeyPair | null>;

  /** For operators: where a message is. `invalid-argument`, `busy`. */
  trace(id: string): Promise<MessageTrace>;

  /**
   * Where a message of the user is, as far as receipts tell it: `invalid-argument`, `not-the-author`,
   * `not-a-member`.
   */
  ownTrace(userId: number, id: string): Promise<OwnTrace & { readonly scannedBytes: number }>;

  /** For operators: what would become of a message to a user (`to`) or a group now. */
  outlook(target: { readonly to: number; readonly group: string }): Promise<Outlook>;

  /** For operators: what this route knows of pushes of one message. */
  pushesOf(timeline: TimelineId, seq: number): readonly PushAttempt[];

  /** In the order asked; null where there is no account. `not-allowed`. */
  publicKeys(userIds: readonly number[]): Promise<(PublicKeys | null)[]>;
}
