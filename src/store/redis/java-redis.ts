/**
 * The Redis of a Java system (crossoverJie's cim, v2.1.0 and later), which is read and never written:
 * accounts, and messages that wait for somebody. docs/reference/java-clients.md has what becomes of it.
 */
import { Redis } from 'ioredis';
import { CimError, describeError } from '../../base/errors.ts';
import { openRedisTls } from './connection/redis-tls.ts';
import { parseRedisUrl } from './connection/redis-url.ts';

/** As it is kept; nothing of it was checked. */
export interface JavaAccount {
  readonly id: string;
  readonly name: string;
  /** Whether the name leads back to this id: a name that was registered twice leads to one of them. */
  readonly bearsName: boolean;
}

/** The fields of a message, as they are kept; null: it has expired, or cannot be read. */
export interface JavaMessage {
  readonly id: string;
  readonly receiver: string;
  readonly fields: Readonly<Record<string, unknown>> | null;
  readonly isExpired: boolean;
}

const accountPrefix = 'cim-account:';
const messagePrefix = 'offline:msg:';
const listPrefix = 'offline:msg:user:';
/** Keys of one round trip; of a list as many as the Java system reads at once. */
const scanCount = 500;
const listPage = 100;
const connectMsMax = 5_000;

export class JavaRedis {
  readonly #redis: Redis;

  private constructor(redis: Redis) {
    this.#redis = redis;
  }

  /** Rejects with `unavailable`, or `bad-config`; the message never holds the password. */
  static async open(url: string): Promise<JavaRedis> {
    const target = parseRedisUrl(url);
    const { addresses, masterName, database, username, password, description } = target;
    if (masterName !== undefined)
      throw new CimError('bad-config', '--from: the address of Redis itself is expected');
    const tls = await openRedisTls(target, undefined);
    const redis = new Redis({
      ...addresses[0],
      db: database,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(tls ? { tls } : {}),
      connectTimeout: connectMsMax,
      lazyConnect: true,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
    });
    let failure: unknown;
    redis.on('error', (error: unknown) => {
      failure = error;
    });
    try {
      await redis.connect();
      await redis.ping();
    } catch (error) {
      redis.disconnect();
      const why = describeError(failure ?? error);
      throw new CimError('unavailable', `--from: ${description} cannot be read: ${why}`);
    }
    return new JavaRedis(redis);
  }

  close(): void {
    this.#redis.disconnect();
  }

  async *accounts(): AsyncGenerator<readonly JavaAccount[]> {
    for await (const keys of this.#keys(`${accountPrefix}*`)) {
      const names = await this.#redis.mget(keys);
      const backs = await this.#redis.mget(names.map((name) => name ?? accountPrefix));
      yield keys.flatMap((key, index) => {
        const name = names[index];
        if (name === null || name === undefined) return [];
        const id = key.slice(accountPrefix.length);
        return [{ id, name, bearsName: backs[index] === key }];
      });
    }
  }

  /** Of each receiver in the order in which the Java system would send them. */
  async *messages(): AsyncGenerator<readonly JavaMessage[]> {
    for await (const lists of this.#keys(`${listPrefix}*`)) {
      for (const list of lists) {
        const receiver = list.slice(listPrefix.length);
        for (let start = 0; ; start += listPage) {
          const ids = await this.#redis.lrange(list, start, start + listPage - 1);
          // v2.1.0 writes them as JSON.
          const bare = ids.map((id) => id.replace(/^"(.*)"$/, '$1'));
          if (bare.length > 0) yield await this.#read(receiver, bare);
          if (ids.length < listPage) break;
        }
      }
    }
  }

  async #read(receiver: string, ids: readonly string[]): Promise<JavaMessage[]> {
    const pipeline = this.#redis.pipeline();
    for (const id of ids) pipeline.type(`${messagePrefix}${id}`);
    const types = (await pipeline.exec()) ?? [];
    return Promise.all(
      ids.map(async (id, index) => {
        const key = `${messagePrefix}${id}`;
        const type = types[index]?.[1];
        if (type === 'hash') {
          const fields = fieldsOfHash(await this.#redis.hgetall(key));
          return { id, receiver, fields, isExpired: false };
        }
        const value = type === 'string' ? await this.#redis.get(key) : null;
        return { id, receiver, fields: fieldsOf(value), isExpired: value === null };
      }),
    );
  }

  async *#keys(pattern: string): AsyncGenerator<string[]> {
    const stream = this.#redis.scanStream({ match: pattern, count: scanCount });
    for await (const found of stream as AsyncIterable<string[]>) if (found.length > 0) yield found;
  }
}

/** A JSON object inside a JSON string; a plain object is understood as well. */
function fieldsOf(value: string | null): Record<string, unknown> | null {
  const inner = value === null ? null : parsed(value);
  const fields = typeof inner === 'string' ? parsed(inner) : inner;
  return isRecord(fields) ? fields : null;
}

/** Each value is JSON by itself. */
function fieldsOfHash(hash: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(hash).map(([name, value]) => [parsed(name) ?? name, parsed(value) ?? value]),
  ) as Record<string, unknown>;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
