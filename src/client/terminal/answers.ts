/** Answers what a line asks of the cluster, or of the client itself. */
import { limits } from '../../base/limits.ts';
import { searchForm } from '../../base/text/normal-form.ts';
import {
  type CimClient,
  CimError,
  type ClientEvents,
  type DelayedMessage,
  lobby,
  type PeerKey,
  type User,
} from '../sdk/index.ts';
import { ConversationPages } from './conversation-pages.ts';
import { exportTo } from './export-file.ts';
import type { Query } from './input/action.ts';
import { emojiPage, emojiPages } from './input/emoji.ts';
import { everyInput } from './input/input.ts';
import { Past } from './past.ts';
import { pastMessage } from './past-message.ts';
import type { People } from './people.ts';
import { readByOf } from './readers.ts';
import type { RecentMessage, RecentMessages } from './recent-messages.ts';
import type { ConversationChange, MemberChange, Result } from './view/view.ts';

/** What is asked of a CimClient. */
export type Oracle = Pick<
  CimClient,
  | 'state'
  | 'on'
  | 'onlineUsers'
  | 'history'
  | 'conversations'
  | 'marksOfGroup'
  | 'trace'
  | 'setMuted'
  | 'setPinned'
  | 'createGroup'
  | 'joinGroup'
  | 'leaveGroup'
  | 'groups'
  | 'invitations'
  | 'groupMembers'
  | 'groupInfo'
  | 'setGroup'
  | 'setGroupAdmin'
  | 'handOverGroup'
  | 'inviteToGroup'
  | 'removeMember'
  | 'block'
  | 'unblock'
  | 'blocked'
  | 'users'
  | 'watchPresence'
  | 'unwatchPresence'
  | 'showLastSeen'
  | 'delayed'
  | 'cancelDelayed'
  | 'secret'
  | 'rotateSecret'
  | 'export'
  | 'deleteAccount'
  | 'peerKey'
  | 'confirmKey'
>;

export interface AnswersOptions {
  readonly client: Oracle;
  readonly people: People;
  readonly recent: RecentMessages;
  readonly userId: number;
  readonly userName: string;
  /** Something that the person should know meanwhile, in one line. */
  readonly notice: (text: string) => void;
}

export class Answers {
  readonly #options: AnswersOptions;
  readonly #past: Past;
  readonly #conversations: ConversationPages;
  /** What `:more` goes on with. */
  #shown: { more(): Promise<Result> };
  #lastReady: ClientEvents['ready'] | undefined;
  /** By user id: the numbers that were shown to be compared. */
  readonly #shownNumbers = new Map<number, string>();

  constructor(options: AnswersOptions) {
    this.#options = options;
    this.#past = new Past(options.client);
    this.#conversations = new ConversationPages(options);
    this.#shown = this.#past;
    options.client.on('ready', (event) => {
      this.#lastReady = event;
    });
  }

