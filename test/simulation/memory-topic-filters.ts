/** Filters of sessions, of the store in memory. */
import { limits } from '../../src/base/limits.ts';
import { nextNumber } from '../../src/store/decisions/numbers.ts';
import { shardOfFilter } from '../../src/store/decisions/topic-shards.ts';
import type {
  FilterAdding,
  FilterChange,
  FilterChanges,
  FilterPage,
  FilterRoom,
  SessionFilter,
  ShardFilter,
  TopicFilters,
  TopicSession,
} from '../../src/store/topic-filters.ts';
import type { MemoryData, NumberedChange } from './memory-shard.ts';

export class MemoryTopicFilters implements TopicFilters {
  readonly #data: MemoryData;
  readonly #now: () => number;

  constructor(data: MemoryData, now: () => number) {
    this.#data = data;
    this.#now = now;
  }

  async add(
    session: TopicSession,
    filters: readonly SessionFilter[],
    room: FilterRoom,
  ): Promise<FilterAdding> {
    const own = await this.of(session);
    const sessions = this.#sessionsOf(session.owner);
    if (own.length === 0 && sessions.length >= room.sessionsPerOwnerMax) return 'too-many-sessions';
    const all = new Set([...own, ...filters].map(({ filter }) => filter));
    if (all.size > room.filtersPerSessionMax) return 'too-many-filters';
    for (const { filter, options } of filters) this.#set({ ...session, filter, options });
    return 'kept';
  }

  async remove(session: TopicSession, filters: readonly string[]): Promise<void> {
    for (const filter of filters) this.#set({ ...session, filter, options: null });
  }

  async of({ owner, clientId }: TopicSession): Promise<SessionFilter[]> {
    return this.#all()
      .filter((one) => one.owner === owner && one.clientId === clientId)
      .map(({ filter, options }) => ({ filter, options }))
      .toSorted((one, other) => compare(one.filter, other.filter));
  }

  async end(session: TopicSession): Promise<void> {
    const filters = await this.of(session);
    for (const { filter } of filters) this.#set({ ...session, filter, options: null });
  }

  async endAllOf(owner: string): Promise<void> {
    const own = this.#all().filter((one) => one.owner === owner);
    for (const clientId of this.#sessionsOf(owner)) await this.end({ owner, clientId });
    const shards = new Set(own.map(({ filter }) => shardOfFilter(filter)));
    this.#data.topicChanges = this.#data.topicChanges.filter(({ shard }) => !shards.has(shard));
  }

  async versions(shards: readonly number[]): Promise<number[]> {
    return shards.map((shard) => this.#versionOf(shard));
  }

  async changes(shard: number, since: number): Promise<FilterChanges | null> {
    const known = this.#changesOf(shard);
    const isNewest = since === this.#versionOf(shard);
    if (!isNewest && !known.some(({ number }) => number === since)) return null;
    const changes = known
      .filter(({ number }) => number > since)
      .slice(0, limits.topicChangesPageMax);
    const version = changes.at(-1)?.number ?? since;
    return { version, changes: changes.map(({ shard: _, number: __, ...change }) => change) };
  }

  async page(shard: number, after = '0'): Promise<FilterPage> {
    const all = this.#all().filter(({ filter }) => shardOfFilter(filter) === shard);
    const end = Number(after) + limits.topicFiltersPageMax;
    const next = end < all.length ? String(end) : null;
    return { filters: all.slice(Number(after), end), next };
  }

  #sessionsOf(owner: string): string[] {
    const own = this.#all().filter((one) => one.owner === owner);
    return [...new Set(own.map(({ clientId }) => clientId))];
  }

  #all(): ShardFilter[] {
    return [...this.#data.topicFilters.values()];
  }

  #changesOf(shard: number): NumberedChange[] {
    const all = this.#data.topicChanges.filter((change) => change.shard === shard);
    return all.slice(-limits.topicChangesMax);
  }

  #versionOf(shard: number): number {
    return this.#data.topicVersions.get(shard) ?? 0;
  }

  #set(change: FilterChange): void {
    const { owner, clientId, filter, options } = change;
    const key = JSON.stringify([owner, clientId, filter]);
    if ((this.#data.topicFilters.get(key)?.options ?? null) === options) return;
    if (options === null) this.#data.topicFilters.delete(key);
    else this.#data.topicFilters.set(key, { owner, clientId, filter, options });
    const shard = shardOfFilter(filter);
    const number = nextNumber(this.#versionOf(shard), this.#now());
    this.#data.topicVersions.set(shard, number);
    this.#data.topicChanges = [...this.#data.topicChanges, { ...change, shard, number }];
  }
}

function compare(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
