/** A CimClient without a cluster: the test decides what happens, and when. */
import type {
  ClientEventListener,
  ClientEventName,
  ClientEvents,
  ClientState,
  Conversation,
  ConversationPage,
  ConversationQuery,
  DelayedMessage,
  DelayedPage,
  ExportRecord,
  FileBytes,
  GroupHistory,
  GroupMarks,
  GroupMembership,
  HistoryPage,
  HistoryQuery,
  Message,
  MessageExtras,
  MessageFile,
  MessageTrace,
  PeerKey,
  SendFileOptions,
  SentFile,
  SentMessage,
  Target,
  TransferOptions,
  User,
  UsersQuery,
} from '../../../../src/client/sdk/index.ts';
import { CimError } from '../../../../src/client/sdk/index.ts';
import type { Messenger } from '../../../../src/client/terminal/line-runner.ts';
import { groupMembership } from '../../../support/group-membership.ts';

interface Sending {
  /** Of a change: the id of the message that it is about. */
  readonly target: Target | string;
  readonly text: string;
  readonly extras?: MessageExtras;
  readonly outcome: PromiseWithResolvers<SentMessage>;
  isWritten: boolean;
}

export class FakeMessenger implements Messenger {
  state: ClientState = 'idle';
  online: User[] = [];
  /** Oldest first; `hasForgotten`: there were older ones. */
  past: Message[] = [];
  hasForgotten = false;
  followedGroups: string[] = [];
  /** Who is in each group; the first is the owner. */
  readonly members = new Map<string, User[]>();
  readonly #histories = new Map<string, GroupHistory>();
  /** What waits to be sent. */
  waiting: DelayedMessage[] = [];
  ownSecret: string | undefined = 'cim_old';
  breaksExport = false;
  isDeleted = false;
  /** All calls of history(). */
  readonly queries: HistoryQuery[] = [];
  /** All calls of schedule(). */
  readonly schedules: { target: Target; text: string; delaySeconds: number }[] = [];
  /** All calls of send(). */
  readonly sendings: Sending[] = [];
  /** All that markRead() was given: their ids. */
  readonly read: string[] = [];
  /** All that sendTransient() has written. */
  readonly transients: { target: Target; text: string }[] = [];
  /** Answers sends as soon as they are made. */
  answersAtOnce = false;
  readonly #listeners = new Map<string, Set<(event: never) => unknown>>();
  #unanswered = new Set<Sending>();

