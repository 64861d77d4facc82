/** The store in Redis: one server, a master found through sentinels, or a Redis Cluster. */
import { CimError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { Counters } from '../../base/process/counters.ts';
import type { Health } from '../../base/process/health.ts';
import { type Quotas, quotasByDefault } from '../quotas.ts';
import type { Retention, Store } from '../store.ts';
import { ConfirmedCalls } from './calls/confirmed-calls.ts';
import { RedisCalls } from './calls/redis-calls.ts';
import { HistoryWatch, type LostTail } from './connection/history-watch.ts';
import { type RedisClient, RedisLink } from './connection/redis-link.ts';
import { openRedisTls } from './connection/redis-tls.ts';
import { parseRedisUrl } from './connection/redis-url.ts';
import { Sentinels } from './connection/sentinels.ts';
import { Keys } from './keys.ts';
import { RedisAccounts } from './redis-accounts.ts';
import { RedisApiKeys } from './redis-api-keys.ts';
import { RedisAudit } from './redis-audit.ts';
import { RedisConversations } from './redis-conversations.ts';
import { RedisDeletions } from './redis-deletions.ts';
import { RedisDeviceKeys } from './redis-device-keys.ts';
import { RedisFiles } from './redis-files.ts';
import { RedisGroupKeys } from './redis-group-keys.ts';
import { RedisGroups } from './redis-groups.ts';
import { RedisIdentity } from './redis-identity.ts';
import { RedisMarks } from './redis-marks.ts';
import { RedisOperators } from './redis-operators.ts';
import { RedisPresence } from './redis-presence.ts';
import { RedisRequests } from './redis-requests.ts';
import { RedisRetained } from './redis-retained.ts';
import { RedisSchedules } from './redis-schedules.ts';
import { RedisSessions } from './redis-sessions.ts';
import { RedisTimelines } from './redis-timelines.ts';
import { RedisTopicFilters } from './redis-topic-filters.ts';
import { rightsNeeded, scripts } from './scripts.ts';

export interface RedisStoreOptions {
  /** src/store/redis/connection/redis-url.ts lists the forms. */
  readonly url: string;
  /** PEM of who signs the certificates of a Redis with TLS; absent: whom this machine believes. */
  readonly caFile?: string | undefined;
  /** Begins every key, so that several systems can share one Redis. */
  readonly prefix: string;
  readonly retention: Retention;
  readonly quotas?: Quotas | undefined;
  /** An append counts when so many replicas have it; 0 when the master has it. */
  readonly ackReplicas: number;
  readonly log: Logger;
  /** Is told when a failover has lost something. */
  readonly health?: Health | undefined;
  /** Are told whether it can be used. */
  readonly counters?: Counters;
}

/** Places that are written to: they are spread over the nodes of a Redis Cluster. */
const probeCount = 8;

export class RedisStore implements Store {
  readonly identity: RedisIdentity;
  readonly accounts: RedisAccounts;
  readonly deletions: RedisDeletions;
  readonly sessions: RedisSessions;
  readonly timelines: RedisTimelines;
  readonly groups: RedisGroups;
  readonly groupKeys: RedisGroupKeys;
  readonly conversations: RedisConversations;
  readonly marks: RedisMarks;
  readonly presence: RedisPresence;
  readonly schedules: RedisSchedules;
  readonly requests: RedisRequests;
  readonly apiKeys: RedisApiKeys;
  readonly files: RedisFiles;
  readonly operators: RedisOperators;
  readonly audit: RedisAudit;
  readonly deviceKeys: RedisDeviceKeys;
  readonly retained: RedisRetained;
  readonly topicFilters: RedisTopicFilters;
  readonly #links: readonly RedisLink[];
  readonly #calls: RedisCalls;
  readonly #keys: Keys;
  readonly #sentinels: Sentinels | undefined;
  readonly #histories: HistoryWatch;

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
    const { addresses, masterName } = target;
    const sentinels =
      masterName === undefined ? undefined : new Sentinels({ addresses, masterName, tls, log });
    const common = { target, tls, sentinels, prefix, log, ackReplicas };
    const link = new RedisLink({ ...common, isFirst: true });
    // What waits for replicas holds up the connection that it is on.
    const waiting = ackReplicas > 0 ? new RedisLink({ ...common, isFirst: false }) : null;
    options.counters?.gauge('redis.up', 'whether Redis can be used', () => (link.usable ? 1 : 0));
    options.counters?.observe(
      'redis.lost',
      'times that the connection to Redis was lost',
      () => link.timesLost,
    );
    await Promise.all([link.open(), waiting?.open()]);
    return new RedisStore(link, waiting, sentinels, options);
  }

  private constructor(
    link: RedisLink,
    waiting: RedisLink | null,
    sentinels: Sentinels | undefined,
    options: RedisStoreOptions,
  ) {
    const { prefix, retention, quotas = quotasByDefault, log, ackReplicas } = options;
    const calls = new RedisCalls(link, log);
    const keys = new Keys(prefix);
    this.#calls = calls;
    this.#keys = keys;
    this.#histories = new HistoryWatch({
      client: () => link.usable,
      ackReplicas,
      log,
      health: options.health,
    });
    const confirmed = waiting && new ConfirmedCalls(waiting, calls, ackReplicas);
    this.#links = waiting ? [link, waiting] : [link];
    this.#sentinels = sentinels;
    this.identity = new RedisIdentity(calls, keys);
    this.accounts = new RedisAccounts(calls, keys);
    this.sessions = new RedisSessions(calls, keys);
    this.timelines = new RedisTimelines({ calls, keys, retention, quotas, confirmed });
    this.groups = new RedisGroups(calls, keys);
    this.groupKeys = new RedisGroupKeys(calls, keys, retention);
    this.files = new RedisFiles(calls, keys);
    this.topicFilters = new RedisTopicFilters(calls, keys);
    const { accounts, groups, files, topicFilters } = this;
    this.deletions = new RedisDeletions({ calls, keys, accounts, groups, files, topicFilters });
    this.conversations = new RedisConversations(calls, keys);
    this.marks = new RedisMarks(calls, keys);
    this.presence = new RedisPresence(calls, keys);
    this.schedules = new RedisSchedules(calls, keys);
    this.requests = new RedisRequests(calls, keys);
    this.apiKeys = new RedisApiKeys(calls, keys);
    this.operators = new RedisOperators(calls, keys);
    this.audit = new RedisAudit(calls, keys);
    this.deviceKeys = new RedisDeviceKeys(calls, keys);
    this.retained = new RedisRetained(calls, keys);
  }

  /** What the last failover that lost something took of what was acknowledged. */
  get lostTail(): LostTail | null {
    return this.#histories.lost;
  }

  /** For who inspects what is connected to; undefined while nothing is. */
  get client(): RedisClient | undefined {
    return this.#links[0]?.usable;
  }

  async problem(): Promise<string | null> {
    const problems = await Promise.all(this.#links.map((link) => link.problem()));
    return problems.find((problem) => problem !== null) ?? null;
  }

  async refusal(): Promise<string | null> {
    const [link] = this.#links;
    return (await link?.refusal(() => this.#probe())) ?? null;
  }

  /** Rejects if what cim does is refused anywhere, or if it does not know. */
  async #probe(): Promise<void> {
    const probes = Array.from({ length: probeCount }, (_, place) => this.#keys.probe(place));
    const items = probes.map((key) => ({ keys: [key], args: [] }));
    await this.#calls.runAll(scripts.probe, items, rightsNeeded);
  }

  async close(): Promise<void> {
    this.#histories.close();
    await Promise.all(this.#links.map((link) => link.close()));
    this.#sentinels?.close();
  }
}
