/** The store in Redis: one server, a master found through sentinels, or a Redis Cluster. */
import { CimError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { Retention, Store } from '../store.ts';
import { Keys } from './keys.ts';
import { RedisAccounts } from './redis-accounts.ts';
import { RedisCalls } from './redis-calls.ts';
import { RedisGroups } from './redis-groups.ts';
import { RedisLink } from './redis-link.ts';
import { RedisRequests } from './redis-requests.ts';
import { RedisSchedules } from './redis-schedules.ts';
import { RedisSessions } from './redis-sessions.ts';
import { RedisTimelines } from './redis-timelines.ts';
import { parseRedisUrl } from './redis-url.ts';

export interface RedisStoreOptions {
  /** src/store/redis/redis-url.ts lists the forms. */
  readonly url: string;
  /** Begins every key, so that several systems can share one Redis. */
  readonly prefix: string;
  readonly retention: Retention;
  readonly log: Logger;
}

export class RedisStore implements Store {
  readonly accounts: RedisAccounts;
  readonly sessions: RedisSessions;
  readonly timelines: RedisTimelines;
  readonly groups: RedisGroups;
  readonly schedules: RedisSchedules;
  readonly requests: RedisRequests;
  readonly #link: RedisLink;

  /**
   * When Redis cannot be reached the store is returned all the same, says so in `problem()`, and works as soon as Redis does. Rejects
   * (`bad-config`) only when the settings make no sense.
   */
  static async open(options: RedisStoreOptions): Promise<RedisStore> {
    // A brace would begin a hash tag.
    if (/[{}\s]/.test(options.prefix)) {
      throw new CimError('bad-config', 'the prefix of keys in Redis may not hold braces or spaces');
    }
    const link = new RedisLink(parseRedisUrl(options.url), options.log);
    await link.open();
    return new RedisStore(link, options);
  }

  private constructor(link: RedisLink, { prefix, retention, log }: RedisStoreOptions) {
    const calls = new RedisCalls(link, log);
    const keys = new Keys(prefix);
    this.#link = link;
    this.accounts = new RedisAccounts(calls, keys);
    this.sessions = new RedisSessions(calls, keys);
    this.timelines = new RedisTimelines(calls, keys, retention);
    this.groups = new RedisGroups(calls, keys);
    this.schedules = new RedisSchedules(calls, keys);
    this.requests = new RedisRequests(calls, keys);
  }

  problem(): Promise<string | null> {
    return this.#link.problem();
  }

  close(): Promise<void> {
    return this.#link.close();
  }
}
