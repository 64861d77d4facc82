/**
 * The connection to Redis: finds out what is there (one server, or a Redis Cluster behind any of its nodes), keeps connecting with
 * backoff when it is not, and knows at any moment whether it can be used. Sends nothing itself: redis-calls.ts does.
 */
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { Backoff } from '../../../base/backoff.ts';
import { CimError } from '../../../base/errors.ts';
import { ignore } from '../../../base/ignore.ts';
import type { Logger } from '../../../base/log.ts';
import { faults } from '../../../base/process/faults.ts';
import { loadScripts } from '../scripts.ts';
import { checkRights, clusterNodes, inspectServer, isReplica } from './redis-checks.ts';
import {
  describeForStrangers,
  describeRedisError,
  ofReplica,
  reasonToReconnect,
} from './redis-errors.ts';
import { partIsAway, refusalOf } from './redis-refusals.ts';
import { asTheyAre, type RedisTls } from './redis-tls.ts';
import type { RedisTarget } from './redis-url.ts';
import { RedisWarnings } from './redis-warnings.ts';
import { masterConnector, type Sentinels } from './sentinels.ts';

export type RedisClient = Redis | Cluster;

/** A call unanswered for this long is `busy`: below the time after which a server tries another route (limits.linkAnswerMsMax). */
const commandTimeoutMs = 1_500;
/**
 * A connection that owes an answer for this long, and says nothing, is given up. From then on calls are refused at once instead of
 * waiting for a frozen Redis, or a frozen node of a cluster, one after the other.
 */
const silenceMsMax = 1_400;
const connectTimeoutMs = 2_000;
/** How long `open` waits for the first success or failure. */
const firstOutcomeMs = 2_500;
const problemTimeoutMs = 1_000;
/** A refusal that somebody has met counts for so long; when none follows, what is asked now does. */
const refusalMs = 3_000;
/** A cluster says where its slots are: how soon a replica that took over is found. */
const slotsRefreshMs = 1_000;
/** Attempts, some seconds, to reach a node of a cluster where it was; then it is looked for anew. */
const nodeAttemptsMax = 10;

/** What both kinds of client share. Nothing waits in a queue, and nothing is sent again but by redirection: who asked is told, and decides. */
const connectionOptions = {
  commandTimeout: commandTimeoutMs,
  socketTimeout: silenceMsMax,
  connectTimeout: connectTimeoutMs,
  // How long a closed socket may take to close at the other end; it holds up the exit of the process.
  disconnectTimeout: 100,
  autoResendUnfulfilledCommands: false,
  // Fails what is under way as soon as the connection is lost; null or more would hold it back.
  maxRetriesPerRequest: 0,
  protocol: 2,
  disableClientInfo: true,
} as const satisfies RedisOptions;

export interface RedisLinkOptions {
  readonly target: RedisTarget;
  /** Undefined: without. */
  readonly tls: RedisTls | undefined;
  /** Who know the master of the target; undefined: it is at its address. */
  readonly sentinels: Sentinels | undefined;
  /** Of the keys that are to be used. */
  readonly prefix: string;
  readonly log: Logger;
  /** Replicas that a master should have. */
  readonly ackReplicas: number;
  /** Of several links to the same Redis the first alone says what becomes of it. */
  readonly isFirst: boolean;
}

export class RedisLink {
  readonly #target: RedisTarget;
  readonly #tls: RedisTls | undefined;
  readonly #sentinels: Sentinels | undefined;
  readonly #prefix: string;
  readonly #log: Logger;
  readonly #isFirst: boolean;
  readonly #backoff = new Backoff({ baseMs: 50, capMs: 2_000 });
  readonly #firstOutcome = Promise.withResolvers<void>();
  /** The connection to the address given; of a Redis Cluster only used to recognise it. */
  readonly #seed: Redis;
  #cluster: Cluster | undefined;
  #usable: RedisClient | undefined;
  #problem: unknown = 'not connected yet';
  #timesLost = 0;
  /** Why the connection is being ended, if that is known. */
  #reasonOfEnd: unknown;
  #refusal: { readonly reason: string; readonly until: number } | undefined;
  /** What is being connected to may not be the master any more. */
  #isOutdated = false;
  #announced: 'connected' | 'problem' | undefined;
  readonly #warnings: RedisWarnings | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: RedisLinkOptions) {
    const { target, tls, sentinels, prefix, log, ackReplicas, isFirst } = options;
    this.#target = target;
    this.#tls = tls;
    this.#sentinels = sentinels;
    this.#prefix = prefix;
    this.#log = log;
    this.#warnings = isFirst ? new RedisWarnings(log, ackReplicas) : undefined;
    this.#isFirst = isFirst;
    this.#seed = new Redis(this.#seedOptions());
    this.#seed.on('ready', () => void this.#recognise());
    this.#seed.on('error', (error: unknown) => this.#failed(error));
    this.#seed.on('close', () => this.#lost(this.#seed));
    sentinels?.onMoved(() => this.#leaveMaster());
  }

