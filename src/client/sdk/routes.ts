/** What a user asks of routes, as themselves. Logging in is account/account.ts's. */
import { CimError } from '../../base/errors.ts';
import type {
  DelayedMessage,
  GroupPlace,
  HistoryPage,
  HistoryQuery,
  MembersQuery,
  User,
} from './client-events.ts';
import { asLongAsUnanswered } from './patience.ts';
import type { Platform } from './platform.ts';
import type { Call, RouteCaller } from './route-caller.ts';

/** Where the token comes from that proves to routes who calls. */
export interface TokenSource {
  /** Undefined: this cluster gives none. */
  token(): Promise<string | undefined>;
  /** It was not taken: whoever asks again is given another one. */
  refused(token: string): void;
}

export interface RoutesOptions {
  readonly caller: RouteCaller;
  readonly tokens: TokenSource;
  readonly platform: Pick<Platform, 'random' | 'clock'>;
}

/** The body of `/delay`. With the same id it is the same schedule, however often it is created. */
export interface Schedule {
  readonly id: string;
  readonly from: number;
  readonly to?: number;
  readonly group?: string;
  readonly text: string;
  readonly delaySeconds: number;
}

export class Routes {
  readonly #options: RoutesOptions;

  constructor(options: RoutesOptions) {
    this.#options = options;
  }

  async onlineUsers(): Promise<User[]> {
    return ((await this.#call({ method: 'GET', path: '/onlineUser' })) as User[] | null) ?? [];
  }

  async history(userId: number, query: HistoryQuery): Promise<HistoryPage> {
    return (await this.#post('/history', { userId, ...query })) as HistoryPage;
  }

  /** Harmless to repeat, as the following two are. */
  async createGroup(userId: number, group: string): Promise<GroupPlace> {
    return (await this.#post('/createGroup', { userId, group })) as GroupPlace;
  }

  async joinGroup(userId: number, group: string): Promise<GroupPlace> {
    return (await this.#post('/joinGroup', { userId, group })) as GroupPlace;
  }

  async leaveGroup(userId: number, group: string): Promise<void> {
    await this.#post('/leaveGroup', { userId, group });
  }

  async groups(userId: number): Promise<GroupPlace[]> {
    return (await this.#post('/groups', { userId })) as GroupPlace[];
  }

  async groupMembers(userId: number, group: string, query: MembersQuery): Promise<User[]> {
    return (await this.#post('/groupMembers', { userId, group, ...query })) as User[];
  }

  /** Rejects with `unconfirmed` when it may have been stored. */
  async schedule(schedule: Schedule): Promise<void> {
    await asLongAsUnanswered(this.#options.platform, () => this.#post('/delay', schedule));
  }

  async delayed(userId: number): Promise<DelayedMessage[]> {
    return (await this.#post('/delayed', { userId })) as DelayedMessage[];
  }

  async cancelDelayed(userId: number, id: string): Promise<void> {
    await this.#post('/cancelDelayed', { userId, id });
  }

  #post(path: string, body: unknown): Promise<unknown> {
    return this.#call({ method: 'POST', path, body });
  }

  /** A token may be void before its time, by a kick or a new secret: then once with another one. */
  async #call(call: Call): Promise<unknown> {
    const { caller, tokens } = this.#options;
    const bearer = await tokens.token();
    try {
      return await caller.call({ ...call, bearer });
    } catch (error) {
      const isRefused = error instanceof CimError && error.kind === 'unauthenticated';
      if (!isRefused || bearer === undefined) throw error;
      tokens.refused(bearer);
      return await caller.call({ ...call, bearer: await tokens.token() });
    }
  }
}