  /** Rejects with a CimError. */
  async to(query: Query): Promise<Result> {
    const { client } = this.#options;
    switch (query.kind) {
      case 'help':
        return { kind: 'help', inputs: everyInput };
      case 'emoji':
        return { kind: 'emoji', page: query.page, emoji: emojiPage(query.page), pages: emojiPages };
      case 'info':
        return this.#info();
      case 'online':
        return { kind: 'online', users: await this.#online(query.prefix), prefix: query.prefix };
      case 'history':
        this.#shown = this.#past;
        return this.#past.newest(query.query);
      case 'conversations':
        this.#shown = this.#conversations;
        return this.#conversations.newest(query.limit);
      case 'more':
        return this.#shown.more();
      case 'read-by':
        return this.#readBy(query.message);
      case 'trace':
        return { kind: 'trace', trace: await client.trace(this.#ownMessage(query.message)) };
      case 'mute':
      case 'unmute':
        await client.setMuted(query, query.kind === 'mute');
        return conversationSet(query);
      case 'pin':
      case 'unpin':
        await client.setPinned(query, query.kind === 'pin');
        return conversationSet(query);
      case 'delayed':
        return { kind: 'delayed', messages: await this.#delayed() };
      case 'cancel':
        return { kind: 'cancelled', message: await this.#cancel(query.id) };
      case 'create': {
        const { group, kind: _, ...options } = query;
        return { kind: 'created', membership: await client.createGroup(group, options) };
      }
      case 'join':
        return { kind: 'joined', membership: await client.joinGroup(query.group) };
      case 'leave':
        await client.leaveGroup(query.group);
        return { kind: 'left', group: query.group };
      case 'group':
        return { kind: 'group', membership: await client.groupInfo(query.group) };
      case 'set-group':
        await client.setGroup(query.group, query.settings);
        return { kind: 'group-set', group: query.group, settings: query.settings };
      case 'admin':
      case 'unadmin':
        await client.setGroupAdmin(query.group, query.userId, query.kind === 'admin');
        return memberChange(query);
      case 'owner':
        await client.handOverGroup(query.group, query.userId);
        return memberChange(query);
      case 'invite':
        await client.inviteToGroup(query.group, query.userId);
        return memberChange(query);
      case 'remove':
        await client.removeMember(query.group, query.userId);
        return memberChange(query);
      case 'block':
        await client.block(query.userId);
        return { kind: 'blocking', userId: query.userId, isBlocked: true };
      case 'unblock':
        await client.unblock(query.userId);
        return { kind: 'blocking', userId: query.userId, isBlocked: false };
      case 'blocked':
        return { kind: 'blocked', users: await this.#blocked() };
      case 'watch':
        await this.#requireUsers(query.userIds);
        client.watchPresence(query.userIds);
        return { kind: 'watching', userIds: query.userIds, isWatched: true };
      case 'unwatch':
        client.unwatchPresence(query.userIds);
        return { kind: 'watching', userIds: query.userIds, isWatched: false };
      case 'last-seen':
        await client.showLastSeen(query.isShown);
        return { kind: 'last-seen', isShown: query.isShown };
      case 'groups':
        return { kind: 'groups', memberships: await client.groups() };
      case 'invitations':
        return { kind: 'invitations', invitations: await client.invitations() };
      case 'show-secret':
        return { kind: 'secret', secret: await client.secret() };
      case 'rotate-secret':
        await client.rotateSecret();
        return { kind: 'rotated' };
      case 'export':
        return this.#export(query.path);
      case 'delete-account':
        return this.#delete(query.userId);
      case 'verify':
        return { kind: 'verify', key: await this.#verify(query.userId, query.isConfirmed) };
      case 'members':
        return { kind: 'members', users: await this.#members(query.group), group: query.group };
    }
  }

  async #readBy(typed: string): Promise<Result> {
    const { client, recent, people, userId } = this.#options;
    const isMeant = ({ from, group = lobby }: RecentMessage) => from === userId && group !== lobby;
    const id = recent.idOf(typed, isMeant);
    const message = recent.get(id) ?? (await pastMessage(client, userId, id));
    const { group = lobby, seq = 0 } = message ?? {};
    if (!message || group === lobby || seq < 1) {
      const problem = 'no message of a named group';
      throw new CimError('invalid-argument', `${typed}: ${problem}`);
    }
    const marks = await client.marksOfGroup(group, seq);
    const isStranger = (id: number) => id !== userId && people.nameOf(id) === undefined;
    if (marks.named?.some((member) => isStranger(member.userId))) await this.#members(group);
    return { kind: 'read-by', readBy: readByOf(message, marks) };
  }

  #ownMessage(typed: string): string {
    const { recent, userId } = this.#options;
    return recent.idOf(typed, ({ from }) => from === userId);
  }

  async #export(path: string | undefined): Promise<Result> {
    const { client, userId, notice } = this.#options;
    const ended = new AbortController();
    const stop = client.on('closed', ({ reason }) =>
      ended.abort(new CimError('unavailable', `the export is not complete: ${reason}`)),
    );
    try {
      const file = path ?? `cim-${userId}.jsonl`;
      const records = client.export({ signal: ended.signal });
      return { kind: 'exported', file, ...(await exportTo(file, records, notice)) };
    } finally {
      stop();
    }
  }

  async #delete(confirmed: number | undefined): Promise<Result> {
    const { client, userId } = this.#options;
    if (confirmed !== userId) {
      throw new CimError(
        'invalid-argument',
        `this deletes your account for good, with its messages, groups and keys; what others hold of you stays theirs, and where it is encrypted devices that come later cannot read it. To do so: :delete-account ${userId}. Before that, :export writes down what is kept of you`,
      );
    }
    await client.deleteAccount();
    return { kind: 'deleted', userId };
  }

  /** Only what was seen can have been compared. */
  async #verify(userId: number, isConfirmed: boolean): Promise<PeerKey> {
    const { client } = this.#options;
    const shown = this.#shownNumbers.get(userId);
    if (isConfirmed && shown === undefined)
      throw new CimError('invalid-argument', `look at the number first: :verify ${userId}`);
    if (isConfirmed && shown !== undefined) await client.confirmKey(userId, shown);
    const key = await client.peerKey(userId);
    this.#learn([key]);
    this.#shownNumbers.set(userId, key.safetyNumber);
    return key;
  }

  #info(): Result {
    const { client, userId, userName } = this.#options;
    const { device, server } = this.#lastReady ?? {};
    const connection = client.state === 'ready' && device && server ? { device, server } : {};
    return { kind: 'info', info: { userId, userName, state: client.state, ...connection } };
  }

  async #online(prefix: string): Promise<User[]> {
    const { client } = this.#options;
    const beginning = searchForm(prefix);
    const users = await usersOf(limits.onlinePageMax, (page) => client.onlineUsers(page));
    this.#learn(users);
    return users.filter(({ userName }) => searchForm(userName).startsWith(beginning));
  }

  async #members(group: string): Promise<User[]> {
    const { client } = this.#options;
    const members = await usersOf(limits.membersPageMax, (page) =>
      client.groupMembers(group, page),
    );
    this.#learn(members);
    return members;
  }

