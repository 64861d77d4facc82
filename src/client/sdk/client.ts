/**
 * CimClient: one device of one user. Logs in, keeps the connection, sends, and delivers what comes,
 * each message once and in order. This is its face to the application; what goes on behind it is in
 * client-core.ts, and calls to routes are in routes.ts; client-parts.ts puts it together.
 */

import { groupNameOf } from '../../base/text/names.ts';
import type { MessageFile } from '../../codec/file-content.ts';
import type { Account } from './account/account.ts';
import type { ClientCore } from './client-core.ts';
import type {
  ClientEventListener,
  ClientEventName,
  ClientState,
  DelayedPage,
  GroupMembership,
  GroupSettings,
  HistoryPage,
  HistoryQuery,
  Invitation,
  Message,
  MessageExtras,
  NewGroup,
  SentMessage,
  Target,
  User,
  UsersQuery,
} from './client-events.ts';
import type { CimClientOptions } from './client-options.ts';
import { type ClientParts, createClientParts } from './client-parts.ts';
import type {
  ConversationPage,
  ConversationQuery,
  GroupMarks,
  MessageTrace,
} from './conversations/conversation.ts';
import type { Encryption } from './e2ee/encryption.ts';
import type { PeerKey } from './e2ee/key-facts.ts';
import { EventEmitter } from './event-emitter.ts';
import type {
  FileBytes,
  SendFileOptions,
  SentFile,
  TransferOptions,
  UploadOptions,
} from './files/transfer.ts';
import { loaded } from './on-demand.ts';
import type { ExportOptions, ExportRecord } from './routes/export.ts';
import { readHistory } from './routes/history.ts';
import type { Routes } from './routes/routes.ts';

export class CimClient {
  readonly #options: CimClientOptions;
  readonly #events = new EventEmitter();
  readonly #account: Account;
  readonly #routes: Routes;
  readonly #encryption: Encryption;
  readonly #core: ClientCore;
  readonly #parts: ClientParts;

