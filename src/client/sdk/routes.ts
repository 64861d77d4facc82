/**
 * Calls to routes over HTTP. The one that answers is kept; when it does not, the others are tried
 * in turn.
 */
import { Backoff } from '../../base/backoff.ts';
import { CimError } from '../../base/errors.ts';
import { protocolVersion } from '../../codec/commands.ts';
import type {
  DelayedMessage,
  GroupPlace,
  HistoryPage,
  HistoryQuery,
  MembersQuery,
  User,
} from './client-events.ts';
import type { HttpRequest, Platform } from './platform.ts';

export interface RoutesOptions {
  readonly routes: readonly string[] | (() => Promise<readonly string[]>);
  readonly platform: Pick<Platform, 'http' | 'random' | 'clock'>;
}

/** Where to connect to, as `/login` answers it. */
export interface ServerAddress {
  readonly ip: string;
  readonly cimServerPort: number;
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

type Call = Pick<HttpRequest, 'method' | 'body'> & { readonly path: string };

/** Above what a route may take to probe a server and to wait for its store. */
const answerMs = 5_000;
/** About two seconds of trying: a person waits for the outcome. */
const scheduleAttemptsMax = 5;

export class Routes {
  readonly #options: RoutesOptions;
  /** The one to try first comes first. Empty: not asked for yet, or none of them answered. */
  #urls: readonly string[] = [];

  constructor(options: RoutesOptions) {
    this.#options = options;
  }

  /** Harmless when the account exists. */
  async register(userId: number, userName: string): Promise<void> {
    await this.#post('/registerAccount', { userName, userId });
  }

  async login(userId: number, userName: string, avoid: readonly string[]): Promise<ServerAddress> {
    return (await this.#post('/login', {
      userId,
      userName,
      ...(avoid.length > 0 && { avoid }),
    })) as ServerAddress;
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
    const { clock, random } = this.#options.platform;
    const backoff = new Backoff({ baseMs: 200, capMs: 2_000, random: () => random.fraction() });
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#post('/delay', schedule);
        return;
      } catch (error) {
        if (!(error instanceof CimError) || !error.retryable) throw error;
        if (attempt === scheduleAttemptsMax)
          throw new CimError('unconfirmed', undefined, { cause: error });
      }
      await new Promise<void>((resolve) => clock.setTimeout(resolve, backoff.next()));
    }
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

  /**
   * The answer's dataBody. Throws the CimError that the answer tells of, `unavailable` when no
   * route gave one.
   */
  async #call(call: Call): Promise<unknown> {
    let failure = new CimError('unavailable', 'no route is known');
    for (const url of await this.#candidates()) {
      try {
        const dataBody = await this.#callOne(url, call);
        this.#keep(url);
        return dataBody;
      } catch (error) {
        if (!(error instanceof CimError)) throw error;
        if (error.kind !== 'unavailable') {
          this.#keep(url);
          throw error;
        }
        failure = error;
      }
    }
    this.#urls = [];
    throw failure;
  }

  /**
   * All routes, beginning with the one kept, else with any: clients spread over routes by
   * themselves.
   */
  async #candidates(): Promise<readonly string[]> {
    if (this.#urls.length > 0) return this.#urls;
    const { routes, platform } = this.#options;
    const urls = typeof routes === 'function' ? await routes() : routes;
    const start = Math.floor(platform.random.fraction() * urls.length);
    this.#urls = [...urls.slice(start), ...urls.slice(0, start)];
    return this.#urls;
  }

  #keep(url: string): void {
    const at = this.#urls.indexOf(url);
    if (at > 0) this.#urls = [...this.#urls.slice(at), ...this.#urls.slice(0, at)];
  }

  #callOne(url: string, { method, path, body }: Call): Promise<unknown> {
    return this.#options.platform.http.request(`${url.replace(/\/$/, '')}${path}`, {
      method,
      headers: { 'x-cim-version': String(protocolVersion) },
      body,
      timeoutMs: answerMs,
    });
  }
}