  /** Resolves when Redis can be used, or has been found not to: then it goes on trying in the background. */
  async open(): Promise<void> {
    const overdue = setTimeout(this.#firstOutcome.resolve, firstOutcomeMs);
    // Failures arrive as events.
    this.#seed.connect().catch(ignore('firstOutcome tells'));
    await this.#firstOutcome.promise;
    clearTimeout(overdue);
  }

  /** Undefined while Redis cannot be reached. */
  get usable(): RedisClient | undefined {
    return this.#closing ? undefined : this.#usable;
  }

  /** How often a connection that could be used was lost. */
  get timesLost(): number {
    return this.#timesLost;
  }

  /** Throws `busy` while Redis cannot be reached. */
  get client(): RedisClient {
    if (!this.#usable || this.#closing)
      throw new CimError('busy', undefined, { cause: this.#problem });
    return this.#usable;
  }

  /** Null when it answers; else why not, in a line that strangers may read. */
  async problem(): Promise<string | null> {
    if (!this.#usable || this.#closing) return this.#describeProblem();
    const { promise: overdue, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(reject, problemTimeoutMs, new Error('no answer'));
    try {
      return await Promise.race([this.#askProblem(this.#usable), overdue]);
    } catch (error) {
      return this.#told(error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Null when writes are taken, as far as somebody has found out, or `probe` does. Does not reject. */
  async refusal(probe: () => Promise<unknown>): Promise<string | null> {
    const met = this.#metRefusal();
    if (met !== null) return met;
    try {
      await probe();
      return null;
    } catch {
      // What it meets is noticed, as of every call. A node that is away refuses nothing, and takes nothing.
      return this.#metRefusal() ?? (this.usable instanceof Cluster ? partIsAway : null);
    }
  }

  #metRefusal(): string | null {
    if (this.#refusal && performance.now() < this.#refusal.until) return this.#refusal.reason;
    return null;
  }

  /** An error that a call has met. */
  notice(error: unknown): void {
    const reason = refusalOf(error);
    if (reason !== null) this.#refusal = { reason, until: performance.now() + refusalMs };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // QUIT is answered after everything that was asked before it.
    await this.#usable?.quit().catch(ignore('it is closed either way'));
    this.#seed.disconnect();
    this.#cluster?.disconnect();
    this.#firstOutcome.resolve();
  }

  async #askProblem(client: RedisClient): Promise<string | null> {
    if (client instanceof Redis) {
      if (!isReplica(await client.info('replication'))) return null;
      this.#reasonOfEnd = ofReplica;
      client.disconnect(true);
      return this.#told(ofReplica);
    }
    // Any node that answers: one that is away is not the cluster's problem, but that of its entries. And a cluster that is
    // down answers: it refuses all alike (redis-refusals.ts).
    const ready = client.nodes('master').filter(({ status }) => status === 'ready');
    if (ready.length === 0) throw new Error('no node of the cluster answers');
    await Promise.any(ready.map((node) => node.ping()));
    return null;
  }

  #describeProblem(): string {
    return this.#closing ? 'the store is closed' : this.#told(this.#problem);
  }

  #told(problem: unknown): string {
    const hosts = this.#target.addresses.map(({ host }) => host);
    return `Redis: ${describeForStrangers(problem, hosts)}`;
  }

  #seedOptions() {
    const { addresses, database } = this.#target;
    const [{ host, port }] = addresses;
    const tls = this.#tls;
    const sentinels = this.#sentinels;
    return {
      ...connectionOptions,
      ...(sentinels
        ? { Connector: masterConnector(sentinels, tls, () => this.#backoff.next()) }
        : { host, port }),
      reconnectOnError: (error: Error) => {
        const reason = reasonToReconnect(error);
        this.#reasonOfEnd = reason ?? this.#reasonOfEnd;
        return reason !== undefined;
      },
      ...this.#credentials(),
      db: database,
      ...(tls ? { tls } : {}),
      lazyConnect: true,
      // We look ourselves (#recognise), and say what is the matter.
      enableReadyCheck: false,
      enableOfflineQueue: false,
      retryStrategy: () => this.#backoff.next(),
    } satisfies RedisOptions;
  }

  #credentials(): Pick<RedisOptions, 'username' | 'password'> {
    const { username, password } = this.#target;
    return {
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
    };
  }

  /** What is being connected to, maybe to the master that was, is left when it is there. */
  #leaveMaster(): void {
    this.#isOutdated = true;
    if (this.#closing || this.#seed.status !== 'ready') return;
    this.#isOutdated = false;
    this.#seed.disconnect(true);
  }

  /** Looks at what was connected to; afterwards it, or the cluster that it belongs to, is usable. */
  async #recognise(): Promise<void> {
    try {
      if (this.#isOutdated) {
        this.#isOutdated = false;
        throw new Error('another server is the master by now');
      }
      // ioredis reports a database that does not exist, and goes on with number 0.
      if (this.#target.database !== 0) await this.#seed.select(this.#target.database);
      const server = await inspectServer(this.#seed);
      await checkRights(this.#seed, this.#prefix);
      if (server.isReplica && !server.clusterEnabled) throw new Error(ofReplica);
      if (server.clusterEnabled) {
        await this.#openCluster();
      } else {
        this.#warnings?.tell(this.#target.description, server);
        await loadScripts(this.#seed);
        this.#becameUsable(this.#seed, 'single');
      }
    } catch (error) {
      this.#failed(error);
      if (!this.#closing) this.#seed.disconnect(true);
    }
  }

  async #openCluster(): Promise<void> {
    if (this.#cluster || this.#closing) return;
    const { addresses } = this.#target;
    const tls = this.#tls;
    // The address given comes first: it may be a name that still leads somewhere when all present nodes are gone.
    const nodes = [addresses[0], ...(await clusterNodes(this.#seed))];
    const cluster = new Cluster(nodes, {
      enableOfflineQueue: false,
      clusterRetryStrategy: (_, reason) => {
        if (reason) this.#failed(reason);
        return this.#backoff.next();
      },
      // A node that is away stays in the list meanwhile, and what is meant for it is refused at once.
      clusterNodeRetryStrategy: (attempts) =>
        attempts > nodeAttemptsMax ? null : Math.min(50 * 2 ** attempts, 1_000),
      slotsRefreshInterval: slotsRefreshMs,
      // Only redirections are followed; these would send again what may have been executed.
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: 0,
      redisOptions: { ...connectionOptions, ...this.#credentials(), ...(tls ? { tls } : {}) },
      // Otherwise names become addresses first, and a certificate may be for the name only.
      ...(tls ? { dnsLookup: asTheyAre } : {}),
    });
    this.#cluster = cluster;
    this.#problem = 'the cluster is not ready';
    cluster.on('ready', () => void this.#connectNodes(cluster));
    cluster.on('close', () => this.#lost(cluster));
    cluster.on('error', (error: unknown) => this.#failed(error));
    cluster.on('+node', (node: Redis) => {
      // Whenever it is connected to anew: it may have restarted. What fails is made good by the calls themselves.
      node.on(
        'ready',
        () => void loadScripts(node).catch(ignore('a call that misses its script loads it')),
      );
      // Not while the cluster itself connects: its check of readiness would be refused. And not before the redirected call that made
      // the node known, which connects by itself.
      if (this.#usable === cluster) setImmediate(connectIfIdle, node);
    });
    this.#seed.disconnect();
  }

  /** Nodes connect at their first call and refuse all others meanwhile: they are connected before the first call. */
  async #connectNodes(cluster: Cluster): Promise<void> {
    const masters = cluster.nodes('master');
    await Promise.all(masters.map(connectIfIdle));
    this.#becameUsable(cluster, 'cluster');
    for (const node of masters) {
      if (this.#closing) return;
      const { host, port } = node.options;
      await inspectServer(node).then(
        (server) => this.#warnings?.tell(`${host}:${port}`, server),
        (error: unknown) => {
          this.#log.debug(
            { node: `${host}:${port}`, problem: describeRedisError(error) },
            'redis node not inspected',
          );
        },
      );
    }
  }

  #becameUsable(client: RedisClient, mode: 'single' | 'cluster'): void {
    if (this.#closing) return;
    this.#usable = client;
    this.#reasonOfEnd = undefined;
    this.#backoff.reset();
    if (this.#isFirst && this.#announced !== 'connected') {
      this.#announced = 'connected';
      this.#log.info({ redis: this.#target.description, mode }, 'redis connected');
    }
    this.#firstOutcome.resolve();
  }

  /** A connection ended, or could not be made. */
  #lost(client: RedisClient): void {
    // The seed has done its work when the cluster is known.
    if (client === this.#seed && this.#cluster) return;
    if (this.#usable === client) {
      this.#usable = undefined;
      this.#timesLost += 1;
      this.#problem = this.#reasonOfEnd ?? 'connection lost';
    }
    this.#announceProblem();
  }

  #failed(error: unknown): void {
    // An error of a connection that still stands: who called has been told.
    if (this.#usable) return;
    this.#problem = error;
    this.#announceProblem();
  }

  /** One line per change of state: not per attempt, and not when an attempt fails differently from the one before. */
  #announceProblem(): void {
    if (this.#closing || !this.#isFirst) return;
    if (this.#announced !== 'problem') {
      this.#announced = 'problem';
      this.#log.warn(
        { redis: this.#target.description, problem: describeRedisError(this.#problem) },
        `${faults['store-connection'].words}, trying on`,
      );
    }
    this.#firstOutcome.resolve();
  }
}

async function connectIfIdle(node: Redis): Promise<void> {
  // Failures arrive as events.
  if (node.status === 'wait') await node.connect().catch(ignore('a call of it tells'));
}
