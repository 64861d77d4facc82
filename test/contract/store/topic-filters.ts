/** Filters of sessions that outlive their connections, and how routes hear of them. */
import { beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { limits } from '../../../src/base/limits.ts';
import {
  shardOfFilter,
  shardsOfTopic,
  topicShards,
} from '../../../src/store/decisions/topic-shards.ts';
import type { Store } from '../../../src/store/store.ts';
import { userTimeline } from '../../../src/store/timelines.ts';
import type { FilterRoom, ShardFilter, TopicFilters } from '../../../src/store/topic-filters.ts';
import type { StoreFixture } from '../store.ts';
import { nextUserId } from './users.ts';

const room: FilterRoom = { filtersPerSessionMax: 100_000, sessionsPerOwnerMax: 100 };
const lamp = { owner: 'u:7', clientId: 'lamp "1" {}' };
const shard = shardOfFilter('a');

/** Shards are of the whole store, so each test has one of its own. */
export function describeTopicFilters(fixture: StoreFixture): void {
  let store: Store;
  let topics: TopicFilters;
  beforeEach(async () => {
    store = await fixture.openStore();
    topics = store.topicFilters;
  });

  const versionOf = async (of: number) => (await topics.versions([of]))[0]!;
  const named = (filters: readonly string[], options = '1') =>
    filters.map((filter) => ({ filter, options }));

  test('a session has the filters that were added, with their options, until they are removed', async () => {
    expect(await topics.of(lamp)).toEqual([]);
    expect(await topics.add(lamp, named(['a/ü', 'a', '#', '$share/x/a']), room)).toBe('kept');
    expect(await topics.add(lamp, [{ filter: 'a', options: '' }], room)).toBe('kept');
    const other = { ...lamp, clientId: 'another' };
    await topics.add(other, named(['b']), room);
    const rest = named(['#', '$share/x/a', 'a/ü']);
    expect(await topics.of(lamp)).toEqual([
      ...rest.slice(0, 2),
      { filter: 'a', options: '' },
      rest[2],
    ]);
    await topics.remove(lamp, ['a', 'nothing', 'b']);
    await topics.remove(lamp, ['a']);
    expect(await topics.of(lamp)).toEqual(rest);
    await topics.end(lamp);
    await topics.end(lamp);
    expect(await topics.of(lamp)).toEqual([]);
    expect(await topics.of(other)).toEqual(named(['b']));
    await topics.add(lamp, named(['c']), room);
    await topics.endAllOf('u:7');
    expect([await topics.of(lamp), await topics.of(other)]).toEqual([[], []]);
  });

  test('a session has so many filters, an owner so many sessions; all are added or none', async () => {
    const small = { filtersPerSessionMax: 2, sessionsPerOwnerMax: 2 };
    const session = (clientId: string, owner = 'u:7') => ({ owner, clientId });
    expect(await topics.add(session('1'), named(['a', 'a', 'b']), small)).toBe('kept');
    expect(await topics.add(session('1'), named(['a'], '2'), small)).toBe('kept');
    expect(await topics.add(session('1'), named(['a', 'c'], '3'), small)).toBe('too-many-filters');
    const kept = [...named(['a'], '2'), ...named(['b'])];
    expect(await topics.of(session('1'))).toEqual(kept);
    expect(await topics.add(session('2'), named(['a', 'b', 'c']), small)).toBe('too-many-filters');
    expect(await topics.add(session('2'), named(['a']), small)).toBe('kept');
    expect(await topics.add(session('3'), named(['a']), small)).toBe('too-many-sessions');
    expect(await topics.add(session('3', 'u:8'), named(['a']), small)).toBe('kept');
    // One that has none left makes room.
    await topics.remove(session('2'), ['a']);
    expect(await topics.add(session('3'), named(['a']), small)).toBe('kept');
    expect(await topics.add(session('2'), named(['a']), small)).toBe('too-many-sessions');
    expect((await readWhole(topics, shard)).map(({ clientId }) => clientId).toSorted()).toEqual([
      ...['1', '3', '3'],
    ]);
  });

  test('what changes has a version; what changes nothing has none', async () => {
    const before = await store.sessions.now();
    expect(await topics.versions([shard, 0, topicShards - 1])).toEqual([0, 0, 0]);
    expect(await topics.changes(shard, 0)).toEqual({ version: 0, changes: [] });
    await topics.add(lamp, named(['a', 'a/b']), room);
    const added = await versionOf(shard);
    expect(added).toBeGreaterThanOrEqual(before * 1_000);
    expect(await topics.changes(shard, 0)).toBeNull();
    await topics.add(lamp, named(['a']), room);
    await topics.remove(lamp, ['a/c']);
    await topics.add(lamp, named(['+/a', '#', '$share/x/+']), room);
    expect(await versionOf(shard)).toBe(added);
    expect(await versionOf(topicShards - 1)).toBeGreaterThan(0);
    await topics.add(lamp, named(['$share/x/a'], '0'), room);
    await topics.remove(lamp, ['a/b']);
    await topics.add(lamp, named(['a'], ''), room);
    const newest = await versionOf(shard);
    expect(newest).toBeGreaterThan(added);
    expect(await topics.changes(shard, added)).toEqual({
      version: newest,
      changes: [
        { ...lamp, filter: '$share/x/a', options: '0' },
        { ...lamp, filter: 'a/b', options: null },
        { ...lamp, filter: 'a', options: '' },
      ],
    });
    expect(await topics.changes(shard, newest)).toEqual({ version: newest, changes: [] });
    // A version that no change has: it was lost.
    expect(await topics.changes(shard, newest + 1)).toBeNull();
  });

  test('changes and pages come in pieces, and are all there', async () => {
    await topics.add(lamp, named(['a']), room);
    const first = await versionOf(shard);
    const filters = Array.from(
      { length: limits.topicFiltersPageMax * 2 + 10 },
      (_, at) => `a/${at}`,
    );
    for (let at = 0; at < filters.length; at += 500)
      await topics.add(lamp, named(filters.slice(at, at + 500)), room);
    const whole = await readWhole(topics, shard);
    expect(whole.map(({ filter }) => filter).toSorted()).toEqual(['a', ...filters].toSorted());
    const seen: string[] = [];
    for (let since = first; ; ) {
      const { version, changes } = (await topics.changes(shard, since))!;
      if (changes.length === 0) break;
      expect(changes.length).toBeLessThanOrEqual(limits.topicChangesPageMax);
      seen.push(...changes.map(({ filter }) => filter));
      since = version;
    }
    expect(seen).toEqual(filters);
    await topics.end(lamp);
    expect(await readWhole(topics, shard)).toEqual([]);
  });

  test('those of an account that is deleted are gone', async () => {
    const user = { userId: nextUserId(), name: `sleeper ${nextUserId()}` };
    await store.accounts.register(user);
    const session = { owner: userTimeline(user.userId), clientId: 'lamp' };
    await topics.add(session, named(['a']), room);
    await topics.add(lamp, named(['a']), room);
    const before = await versionOf(shard);
    await store.deletions.begin(user.userId);
    await store.deletions.finish(user.userId);
    expect(await topics.of(session)).toEqual([]);
    expect(await readWhole(topics, shard)).toEqual([{ ...lamp, ...named(['a'])[0] }]);
    // Nor does any change tell of them: mirrors read the shard anew.
    expect(await topics.changes(shard, before)).toBeNull();
    const version = await versionOf(shard);
    expect(await topics.changes(shard, version)).toEqual({ version, changes: [] });
    await topics.remove(lamp, ['a']);
    expect((await topics.changes(shard, version))?.changes ?? []).toEqual([]);
  });

  test('filters that match a topic are in its two shards', () => {
    const all = ['a/b', 'a/#', 'a/+', '$share/x/a/b', '$share/x/#', '+/b', '#', '+/+'];
    for (const filter of all) expect(shardsOfTopic('a/b')).toContain(shardOfFilter(filter));
    expect(shardOfFilter('/a')).toBe(shardOfFilter('/'));
    // They are on disk: another shard would lose them.
    expect(['a', 'b', 'telemetry', '/', 'ü'].map(shardOfFilter)).toEqual([44, 37, 0, 5, 10]);
  });

  test('a mirror that follows changes has what is there', async () => {
    const step = fc.record({
      clientId: fc.constantFrom('1', '2'),
      filter: fc.constantFrom('a', 'a/b', '$share/x/a'),
      options: fc.constantFrom('0', '1', null),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 10 }), async (steps) => {
        const mirror = new FilterMirror(topics);
        await mirror.follow();
        for (const { clientId, filter, options } of steps) {
          const session = { owner: 'u:7', clientId };
          if (options === null) await topics.remove(session, [filter]);
          else await topics.add(session, [{ filter, options }], room);
          await mirror.follow();
        }
        const whole = (await readWhole(topics, shard)).map((one) => [keyOf(one), one.options]);
        expect(Object.fromEntries(mirror.filters)).toEqual(Object.fromEntries(whole));
      }),
      { numRuns: 20 },
    );
  });
}