  async #blocked(): Promise<User[]> {
    const users = await this.#options.client.blocked();
    this.#learn(users);
    return users;
  }

  /** Of whom nobody has heard nothing would ever be told. */
  async #requireUsers(userIds: readonly number[]): Promise<void> {
    const { client } = this.#options;
    let found: User[];
    try {
      found = await client.users(userIds);
    } catch (error) {
      // Where it cannot be asked, whoever is watched may be there.
      if (error instanceof CimError && error.kind === 'not-allowed') return;
      throw error;
    }
    this.#learn(found);
    const known = new Set(found.map(({ userId }) => userId));
    const unknown = userIds.find((userId) => !known.has(userId));
    if (unknown !== undefined)
      throw new CimError('unknown-receiver', `there is no user ${unknown}`);
  }

  /** Those that are due first come first; with a beginning, those whose ids begin so. */
  async #delayed(beginning = ''): Promise<DelayedMessage[]> {
    const found: DelayedMessage[] = [];
    let after: string | undefined;
    do {
      const { messages, next } = await this.#options.client.delayed(after);
      found.push(...messages.filter(({ id }) => id.startsWith(beginning)));
      after = next ?? undefined;
    } while (after !== undefined);
    return found;
  }

  async #cancel(typed: string): Promise<DelayedMessage> {
    const { client } = this.#options;
    const [message, another] = await this.#delayed(typed);
    if (!message) {
      throw new CimError(
        'unknown-schedule',
        `no message waits under ${typed}: :delayed lists them`,
      );
    }
    if (another) {
      throw new CimError('invalid-argument', `the ids of several begin with ${typed}: type more`);
    }
    await client.cancelDelayed(message.id);
    return message;
  }

  #learn(users: readonly User[]): void {
    for (const { userId, userName } of users) this.#options.people.learn(userId, userName);
  }
}

function conversationSet(query: Extract<Query, { kind: ConversationChange }>): Result {
  const target = 'to' in query ? { to: query.to } : { group: query.group };
  return { kind: 'conversation-set', change: query.kind, target };
}

function memberChange({ kind, group, userId }: Extract<Query, { kind: MemberChange }>): Result {
  return { kind: 'member-changed', change: kind, group, userId };
}

/** More than anybody reads, and as many as a terminal holds: the memory of a list. */
const usersShownMax = 50_000;

/** Page by page, by id. */
async function usersOf(
  limit: number,
  ask: (page: { after: number; limit: number }) => Promise<readonly User[]>,
): Promise<User[]> {
  const users: User[] = [];
  while (users.length < usersShownMax) {
    const page = await ask({ after: users.at(-1)?.userId ?? 0, limit });
    users.push(...page);
    if (page.length < limit) break;
  }
  return users;
}
