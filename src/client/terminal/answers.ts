/** Answers what a line asks of the cluster, or of the client itself. */
import { limits } from '../../base/limits.ts';
import {
  type CimClient,
  CimError,
  type ClientEvents,
  type DelayedMessage,
  type PeerKey,
  type User,
} from '../sdk/index.ts';
import type { Query } from './action.ts';
import { emojiPage, emojiPages } from './emoji.ts';
import { everyInput } from './input.ts';
import { Past } from './past.ts';
import type { People } from './people.ts';
import type { Result } from './view.ts';

/** What is asked of a CimClient. */
export type Oracle = Pick<
  CimClient,
  | 'state'
  | 'on'
  | 'onlineUsers'
  | 'history'
  | 'createGroup'
  | 'joinGroup'
  | 'leaveGroup'
  | 'groups'
  | 'groupMembers'
  | 'delayed'
  | 'cancelDelayed'
  | 'secret'
  | 'rotateSecret'
  | 'peerKey'
  | 'confirmKey'
>;

export interface AnswersOptions {
  readonly client: Oracle;
  readonly people: People;
  readonly userId: number;
  readonly userName: string;
}

export class Answers {
  readonly #options: AnswersOptions;
  readonly #past: Past;
  #lastReady: ClientEvents['ready'] | undefined;
  /** By user id: the numbers that were shown to be compared. */
  readonly #shownNumbers = new Map<number, string>();

  constructor(options: AnswersOptions) {
    this.#options = options;
    this.#past = new Past(options.client);
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
        return this.#past.newest(query.query);
      case 'more':
        return this.#past.more();
      case 'delayed':
        return { kind: 'delayed', messages: await this.#delayed() };
      case 'cancel':
        return { kind: 'cancelled', message: await this.#cancel(query.id) };
      case 'create':
        return { kind: 'created', place: await client.createGroup(query.group) };
      case 'join':
        return { kind: 'joined', place: await client.joinGroup(query.group) };
      case 'leave':
        await client.leaveGroup(query.group);
        return { kind: 'left', group: query.group };
      case 'groups':
        return { kind: 'groups', places: await client.groups() };
      case 'show-secret':
        return { kind: 'secret', secret: await client.secret() };
      case 'rotate-secret':
        await client.rotateSecret();
        return { kind: 'rotated' };
      case 'verify':
        return { kind: 'verify', key: await this.#verify(query.userId, query.isConfirmed) };
      case 'members':
        return { kind: 'members', users: await this.#members(query.group), group: query.group };
    }
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
    const users = await this.#options.client.onlineUsers();
    this.#learn(users);
    return users
      .filter(({ userName }) => userName.toLowerCase().startsWith(prefix.toLowerCase()))
      .toSorted((a, b) => a.userId - b.userId);
  }

  /** All of them, page by page. */
  async #members(group: string): Promise<User[]> {
    const members: User[] = [];
    const limit = limits.membersPageMax;
    for (let after = 0; ; after = members.at(-1)?.userId ?? after) {
      const page = await this.#options.client.groupMembers(group, { after, limit });
      members.push(...page);
      if (page.length < limit) break;
    }
    this.#learn(members);
    return members;
  }

  /** Those that are due first come first. */
  async #delayed(): Promise<DelayedMessage[]> {
    return (await this.#options.client.delayed()).toSorted((a, b) => a.dueAt - b.dueAt);
  }

  async #cancel(typed: string): Promise<DelayedMessage> {
    const { client } = this.#options;
    const meant = (await client.delayed()).filter(({ id }) => id.startsWith(typed));
    const [message, another] = meant;
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