/** As routes do it. */
class FilterMirror {
  readonly filters = new Map<string, string>();
  readonly #topics: TopicFilters;
  #version = 0;

  constructor(topics: TopicFilters) {
    this.#topics = topics;
  }

  async follow(): Promise<void> {
    const news = await this.#topics.changes(shard, this.#version);
    if (!news) return this.#readAnew();
    this.#version = news.version;
    for (const change of news.changes) {
      if (change.options === null) this.filters.delete(keyOf(change));
      else this.filters.set(keyOf(change), change.options);
    }
  }

  async #readAnew(): Promise<void> {
    this.filters.clear();
    const [version = 0] = await this.#topics.versions([shard]);
    const whole = await readWhole(this.#topics, shard);
    for (const filter of whole) this.filters.set(keyOf(filter), filter.options);
    this.#version = version;
  }
}

function keyOf({ owner, clientId, filter }: Omit<ShardFilter, 'options'>): string {
  return `${owner} ${clientId} ${filter}`;
}

async function readWhole(topics: TopicFilters, of: number): Promise<ShardFilter[]> {
  const all: ShardFilter[] = [];
  for (let after: string | undefined; ; ) {
    const page = await topics.page(of, after);
    all.push(...page.filters);
    if (page.next === null) return all;
    after = page.next;
  }
}
