/** The store in Redis: one server, a master found through sentinels, or a Redis Cluster. */
import { CimError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { Retention, Store } from '../store.ts';
import { ConfirmedCalls } from './confirmed-calls.ts';
import { Keys } from './keys.ts';
import { RedisAccounts } from './redis-accounts.ts';
import { RedisApiKeys } from './redis-api-keys.ts';
import { RedisCalls } from './redis-calls.ts';
import { RedisGroups } from './redis-groups.ts';
import { RedisLink } from './redis-link.ts';
import { RedisRequests } from './redis-requests.ts';
import { RedisSchedules } from './redis-schedules.ts';
import { RedisSessions } from './redis-sessions.ts';
import { RedisTimelines } from './redis-timelines.ts';
import { openRedisTls } from './redis-tls.ts';
import { parseRedisUrl } from './redis-url.ts';

export interface RedisStoreOptions {
  /** src/store/redis/redis-url.ts lists the forms. */
  readonly url: string;
  /** PEM of who signs the certificates of a Redis with TLS; absent: whom this machine believes. */
  readonly caFile?: string | undefined;
  /** Begins every key, so that several systems can share one Redis. */
  readonly prefix: string;
  readonly retention: Retention;
  /** An append counts when so many replicas have it; 0 when the master has it. */
  readonly ackReplicas: number;
  readonly log: Logger;
}

export class RedisStore implements Store {
  readonly accounts: RedisAccounts;
  readonly sessions: RedisSessions;
  readonly timelines: RedisTimelines;
  readonly groups: RedisGroups;
  readonly schedules: RedisSchedules;
  readonly requests: RedisRequests;
  readonly apiKeys: RedisApiKeys;
  readonly #links: readonly RedisLink[];

  /**
   * When Redis cannot be reached the store is returned all the same, says so in `problem()`, and works as soon as Redis does. Rejects
   * (`bad-config`) only when the settings make no sense.
   */
  static async open(options: RedisStoreOptions): Promise<RedisStore> {
    // A brace would begin a hash tag.
    if (/[{}\s]/.test(options.prefix)) {
      throw new CimError('bad-config', 'the prefix of keys in Redis may not hold braces or spaces');
    }
    const target = parseRedisUrl(options.url);
    const { prefix, log, ackReplicas } = options;
    const tls = await openRedisTls(target, options.caFile);
    const common = { target, tls, prefix, log, ackReplicas };
    const link = new RedisLink({ ...common, isFirst: true });
    // What waits for replicas holds up the connection that it is on.
    const waiting = ackReplicas > 0 ? new RedisLink({ ...common, isFirst: false }) : null;
    await Promise.all([link.open(), waiting?.open()]);
    return new RedisStore(link, waiting, options);
  }

  private constructor(link: RedisLink, waiting: RedisLink | null, options: RedisStoreOptions) {
    const { prefix, retention, log, ackReplicas } = options;
    const calls = new RedisCalls(link, log);
    const keys = new Keys(prefix);
    const confirmed = waiting && new ConfirmedCalls(waiting, calls, ackReplicas);
    this.#links = waiting ? [link, waiting] : [link];
    this.accounts = new RedisAccounts(calls, keys);
    this.sessions = new RedisSessions(calls, keys);
    this.timelines = new RedisTimelines({ calls, keys, retention, confirmed });
    this.groups = new RedisGroups(calls, keys);
    this.schedules = new RedisSchedules(calls, keys);
    this.requests = new RedisRequests(calls, keys);
    this.apiKeys = new RedisApiKeys(calls, keys);
  }

  async problem(): Promise<string | null> {
    const problems = await Promise.all(this.#links.map((link) => link.problem()));
    return problems.find((problem) => problem !== null) ?? null;
  }

  async close(): Promise<void> {
    await Promise.all(this.#links.map((link) => link.close()));
  }
}
