/** Values of topics that are retained. What takes long is in the tests of each store. */
import { beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { limits } from '../../../src/base/limits.ts';
import type { Retain, Retained, RetainedRoom } from '../../../src/store/retained.ts';
import type { Store } from '../../../src/store/store.ts';
import { waitUntil } from '../../support/wait-until.ts';
import type { StoreFixture } from '../store.ts';

const room: RetainedRoom = {
  ...{ ownerValuesMax: 1_000, ownerBytesMax: 1e9, allValuesMax: 1_000, allBytesMax: 1e9 },
};

function aValue(topic: string, fields: Partial<Retain> = {}): Retain {
  return { topic, owner: 'u:7', body: Buffer.from(`of ${topic}`), lifeMs: 0, ...fields };
}

/** What is counted is of the whole store, so each test has one of its own. */
export function describeRetained(fixture: StoreFixture): void {
  let store: Store;
  let retained: Retained;
  beforeEach(async () => {
    store = await fixture.openStore();
    retained = store.retained;
  });

  const kept = async (topic: string, fields: Partial<Retain> = {}) => {
    const answer = await retained.keep(aValue(topic, fields), room);
    if (answer.status !== 'kept') throw new Error(`${topic} is not kept: ${answer.of}`);
    return answer.number;
  };
  const topicsOf = async (prefix: string, limit = 100) =>
    (await retained.page({ prefix, limit })).values.map(({ topic }) => topic);

  test('a value is found as it was kept, byte by byte, until it is replaced or removed', async () => {
    const body = Buffer.from([0, 10, 32, 255, 254, 0]);
    expect(await retained.find('a/ü b')).toBeNull();
    const number = await kept('a/ü b', { body, owner: 'd:12' });
    const found = await retained.find('a/ü b');
    expect(found).toMatchObject({ topic: 'a/ü b', number, owner: 'd:12', expiresAt: 0 });
    expect(Buffer.from(found!.body)).toEqual(body);
    const next = await kept('a/ü b', { body: Buffer.alloc(0) });
    const replaced = await retained.find('a/ü b');
    expect(replaced).toMatchObject({ number: next, owner: 'u:7' });
    expect(replaced!.body).toHaveLength(0);
    expect(await retained.find('a/ü')).toBeNull();
    expect(await retained.remove('a/ü b')).toBeGreaterThan(next);
    expect(await retained.find('a/ü b')).toBeNull();
    expect(await retained.remove('a/ü b')).toBeUndefined();
  });

  test('numbers grow, over removals and topics, and are not below the time', async () => {
    const before = await store.sessions.now();
    const numbers = [await kept('a'), await kept('b'), (await retained.remove('a'))!];
    numbers.push(await kept('a'), (await retained.remove('b'))!, await kept('b'));
    expect(numbers).toEqual([...new Set(numbers)].toSorted((one, other) => one - other));
    expect(numbers[0]).toBeGreaterThanOrEqual(before * 1_000);
  });

  test('they are listed by what their topics begin with, in the order of bytes, in pages', async () => {
    for (const topic of ['b', 'a/2', 'a/10', 'ab', 'a', 'a/\u{ff41}', 'a/\u{1d400}', 'ä'])
      await kept(topic);
    expect(await topicsOf('a/')).toEqual(['a/10', 'a/2', 'a/\u{ff41}', 'a/\u{1d400}']);
    expect(await topicsOf('a')).toEqual(['a', ...(await topicsOf('a/')), 'ab']);
    expect(await topicsOf('c')).toEqual([]);
    const all = await topicsOf('');
    expect(all).toHaveLength(8);
    const paged: string[] = [];
    for (let after: string | null = ''; after !== null; ) {
      const page = await retained.page({ prefix: '', after, limit: 3 });
      expect(page.values.length).toBeLessThanOrEqual(3);
      paged.push(...page.values.map(({ topic }) => topic));
      after = page.next;
    }
    expect(paged).toEqual(all);
    expect(await retained.page({ prefix: 'a/', after: 'a/2', limit: 1 })).toMatchObject({
      ...{ values: [{ topic: 'a/\u{ff41}' }], next: 'a/\u{ff41}' },
    });
    // Before all that begin so.
    expect((await retained.page({ prefix: 'b', after: 'a', limit: 9 })).values).toHaveLength(1);
  });

  test('a page ends before it has too many bytes, but has one value at least', async () => {
    const body = Buffer.alloc(Math.ceil(limits.pageBytesMax / 2));
    for (const topic of ['a', 'b', 'c']) await kept(topic, { body });
    const page = await retained.page({ prefix: '', limit: 10 });
    expect(page).toMatchObject({ values: [{ topic: 'a' }], next: 'a' });
    const huge = Buffer.alloc(limits.pageBytesMax + 1);
    await kept('b', { body: huge });
    expect(await retained.page({ prefix: 'b', limit: 10 })).toMatchObject({
      ...{ values: [{ topic: 'b' }], next: null },
    });
  });

  test('there is room for so many values and bytes of an owner, and of all', async () => {
    const size = 100 + limits.retainedOverheadBytes;
    const small = { ...room, ownerValuesMax: 2, ownerBytesMax: 3 * size, allValuesMax: 3 };
    const sized = (topic: string, owner: string, bytes: number) =>
      retained.keep(aValue(topic, { owner, body: Buffer.alloc(bytes - topic.length) }), small);
    const noRoom = (of: string) => ({ status: 'no-room', of });
    expect(await sized('a', 'u:1', 100)).toMatchObject({ status: 'kept' });
    expect(await sized('b', 'u:1', 100)).toMatchObject({ status: 'kept' });
    expect(await sized('c', 'u:1', 100)).toEqual(noRoom('owner'));
    expect(await sized('c', 'u:2', 100)).toMatchObject({ status: 'kept' });
    expect(await sized('d', 'u:3', 100)).toEqual(noRoom('all'));
    // What is replaced makes room, and is there until then.
    expect(await sized('b', 'u:1', 100 + size)).toMatchObject({ status: 'kept' });
    expect(await sized('a', 'u:1', 101)).toEqual(noRoom('owner'));
    expect((await retained.find('a'))?.body).toHaveLength(99);
    expect(await retained.usage('u:1')).toEqual({ values: 2, bytes: 3 * size });
    // One of another owner counts for that one from then on.
    expect(await sized('a', 'u:2', 200)).toMatchObject({ status: 'kept' });
    expect(await retained.usage('u:1')).toEqual({ values: 1, bytes: 2 * size });
    expect(await retained.usage('u:2')).toEqual({ values: 2, bytes: 2 * size + 100 });
    expect(await retained.usage()).toEqual({ values: 3, bytes: 4 * size + 100 });
    for (const topic of ['a', 'b', 'c']) await retained.remove(topic);
    expect(await retained.usage()).toEqual({ values: 0, bytes: 0 });
    expect(await retained.usage('u:2')).toEqual({ values: 0, bytes: 0 });
  });

  test('bytes of all are bounded, also where owners have room', async () => {
    const tight = { ...room, allBytesMax: 1 + 10 + limits.retainedOverheadBytes };
    const body = Buffer.alloc(10);
    expect(await retained.keep(aValue('a', { body }), tight)).toMatchObject({ status: 'kept' });
    expect(await retained.keep(aValue('a', { body, owner: 'u:8' }), tight)).toMatchObject({
      status: 'kept',
    });
    expect(await retained.keep(aValue('b', { body }), tight)).toEqual({
      ...{ status: 'no-room', of: 'all' },
    });
  });

  test('what has expired is given no more, and makes room for others', async () => {
    const number = await kept('a', { lifeMs: 1 });
    await kept('b', { lifeMs: 3_600_000 });
    const expired = async () => (await retained.find('a')) === null;
    await waitUntil('the value expires', expired);
    expect(await topicsOf('')).toEqual(['b']);
    const full = { ...room, ownerValuesMax: 2 };
    expect(await retained.keep(aValue('c'), full)).toMatchObject({ status: 'kept' });
    expect((await retained.usage()).values).toBe(2);
    expect(await kept('a')).toBeGreaterThan(number);
    expect((await retained.find('a'))?.expiresAt).toBe(0);
    // One that is kept anew for ever does not expire by what it was before.
    await kept('b');
    expect((await retained.find('b'))?.expiresAt).toBe(0);
  });

  test('whatever comes and goes, what is counted is what is there', async () => {
    const step = fc.record({
      topic: fc.constantFrom('a', 'b', 'c/d'),
      owner: fc.constantFrom('u:1', 'u:2'),
      bytes: fc.nat(20),
      isRemoval: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        for (const { topic, owner, bytes, isRemoval } of steps) {
          if (isRemoval) await retained.remove(topic);
          else await kept(topic, { owner, body: Buffer.alloc(bytes) });
        }
        const { values } = await retained.page({ prefix: '', limit: 10 });
        for (const owner of ['u:1', 'u:2', undefined]) {
          const own = values.filter((value) => owner === undefined || value.owner === owner);
          const counted = own.map(
            ({ topic, body }) => topic.length + body.length + limits.retainedOverheadBytes,
          );
          const bytes = counted.reduce((sum, each) => sum + each, 0);
          expect(await retained.usage(owner)).toEqual({ values: own.length, bytes });
        }
      }),
      { numRuns: 30 },
    );
  });
}
