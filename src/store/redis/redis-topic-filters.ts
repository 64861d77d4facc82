/**
 * Filters of sessions in Redis. What a session has bears the tag of its owner, a shard bears its own: a
 * filter is listed with its session first, and taken from there last. So no shard has a filter that is not
 * found when its session ends. What is cut short between both is not answered, and is repeated.
 */
import { limits } from '../../base/limits.ts';
import { shardOfFilter } from '../decisions/topic-shards.ts';
import type {
  FilterAdding,
  FilterChange,
  FilterChanges,
  FilterPage,
  FilterRoom,
  SessionFilter,
  TopicFilters,
  TopicSession,
} from '../topic-filters.ts';
import type { Argument, RedisCalls, Reply } from './calls/redis-calls.ts';
import type { Keys } from './keys.ts';
import { scripts } from './scripts.ts';

export class RedisTopicFilters implements TopicFilters {
  readonly #calls: RedisCalls;
  readonly #keys: Keys;

  constructor(calls: RedisCalls, keys: Keys) {
    this.#calls = calls;
    this.#keys = keys;
  }

  async add(
    session: TopicSession,
    filters: readonly SessionFilter[],
    room: FilterRoom,
  ): Promise<FilterAdding> {
    const { clientId } = session;
    const pairs = filters.flatMap(({ filter, options }) => [filter, options]);
    const bounds = [room.filtersPerSessionMax, room.sessionsPerOwnerMax];
    const args = [clientId, ...bounds, ...pairs];
    const keys = this.#keys.topicSession(session);
    const answer = String(await this.#calls.run(scripts.addTopicFilters, keys, args));
    if (answer !== 'kept') return answer as FilterAdding;
    await this.#change(filters.map((filter) => ({ ...session, ...filter })));
    return 'kept';
  }

  async remove(session: TopicSession, filters: readonly string[]): Promise<void> {
    await this.#change(filters.map((filter) => ({ ...session, filter, options: null })));
    const keys = this.#keys.topicSession(session);
    await this.#calls.run(scripts.removeTopicFilters, keys, [session.clientId, ...filters]);
  }

  async of(session: TopicSession): Promise<SessionFilter[]> {
    const [, key = ''] = this.#keys.topicSession(session);
    const fields = await this.#calls.fields(key);
    return fields
      .map(([filter, options]) => ({ filter, options }))
      .toSorted((one, other) => compare(one.filter, other.filter));
  }

  async end(session: TopicSession): Promise<void> {
    const filters = await this.of(session);
    for (let start = 0; start < filters.length; start += limits.topicChangesPageMax) {
      const some = filters.slice(start, start + limits.topicChangesPageMax);
      await this.remove(
        session,
        some.map(({ filter }) => filter),
      );
    }
  }

  async endAllOf(owner: string): Promise<void> {
    const [key = ''] = this.#keys.topicSession({ owner, clientId: '' });
    const sessions = await this.#calls.fields(key);
    for (const [clientId] of sessions) {
      const session = { owner, clientId };
      const filters = await this.of(session);
      await this.#change(filters.map(({ filter }) => ({ ...session, filter, options: null })));
      for (const shard of new Set(filters.map(({ filter }) => shardOfFilter(filter))))
        await this.#calls.run(scripts.forgetTopicChanges, this.#keys.topicShard(shard));
      await this.end(session);
    }
  }

  async versions(shards: readonly number[]): Promise<number[]> {
    const keys = shards.map((shard) => this.#keys.topicShard(shard)[2] ?? '');
    const versions = await this.#calls.getAll(keys);
    return versions.map((version) => Number(version ?? 0));
  }

  async changes(shard: number, since: number): Promise<FilterChanges | null> {
    const keys = this.#keys.topicShard(shard);
    const args = [since, limits.topicChangesPageMax];
    const reply = await this.#calls.run(scripts.readTopicChanges, keys, args);
    if (!Array.isArray(reply)) return null;
    const [version, ...rest] = reply;
    const changes = pairsOf(rest).map(([key, said]): FilterChange => {
      const text = String(said);
      return { ...parseKey(String(key)), options: text.startsWith('=') ? text.slice(1) : null };
    });
    return { version: Number(String(version)), changes };
  }

  async page(shard: number, after?: string): Promise<FilterPage> {
    const [filtersKey = '', , , order = ''] = this.#keys.topicShard(shard);
    const page = [filtersKey, order];
    const { found, next } = await this.#calls.pageOfFields(page, after, limits.topicFiltersPageMax);
    return { filters: found.map(([key, options]) => ({ ...parseKey(key), options })), next };
  }

  async #change(changes: readonly FilterChange[]): Promise<void> {
    const byShard = Map.groupBy(changes, ({ filter }) => shardOfFilter(filter));
    await Promise.all(
      [...byShard].map(([shard, some]) => {
        const args = some.flatMap((change): Argument[] => [
          keyOf(change),
          change.options === null ? '' : `=${change.options}`,
        ]);
        const keys = this.#keys.topicShard(shard);
        return this.#calls.run(scripts.changeTopicShard, keys, [limits.topicChangesMax, ...args]);
      }),
    );
  }
}

function keyOf({ owner, clientId, filter }: Omit<FilterChange, 'options'>): string {
  return JSON.stringify([owner, clientId, filter]);
}

function parseKey(key: string): TopicSession & { filter: string } {
  const [owner, clientId, filter]: [string, string, string] = JSON.parse(key);
  return { owner, clientId, filter };
}

function pairsOf(replies: readonly Reply[]): [Reply, Reply][] {
  const pairs: [Reply, Reply][] = [];
  for (let at = 0; at + 1 < replies.length; at += 2)
    pairs.push([replies[at] ?? null, replies[at + 1] ?? null]);
  return pairs;
}

function compare(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