  constructor(options: CimClientOptions) {
    this.#options = options;
    const parts = createClientParts(options, this.#events);
    this.#parts = parts;
    this.#account = parts.account;
    this.#routes = parts.routes;
    this.#encryption = parts.encryption;
    this.#core = parts.core;
  }

  get state(): ClientState {
    return this.#core.state;
  }

  /** Returns how to stop listening. */
  on<Name extends ClientEventName>(event: Name, listener: ClientEventListener<Name>): () => void {
    const stop = this.#events.on(event, listener);
    if (event === 'message') this.#core.listening();
    return stop;
  }

  /**
   * Logs in, and tries until it works: resolves when it did, rejects with a CimError if the client
   * is closed before (refused, or by close()).
   */
  start(): Promise<void> {
    return this.#core.start();
  }

  /**
   * Resolves when the message is stored. `text` says plainly what `custom` is, for those who do not
   * know it. May be called in any state but `closed`: what cannot be sent now waits. Rejects with a
   * CimError: `too-long`, `invalid-argument`, `busy` (too much is waiting), `no-key` and `key-changed`
   * (it cannot be encrypted, and must be), what the route refused it with (`unknown-receiver`, …),
   * `unconfirmed` (written, not answered, and the client was closed), `unavailable` (the client was
   * closed before it was written).
   */
  send(target: Target, text: string, extras: MessageExtras = {}): Promise<SentMessage> {
    return this.#core.contents.send(target, text, extras);
  }

  /**
   * Brings a file to the cluster, and sends the message that says so. In private it is encrypted here
   * (unless that is off). Rejects as `send` does, with what routes refuse, or the reason of `signal`.
   */
  sendFile(target: Target, blob: Blob, options: SendFileOptions): Promise<SentFile> {
    return this.#parts.files.send(target, blob, options);
  }

  /**
   * Brings a file to the cluster, for messages to this target: `file` of send(). Rejects likewise. What no
   * message brings is deleted with time.
   */
  uploadFile(target: Target, blob: Blob, options: UploadOptions): Promise<MessageFile> {
    return this.#parts.files.upload(target, blob, options);
  }

  /**
   * What is in the file of a message: of an encrypted one only what its sender has sealed; of any, the
   * end says whether it was the file. Rejects with a CimError (`unknown-file`, `damaged-file`, …).
   */
  openFile(file: MessageFile, options: TransferOptions = {}): FileBytes {
    return this.#parts.files.open(file, options);
  }

  /**
   * Puts another text in the place of that of an own message. Resolves when that is stored, and
   * rejects as `send` does, and with `not-the-author` or `too-late`.
   */
  edit(id: string, text: string, mentions?: readonly number[]): Promise<SentMessage> {
    return this.#core.contents.edit(id, text, mentions);
  }

  /** Takes an own message back, for good: what is stored of it stays, and nobody is shown it. */
  retract(id: string): Promise<SentMessage> {
    return this.#core.contents.retract(id);
  }

  /** All reactions of this user to a message, in the place of those before; none takes them back. */
  react(id: string, emoji: readonly string[]): Promise<SentMessage> {
    return this.#core.contents.react(id, emoji);
  }

  /**
   * For whoever is connected now, at most once, not stored and not answered: telemetry, "is typing".
   * Never waits but for being encrypted, and is never sent again. Undefined if it was not even
   * written: not connected, or too much waits to leave. Rejects with a CimError if it could never be
   * sent: `too-long`, `invalid-argument`, `no-key`, `key-changed`.
   */
  async sendTransient(
    target: Target,
    text: string,
    extras: MessageExtras = {},
  ): Promise<SentMessage | undefined> {
    return this.#core.sendTransient(target, this.#core.contents.draft(target, text, extras));
  }

  /** That the user types: sent every 3 s at most. Rejects as sendTransient() does. */
  typing(target: Target): Promise<void> {
    return this.#core.contents.typing(target);
  }

  /**
   * Who is online, by id: a page of them. Rejects with a CimError, as the following do:
   * `unavailable` when no route answers.
   */
  onlineUsers(query: UsersQuery = {}): Promise<User[]> {
    return this.#routes.onlineUsers(query);
  }

  /** Those of them that there are. `not-allowed`: nobody is proven here (`--auth open`). */
  users(userIds: readonly number[]): Promise<User[]> {
    return this.#routes.users(userIds);
  }

  /**
   * Makes a group, with the user as its owner and first member, and follows it. Repeating it is
   * harmless, as it is with the following two. `history`: what members may read; `joined` if absent,
   * and it stays as it is. `e2ee`: only members can read it. `group-exists`: somebody else has made it.
   */
  async createGroup(group: string, settings: NewGroup = {}): Promise<GroupMembership> {
    const { userId } = this.#options;
    const name = groupNameOf(group);
    const create = () => this.#routes.createGroup(userId, name, settings);
    return this.#core.groups.follow(name, () => this.#encryption.withPublishedKey(create));
  }

  async joinGroup(group: string): Promise<GroupMembership> {
    const name = groupNameOf(group);
    const { userId, e2ee } = this.#options;
    const join = () => this.#routes.joinGroup(userId, name, e2ee !== 'off');
    return this.#core.groups.follow(name, () => this.#encryption.withPublishedKey(join));
  }

  /** What is in the group is no longer the user's, on any device. */
  async leaveGroup(group: string): Promise<void> {
    const { userId } = this.#options;
    const name = groupNameOf(group);
    return this.#core.groups.unfollow(name, () => this.#routes.leaveGroup(userId, name));
  }

  /** The names of the groups that are followed now. */
  get followedGroups(): readonly string[] {
    return this.#core.groups.names;
  }

  /** The named groups that the user is in. */
  async groups(): Promise<GroupMembership[]> {
    const memberships = await this.#routes.groups(this.#options.userId);
    return memberships.map((each) => this.#core.groupNews.learn(each));
  }

  /** To groups that the user may join: the newest 100, the newest first. */
  invitations(): Promise<Invitation[]> {
    return this.#routes.invitations(this.#options.userId);
  }

  /** Those with the lowest ids above `after`, in their order. */
  groupMembers(group: string, query: UsersQuery = {}): Promise<User[]> {
    return this.#routes.groupMembers(this.#options.userId, group, query);
  }

  /** What a group is. `not-a-member`, `unknown-group`, `removed-from-group`. */
  async groupInfo(group: string): Promise<GroupMembership> {
    return this.#core.groupNews.learn(await this.#routes.groupInfo(this.#options.userId, group));
  }

  /**
   * As its owner, or of the title as an admin. Rejects as the following do, which are as harmless to
   * repeat: `not-the-owner`, `not-an-admin`, `unknown-group`.
   */
  setGroup(group: string, settings: GroupSettings): Promise<void> {
    return this.#routes.setGroup(this.#options.userId, group, settings);
  }

  /** As the owner: a member is an admin from now on, or no more. `no-such-member`, `too-many`. */
  setGroupAdmin(group: string, userId: number, isAdmin: boolean): Promise<void> {
    return this.#routes.setGroupAdmin(this.#options.userId, group, userId, isAdmin);
  }

  /** As the owner, who is a plain member then. `no-such-member`. */
  handOverGroup(group: string, userId: number): Promise<void> {
    return this.#routes.handOverGroup(this.#options.userId, group, userId);
  }

  /** As the owner or an admin: they may join, also if they were removed. `unknown-receiver`, `too-many`. */
  inviteToGroup(group: string, userId: number): Promise<void> {
    return this.#routes.inviteToGroup(this.#options.userId, group, userId);
  }

  /** As the owner or an admin: they are no member, nor invited, and join by invitation only. */
  removeMember(group: string, userId: number): Promise<void> {
    const remove = () => this.#routes.removeMember(this.#options.userId, group, userId);
    return this.#encryption.groups.remove(group, userId, remove);
  }

  /**
   * Nothing private of this user arrives any more, and they are not told. What is stored already is
   * still shown; what both say in groups, too. `unknown-receiver`, `too-many`.
   */
  block(userId: number): Promise<void> {
    return this.#routes.block(this.#options.userId, userId);
  }

  /** What they have sent meanwhile does not come. */
  unblock(userId: number): Promise<void> {
    return this.#routes.unblock(this.#options.userId, userId);
  }

  /**
   * From now on, over reconnects, `presence` tells of these users too: 256 in all at most. Whoever has
   * blocked this user is never there, nor is who does not exist. Throws `too-many`, `invalid-argument`.
   */
  watchPresence(userIds: readonly number[]): void {
    this.#core.presence.watch(userIds);
  }

  unwatchPresence(userIds: readonly number[]): void {
    this.#core.presence.unwatch(userIds);
  }

  /** Whether others may know when this user was last seen; if not, that is forgotten, and not kept. */
  showLastSeen(isShown: boolean): Promise<void> {
    return this.#routes.showLastSeen(this.#options.userId, isShown);
  }

  /** Whom this user has blocked, by id. */
  blocked(): Promise<User[]> {
    return this.#routes.blocked(this.#options.userId);
  }

  /**
   * It was shown, and with it what came before in its conversation: its sender hears `read`, and it
   * is no longer unread on any device. Told with the next acknowledgement. An id is enough of what
   * this client has shown lately; `invalid-argument` otherwise.
   */
  markRead(message: Message | string): void {
    this.#core.markRead(message);
  }

  /** With people and in groups, pinned ones first and then the newest: a page of them, with what is unread in each. */
  conversations(query: ConversationQuery = {}): Promise<ConversationPage> {
    return this.#parts.conversations.list(query);
  }

  /** On all devices of the user: what comes there is to make no noise. `too-many`. */
  setMuted(target: Target, muted: boolean): Promise<void> {
    return this.#parts.conversations.set(target, { muted });
  }

  /** On all devices of the user: it stays on top. `too-many`. */
  setPinned(target: Target, pinned: boolean): Promise<void> {
    return this.#parts.conversations.set(target, { pinned });
  }

  /** How many of a group, and who of a small one, have got to the message with this number. */
  marksOfGroup(group: string, seq: number): Promise<GroupMarks> {
    return this.#parts.conversations.marksOfGroup(group, seq);
  }

  /**
   * Where an own message is: whether it is stored, and how many have it and have read it, as far as
   * receipts tell. `not-the-author`, `not-a-member`.
   */
  trace(id: string): Promise<MessageTrace> {
    return this.#routes.trace(this.#options.userId, id);
  }

  /**
   * Tells by events how far others have got there already; what moves is told anyway. In a group: with
   * what the user has said there since this client started.
   */
  followMarks(target: Target): Promise<void> {
    return this.#core.followMarks(target);
  }

  /**
   * The newest `limit` that match; older pages by `before`. It may be fewer while there are more:
   * edits, retractions and reactions are part of the messages that they are about, and this client
   * searches for a keyword itself, a page at a time, as only it can open what is encrypted. Read from
   * the newest on, the messages are as they are now.
   */
  history(query: HistoryQuery): Promise<HistoryPage> {
    const { contents } = this.#core;
    return readHistory(this.#routes, this.#encryption, contents, this.#options.userId, query);
  }

  /**
   * Has the routes send this text later, whether the client is there or not. Resolves with the
   * schedule's id when it is stored; `unconfirmed` if that is not known.
   */
  schedule(target: Target, text: string, delaySeconds: number): Promise<{ readonly id: string }> {
    return this.#parts.schedules.create(target, text, delaySeconds);
  }

  /** The user's messages that wait to be sent, those of other devices included. */
  delayed(after?: string): Promise<DelayedPage> {
    return this.#parts.schedules.list(after);
  }

  /** `unknown-schedule`: none waits under this id; `too-late`: it is being sent. */
  cancelDelayed(id: string): Promise<void> {
    return this.#routes.cancelDelayed(this.#options.userId, id);
  }

  /**
   * The key of this user, as the cluster says it is, and the number to compare with theirs by
   * another way. Rejects with a CimError: `unknown-receiver`, `no-key`.
   */
  peerKey(userId: number): Promise<PeerKey> {
    return this.#encryption.peerKey(userId);
  }

  /**
   * The number has been compared and is right: from now on nothing is sent to this user under
   * another key. `key-changed`: their key is not the one that the number is of.
   */
  confirmKey(userId: number, safetyNumber: string): Promise<void> {
    return this.#encryption.confirmKey(userId, safetyNumber);
  }

  /** The secret of the account, for another device of the user. Undefined: it has none. */
  secret(): Promise<string | undefined> {
    return this.#account.secret();
  }

  /**
   * Gives the account a new secret and keeps it. The user's other devices are logged out, unless
   * they keep their secret at the same place. `unconfirmed`: the next login finds out.
   */
  rotateSecret(): Promise<void> {
    return this.#account.rotateSecret();
  }

  /**
   * All that the cluster has of the user, opened where it was sealed; the history from the newest back.
   * Waits where it is too much for now. Rejects with a CimError, or the reason of `signal`.
   */
  async *export(options: ExportOptions = {}): AsyncGenerator<ExportRecord, void, undefined> {
    const { exportData } = await loaded(() => import('./routes/export.ts'));
    const keys = async () =>
      this.#account.keepsKeys && (await this.#routes.keys([this.#options.userId]))[0];
    yield* exportData({ ...this.#options, client: this, keys }, options);
  }

  /**
   * Deletes the account for good, and logs every device of the user out (`closed`, `account-deleted`).
   * `unconfirmed`: the next login finds out.
   */
  deleteAccount(): Promise<void> {
    return this.#account.delete();
  }

  /**
   * Waits up to `timeoutMs` (default 5 000) for outstanding acknowledgements, also through a reconnect,
   * and closes. Idempotent; never rejects. What is unanswered then is rejected: send().
   */
  close({ timeoutMs = 5_000 }: { readonly timeoutMs?: number } = {}): Promise<void> {
    return this.#core.close(timeoutMs);
  }
}