  on<Name extends ClientEventName>(name: Name, listener: ClientEventListener<Name>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** Resolves when the listeners have taken it. */
  markRead(message: Message | string): void {
    this.read.push(typeof message === 'string' ? message : message.id);
  }

  async emit<Name extends ClientEventName>(name: Name, event: ClientEvents[Name]): Promise<void> {
    const listeners = [...(this.#listeners.get(name) ?? [])] as ClientEventListener<Name>[];
    await Promise.all(listeners.map((listener) => listener(event)));
  }

  listens(name: ClientEventName): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }

  async start(): Promise<void> {
    this.#become('connecting');
  }

  connect(): void {
    this.#become('ready');
    for (const sending of this.#unanswered) sending.isWritten = true;
    void this.emit('ready', { userId: 1, userName: 'bob', device: 'd1', server: '127.0.0.1:9000' });
  }

  disconnect(): void {
    this.#become('reconnecting');
    void this.emit('offline', { reason: 'cut' });
  }

  send(target: Target | string, text: string, extras?: MessageExtras): Promise<SentMessage> {
    const outcome = Promise.withResolvers<SentMessage>();
    const isWritten = this.state === 'ready';
    const sending = { target, text, outcome, isWritten, ...(extras && { extras }) };
    this.sendings.push(sending);
    this.#unanswered.add(sending);
    if (this.answersAtOnce) this.store(this.sendings.length);
    return sending.outcome.promise;
  }

  edit(id: string, text: string): Promise<SentMessage> {
    return this.send(id, `edit ${text}`);
  }

  retract(id: string): Promise<SentMessage> {
    return this.send(id, 'retract');
  }

  react(id: string, emoji: readonly string[]): Promise<SentMessage> {
    return this.send(id, `react ${emoji.join(' ')}`);
  }

  /** What is in files, by their ids. */
  readonly brought = new Map<string, Uint8Array>();

  /** Files take so long. */
  filesArrive: Promise<void> = Promise.resolve();

  async sendFile(_target: Target, blob: Blob, options: SendFileOptions): Promise<SentFile> {
    await this.filesArrive;
    const bytes = new Uint8Array(await blob.arrayBuffer());
    const id = `${this.brought.size + 1}`.padStart(22, 'f');
    this.brought.set(id, bytes);
    options.onProgress?.({ bytes: bytes.length, total: bytes.length });
    const { name, type = '' } = options;
    const facts = { name, type, bytes: bytes.length, capability: id };
    const file = { ...facts, id, sha256: new Uint8Array(32) };
    return { id: `file${this.brought.size}`, seq: this.brought.size, file };
  }

  async *openFile({ id }: MessageFile, { onProgress }: TransferOptions = {}): FileBytes {
    const bytes = this.brought.get(id);
    if (!bytes) throw new CimError('unknown-file');
    yield bytes;
    onProgress?.({ bytes: bytes.length, total: bytes.length });
  }

  async typing(): Promise<void> {}

  /** Who they are; undefined: nobody is told. */
  accounts: User[] | undefined;

  async users(userIds: readonly number[]): Promise<User[]> {
    if (!this.accounts) throw new CimError('not-allowed');
    return this.accounts.filter(({ userId }) => userIds.includes(userId));
  }

  async sendTransient(target: Target, text: string): Promise<SentMessage | undefined> {
    if (this.state !== 'ready') return undefined;
    this.transients.push({ target, text });
    return { id: `~${this.transients.length}`, seq: 0, transient: true };
  }

  /** The n-th message sent is stored. */
  store(count: number): void {
    const sending = this.sendings[count - 1]!;
    this.#unanswered.delete(sending);
    sending.outcome.resolve({ id: `id${count}`, seq: count });
  }

  refuse(count: number, error: CimError): void {
    const sending = this.sendings[count - 1]!;
    this.#unanswered.delete(sending);
    sending.outcome.reject(error);
  }

  async onlineUsers({ after = 0, limit = 1_000 }: UsersQuery = {}): Promise<User[]> {
    return this.online
      .filter(({ userId }) => userId > after)
      .toSorted((a, b) => a.userId - b.userId)
      .slice(0, limit);
  }

  /** Its `before` is how many messages are newer. */
  async history(query: HistoryQuery): Promise<HistoryPage> {
    this.queries.push(query);
    const end = this.past.length - Number(query.before ?? 0);
    const start = Math.max(0, end - query.limit);
    const next = start > 0 ? `${this.past.length - start}` : null;
    const expired = next === null && this.hasForgotten;
    return { messages: this.past.slice(start, end), next, expired };
  }

  async createGroup(
    group: string,
    { history = 'joined' }: { readonly history?: GroupHistory } = {},
  ): Promise<GroupMembership> {
    if (this.members.has(group)) throw new CimError('group-exists');
    this.members.set(group, []);
    this.#histories.set(group, history);
    return this.joinGroup(group);
  }

  async joinGroup(group: string): Promise<GroupMembership> {
    this.#membersOf(group).push({ userId: 1, userName: 'bob' });
    return this.#placeIn(group);
  }

  async leaveGroup(group: string): Promise<void> {
    this.members.set(
      group,
      this.#membersOf(group).filter(({ userId }) => userId !== 1),
    );
  }

  async groups(): Promise<GroupMembership[]> {
    return [...this.members.keys()].map((group) => this.#placeIn(group));
  }

  /** Newest first. */
  talks: Conversation[] = [];

  /** Its `before` is how many are newer. */
  async conversations({ before = '0', limit = 20 }: ConversationQuery): Promise<ConversationPage> {
    const end = Number(before) + limit;
    const next = end < this.talks.length ? `${end}` : null;
    return { conversations: this.talks.slice(Number(before), end), next };
  }

  /** By group: what marksOfGroup() answers; undefined: no route does. */
  readonly marks = new Map<string, Omit<GroupMarks, 'group' | 'seq'>>();

  async marksOfGroup(group: string, seq: number): Promise<GroupMarks> {
    const marks = this.marks.get(group);
    if (!marks) throw new CimError('unavailable');
    return { group, seq, ...marks };
  }

  /** By id: what trace() answers. */
  readonly traces = new Map<string, Omit<MessageTrace, 'id'>>();

  async trace(id: string): Promise<MessageTrace> {
    const trace = this.traces.get(id);
    if (!trace) throw new CimError('not-the-author');
    return { id, ...trace };
  }

  async setMuted(target: Target, muted: boolean): Promise<void> {
    this.#setFlag(target, { muted });
  }

  async setPinned(target: Target, pinned: boolean): Promise<void> {
    this.#setFlag(target, { pinned });
  }

  #setFlag(target: Target, flag: { muted?: boolean; pinned?: boolean }): void {
    const isIt = ({ peer, group }: Conversation) =>
      'to' in target ? peer === target.to : group === target.group;
    this.talks = this.talks.map((each) => (isIt(each) ? { ...each, ...flag } : each));
  }

  async invitations() {
    return [{ group: 'builds', by: 2 }];
  }

  readonly blockedUsers: User[] = [];
  readonly watchedUsers = new Set<number>();
  showsLastSeen = false;

  /** What was asked of groups. */
  readonly groupCalls: unknown[][] = [];

  async groupInfo(group: string): Promise<GroupMembership> {
    return this.#placeIn(group);
  }

  async setGroup(...asked: unknown[]): Promise<void> {
    this.groupCalls.push(['setGroup', ...asked]);
  }

  async setGroupAdmin(...asked: unknown[]): Promise<void> {
    this.groupCalls.push(['setGroupAdmin', ...asked]);
  }

  async handOverGroup(...asked: unknown[]): Promise<void> {
    this.groupCalls.push(['handOverGroup', ...asked]);
  }

  async inviteToGroup(...asked: unknown[]): Promise<void> {
    this.groupCalls.push(['inviteToGroup', ...asked]);
  }

  async removeMember(...asked: unknown[]): Promise<void> {
    this.groupCalls.push(['removeMember', ...asked]);
  }

  async block(userId: number): Promise<void> {
    this.blockedUsers.push({ userId, userName: `user-${userId}` });
  }

  watchPresence(userIds: readonly number[]): void {
    for (const userId of userIds) this.watchedUsers.add(userId);
  }

  unwatchPresence(userIds: readonly number[]): void {
    for (const userId of userIds) this.watchedUsers.delete(userId);
  }

  async showLastSeen(isShown: boolean): Promise<void> {
    this.showsLastSeen = isShown;
  }

  async unblock(userId: number): Promise<void> {
    const at = this.blockedUsers.findIndex((user) => user.userId === userId);
    if (at >= 0) this.blockedUsers.splice(at, 1);
  }

  async blocked(): Promise<User[]> {
    return [...this.blockedUsers];
  }

  async groupMembers(group: string, { after = 0, limit = 1_000 }: UsersQuery): Promise<User[]> {
    const rest = this.#membersOf(group).filter(({ userId }) => userId > after);
    return rest.toSorted((a, b) => a.userId - b.userId).slice(0, limit);
  }

  #membersOf(group: string): User[] {
    const members = this.members.get(group);
    if (!members) throw new CimError('unknown-group');
    return members;
  }

  #placeIn(group: string): GroupMembership {
    const owner = this.#membersOf(group)[0]?.userId ?? 0;
    const history = this.#histories.get(group) ?? 'joined';
    return groupMembership(group, { owner, joined: 3, cursor: 3, head: 5, history });
  }

  async schedule(target: Target, text: string, delaySeconds: number): Promise<{ id: string }> {
    this.schedules.push({ target, text, delaySeconds });
    return { id: 'schedule1' };
  }

  async secret(): Promise<string | undefined> {
    return this.ownSecret;
  }

  /** Of whoever is asked for. */
  safetyNumber = Array.from({ length: 12 }, (_, group) => `${group}`.padStart(5, '0')).join(' ');
  /** The numbers that were confirmed. */
  readonly confirmed: string[] = [];

  async peerKey(userId: number): Promise<PeerKey> {
    const { safetyNumber } = this;
    const verified = this.confirmed.includes(safetyNumber);
    return { userId, userName: 'amy', safetyNumber, verified };
  }

  async confirmKey(_userId: number, safetyNumber: string): Promise<void> {
    if (safetyNumber !== this.safetyNumber) throw new CimError('key-changed');
    this.confirmed.push(safetyNumber);
  }

  /** Who and how much there is. */
  async *export(): AsyncGenerator<ExportRecord> {
    const user = { userId: 1, userName: 'bob' };
    yield { record: 'account', ...user, hasSecret: true, keys: null };
    for (const message of this.past) yield { record: 'message', ...message };
    if (this.breaksExport) throw new CimError('unavailable', 'no route answers');
    yield { record: 'end', messages: this.past.length, expired: this.hasForgotten };
  }

  /** The connection ends before the answer comes, as in a cluster. */
  async deleteAccount(): Promise<void> {
    this.isDeleted = true;
    const error = new CimError('not-allowed');
    this.end({ reason: 'the account was deleted', code: 'account-deleted', error });
    await new Promise((resolve) => setImmediate(resolve));
  }

  async rotateSecret(): Promise<void> {
    this.ownSecret = 'cim_new';
  }

  /** Pages of one. */
  async delayed(after = '0'): Promise<DelayedPage> {
    const sorted = this.waiting.toSorted((a, b) => a.dueAt - b.dueAt);
    const place = Number(after);
    const next = place + 1 < sorted.length ? String(place + 1) : null;
    return { messages: sorted.slice(place, place + 1), next };
  }

  async cancelDelayed(id: string): Promise<void> {
    this.waiting = this.waiting.filter((each) => each.id !== id);
  }

  async close(): Promise<void> {
    this.end({ reason: 'closed by the application', code: 'closed', error: null });
  }

  /** As the cluster does it, or close(). */
  end(event: ClientEvents['closed']): void {
    if (this.state === 'closed') return;
    this.#become('closed');
    for (const { outcome, isWritten } of this.#unanswered)
      outcome.reject(new CimError(isWritten ? 'unconfirmed' : 'unavailable'));
    void this.emit('closed', event);
  }

  #become(state: ClientState): void {
    const previous = this.state;
    this.state = state;
    void this.emit('state', { state, previous });
  }
}
