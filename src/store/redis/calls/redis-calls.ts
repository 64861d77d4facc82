/**
 * Calls to Redis: scripts by SHA, over many items at once. On one server a batch is one call of a script, on a Redis Cluster a call per
 * item, written to each node in one piece. Errors are CimErrors from here on.
 */
import { Cluster, type Redis } from 'ioredis';
import { CimError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import type { Logger } from '../../../base/log.ts';
import { describeRedisError, isNoScript, toCimError } from '../connection/redis-errors.ts';
import type { RedisClient, RedisLink } from '../connection/redis-link.ts';
import { type Script, scripts } from '../scripts.ts';

export type Argument = string | number | Buffer;
export type Reply = null | number | Buffer | Reply[];

/** What a script does for one of the items it is given: its keys all bear one hash tag. */
export interface Item {
  readonly keys: readonly string[];
  readonly args: readonly Argument[];
}

/** Hears the reply or error of the item at this place. */
export type Answered = (index: number, reply: Reply | CimError) => void;

/** Keys of one script call: the largest batch of appends. */
const keysPerCallMax = limits.storeBatchMax * 7;
/** Arguments of one: more only where few keys have many. */
const argumentsPerCallMax = limits.storeBatchMax * 8;

export class RedisCalls {
  readonly #link: RedisLink;
  readonly #log: Logger;

  constructor(link: RedisLink, log: Logger) {
    this.#link = link;
    this.#log = log;
  }

  /**
   * Runs a script over items; each hears its reply, or its error, as soon as there is one. `common` arguments come before those of the
   * items. Resolves when all have heard.
   */
  async answerEach(
    script: Script,
    items: readonly Item[],
    common: readonly Argument[],
    answered: Answered,
  ): Promise<void> {
    const client = clientOf(this.#link);
    if (client instanceof CimError) {
      for (const index of items.keys()) answered(index, client);
    } else if (client instanceof Cluster) {
      await writtenTogether(client.nodes('master'), () =>
        Promise.all(
          items.map(async (item, index) => {
            answered(index, await this.#runOne(client, script, item, common));
          }),
        ),
      );
    } else {
      const replies = await this.runTogether(client, script, items, common);
      for (const [index, reply] of replies.entries()) answered(index, reply);
    }
  }

  /** Like `answerEach`, for callers who wait for all; gives the replies and errors in the order of the items. */
  async runEach(
    script: Script,
    items: readonly Item[],
    common: readonly Argument[] = [],
  ): Promise<(Reply | CimError)[]> {
    const results: (Reply | CimError)[] = items.map(() => null);
    await this.answerEach(script, items, common, (index, reply) => {
      results[index] = reply;
    });
    return results;
  }

  /** Like `runEach`, on one server that is no part of a cluster: in as few calls as can be. */
  async runTogether(
    server: Redis,
    script: Script,
    items: readonly Item[],
    common: readonly Argument[],
  ): Promise<(Reply | CimError)[]> {
    const chunks = chunksOf(items);
    const replies = chunks.map((chunk) => this.#runChunk(server, script, chunk, common));
    return (await Promise.all(replies)).flat();
  }

  /** Like `runEach`, on the node of a cluster that holds these items. What has moved away is `busy`. */
  runApart(
    node: Redis,
    script: Script,
    items: readonly Item[],
    common: readonly Argument[],
  ): Promise<(Reply | CimError)[]> {
    return writtenTogether([node], () =>
      Promise.all(items.map((item) => this.#runOne(node, script, item, common))),
    );
  }

  /** Like `runEach`, for callers who need all or nothing. */
  async runAll(script: Script, items: readonly Item[], common: readonly Argument[] = []) {
    return (await this.runEach(script, items, common)).map(orThrow);
  }

  /** Runs a script for one item that gets the whole reply. */
  async run(
    script: Script,
    keys: readonly string[],
    args: readonly Argument[] = [],
    client = this.#link.client,
  ) {
    return orThrow(await this.#evaluate(client, script, keys, args).catch(toCimError));
  }

  /** The values of these keys, null where there is none; so many at a time that others get their turn. */
  async getAll(keys: readonly string[]): Promise<(Buffer | null)[]> {
    const { client } = this.#link;
    const values: (Buffer | null)[] = [];
    try {
      for (let start = 0; start < keys.length; start += limits.storeBatchMax) {
        const some = keys.slice(start, start + limits.storeBatchMax);
        const found =
          client instanceof Cluster
            ? await writtenTogether(client.nodes('master'), () =>
                Promise.all(some.map((key) => client.getBuffer(key))),
              )
            : await client.mgetBuffer(some);
        for (const value of found) values.push(value);
      }
      return values;
    } catch (error) {
      return this.#fail(error);
    }
  }

  /** The fields of a hash and their values. */
  async fields(key: string): Promise<[field: string, value: string][]> {
    const { client } = this.#link;
    const fields = await client.hgetall(key).catch((error: unknown) => this.#fail(error));
    return Object.entries(fields);
  }

  /**
   * Up to `limit` fields of a hash and their values, in the order of their bytes, from the first behind
   * `after`. `keys`: the hash, and a sorted set of its fields.
   */
  async pageOfFields(
    keys: readonly string[],
    after: string | undefined,
    limit: number,
  ): Promise<{ found: [field: string, value: string][]; next: string | null }> {
    const args = [after === undefined ? '-' : `(${after}`, limit];
    const [isMore, ...rest] = (await this.run(scripts.pageFields, keys, args)) as Reply[];
    const found: [string, string][] = [];
    for (let at = 0; at < rest.length; at += 2)
      found.push([String(rest[at]), String(rest[at + 1])]);
    return { found, next: isMore === 1 ? (found.at(-1)?.[0] ?? null) : null };
  }

  async field(key: string, field: string): Promise<string | null> {
    const { client } = this.#link;
    return client.hget(key, field).catch((error: unknown) => this.#fail(error));
  }

  /** Up to `limit` members of a sorted set whose scores are above `after`, in their order. */
  async membersAbove(key: string, after: number, limit: number): Promise<string[]> {
    const { client } = this.#link;
    const range = [`(${after}`, '+inf', 'BYSCORE', 'LIMIT', 0, limit] as const;
    return client.zrange(key, ...range).catch((error: unknown) => this.#fail(error));
  }

  /** How many members a sorted set has. */
  async countOf(key: string): Promise<number> {
    const { client } = this.#link;
    return client.zcard(key).catch((error: unknown) => this.#fail(error));
  }

  /** The values of these fields of a hash, null where there is none. */
  async someFields(key: string, fields: readonly (string | number)[]): Promise<(string | null)[]> {
    if (fields.length === 0) return [];
    const { client } = this.#link;
    return client.hmget(key, ...fields.map(String)).catch((error: unknown) => this.#fail(error));
  }

  async setField(key: string, field: string, value: string): Promise<void> {
    const { client } = this.#link;
    await client.hset(key, field, value).catch((error: unknown) => this.#fail(error));
  }

  /** False: there was no such field. */
  async removeField(key: string, field: string): Promise<boolean> {
    const { client } = this.#link;
    return (await client.hdel(key, field).catch((error: unknown) => this.#fail(error))) === 1;
  }

  async #evaluate(...call: Parameters<typeof evaluate>): Promise<Reply> {
    try {
      return await evaluate(...call);
    } catch (error) {
      this.#link.notice(error);
      throw error;
    }
  }

  #fail(error: unknown): never {
    this.#link.notice(error);
    throw toCimError(error);
  }

  async #runChunk(
    client: RedisClient,
    script: Script,
    items: readonly Item[],
    common: readonly Argument[],
  ): Promise<(Reply | CimError)[]> {
    const keys = items.flatMap((item) => item.keys);
    const args = [...common, ...items.flatMap((item) => item.args)];
    try {
      return (await this.#evaluate(client, script, keys, args)) as Reply[];
    } catch (error) {
      const problem = toCimError(error);
      // One item cannot be served, ever (a key that holds something else): it must not hold up the others.
      if (problem.kind === 'busy') return items.map(() => problem);
      return Promise.all(items.map((item) => this.#runOne(client, script, item, common)));
    }
  }

  async #runOne(
    client: RedisClient,
    script: Script,
    { keys, args }: Item,
    common: readonly Argument[],
  ): Promise<Reply | CimError> {
    try {
      const [reply = null] = (await this.#evaluate(client, script, keys, [
        ...common,
        ...args,
      ])) as Reply[];
      return reply;
    } catch (error) {
      const problem = toCimError(error);
      if (problem.kind === 'internal') {
        this.#log.error(
          { key: keys[0], problem: describeRedisError(error) },
          'redis refused a call',
        );
      }
      return problem;
    }
  }
}

async function evaluate(
  client: RedisClient,
  { sha, text }: Script,
  keys: readonly string[],
  args: readonly Argument[],
): Promise<Reply> {
  const rest = [keys.length, ...keys, ...args];
  try {
    return (await client.callBuffer('EVALSHA', [sha, ...rest])) as Reply;
  } catch (error) {
    if (!isNoScript(error)) throw error;
    return (await client.callBuffer('EVAL', [text, ...rest])) as Reply;
  }
}

/** Calls that are made within `run` leave in one write per node, not in one each. */
function writtenTogether<T>(nodes: readonly Redis[], run: () => T): T {
  const streams = nodes.map((node) => node.stream);
  for (const stream of streams) stream?.cork();
  try {
    return run();
  } finally {
    for (const stream of streams) stream?.uncork();
  }
}

function chunksOf(items: readonly Item[]): Item[][] {
  const chunks: Item[][] = [];
  let keys = keysPerCallMax;
  let args = argumentsPerCallMax;
  let bytes = limits.storeBatchBytesMax;
  for (const item of items) {
    const itemBytes = bytesOf(item);
    keys += item.keys.length;
    args += item.args.length;
    bytes += itemBytes;
    if (
      keys > keysPerCallMax ||
      args > argumentsPerCallMax ||
      bytes > limits.storeBatchBytesMax ||
      chunks.length === 0
    ) {
      chunks.push([]);
      keys = item.keys.length;
      args = item.args.length;
      bytes = itemBytes;
    }
    chunks.at(-1)?.push(item);
  }
  return chunks;
}

/** Of what may be long: bodies and payloads. */
function bytesOf({ args }: Item): number {
  let bytes = 0;
  for (const argument of args) if (typeof argument === 'object') bytes += argument.length;
  return bytes;
}

/** The error where there is none that can be used. */
export function clientOf(link: RedisLink): RedisClient | CimError {
  try {
    return link.client;
  } catch (error) {
    return toCimError(error);
  }
}

function orThrow<T>(reply: T | CimError): T {
  if (reply instanceof CimError) throw reply;
  return reply;
}
