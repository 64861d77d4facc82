import { beforeEach, describe, expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import type { Schedule, Schedules } from '../../../src/store/schedules.ts';
import type { Store } from '../../../src/store/store.ts';
import { waitUntil } from '../../support/wait-until.ts';
import type { StoreFixture } from '../store.ts';

const longMs = 60_000;

/** Leases are of the whole store, so each test has one of its own. */
export function describeSchedules(fixture: StoreFixture): void {
  let store: Store;
  let schedules: Schedules;
  beforeEach(async () => {
    store = await fixture.openStore();
    schedules = store.schedules;
  });
  const idsOf = async (owner: number) =>
    (await schedules.listOf(owner)).schedules.map(({ id }) => id);
  /** Leases for long what is due, as soon as something is. */
  const whenDue = () =>
    waitUntil('a schedule is due', async () => {
      const leased = await schedules.lease(10, longMs);
      return leased.length > 0 ? leased : null;
    });

  test('what is due is leased, with what was stored', async () => {
    const schedule = scheduled('a', 1, [0, 255, 128]);
    expect(await schedules.create(schedule, 0)).toBe('created');
    const leased = await schedules.lease(10, longMs);
    expect(leased.map(plain)).toEqual([plain(schedule)]);
  });

  test('what is not yet due is not leased, and then it is', async () => {
    await schedules.create(scheduled('much later', 1), longMs);
    const created = await store.sessions.now();
    await schedules.create(scheduled('soon', 1), 100);
    const leased = await whenDue();
    expect(leased.map(({ id }) => id)).toEqual(['soon']);
    expect(await store.sessions.now()).toBeGreaterThanOrEqual(created + 100);
  });

  test('creating twice is harmless, in every state, and the first stays', async () => {
    expect(await schedules.create(scheduled('a', 1, [1]), 0)).toBe('created');
    expect(await schedules.create(scheduled('a', 1, [2]), 0)).toBe('known');
    const leased = await schedules.lease(10, longMs);
    expect(leased.map(plain)).toEqual([plain(scheduled('a', 1, [1]))]);
    expect(await schedules.create(scheduled('a', 1, [3]), 0)).toBe('known');
    await schedules.finish(leased);
    expect(await schedules.create(scheduled('a', 1, [4]), 0)).toBe('known');
    expect(await schedules.lease(10, longMs)).toEqual([]);
  });

  test('created many times at once, it exists once', async () => {
    const created = await Promise.all(
      Array.from({ length: 10 }, () => schedules.create(scheduled('a', 1), 0)),
    );
    expect(created.filter((status) => status === 'created')).toHaveLength(1);
    expect(await schedules.lease(10, longMs)).toHaveLength(1);
  });

  test('the ids of owners are their own', async () => {
    expect(await schedules.create(scheduled('a', 1), 0)).toBe('created');
    expect(await schedules.create(scheduled('a', 2), 0)).toBe('created');
    const leased = await schedules.lease(10, longMs);
    expect(leased.map(({ owner }) => owner).toSorted()).toEqual([1, 2]);
    await schedules.finish([{ id: 'a', owner: 1 }]);
    expect(await schedules.create(scheduled('a', 2), 0)).toBe('known');
  });

  test('the oldest due come first, as many as asked', async () => {
    // All due already, and so far apart that the order is theirs, however long it takes to create them.
    for (const [id, times] of Object.entries({ third: 1, first: 3, second: 2 })) {
      await schedules.create(scheduled(id, 1), -times * longMs);
    }
    expect((await schedules.lease(2, longMs)).map(({ id }) => id)).toEqual(['first', 'second']);
    expect((await schedules.lease(2, longMs)).map(({ id }) => id)).toEqual(['third']);
  });

  test('a lease is exclusive', async () => {
    const ids = Array.from({ length: 30 }, (_, index) => `s${index}`);
    for (const id of ids) await schedules.create(scheduled(id, 1), 0);
    const leases = await Promise.all(Array.from({ length: 5 }, () => schedules.lease(10, longMs)));
    const leased = leases.flat().map(({ id }) => id);
    expect(leased.toSorted()).toEqual(ids.toSorted());
  });

  test('a lease that was not finished is taken over when its time is up, not before', async () => {
    await schedules.create(scheduled('a', 1, [7]), 0);
    const before = await store.sessions.now();
    expect(await schedules.lease(10, 100)).toHaveLength(1);
    const takenOver = await whenDue();
    expect(takenOver.map(plain)).toEqual([plain(scheduled('a', 1, [7]))]);
    expect(await store.sessions.now()).toBeGreaterThanOrEqual(before + 100);
  });

  test('what is finished does not come back when its lease runs out', async () => {
    await schedules.create(scheduled('finished', 1), 0);
    await schedules.create(scheduled('left', 1), 0);
    expect(await schedules.lease(10, 50)).toHaveLength(2);
    await schedules.finish([{ id: 'finished', owner: 1 }]);
    expect((await whenDue()).map(({ id }) => id)).toEqual(['left']);
  });

  test('those of an owner are listed as they are due, leased ones too, until they are sent', async () => {
    const before = await store.sessions.now();
    for (const [id, delayMs] of Object.entries({ third: 2 * longMs, first: 0, second: longMs })) {
      await schedules.create(scheduled(id, 1, [delayMs % 255]), delayMs);
    }
    await schedules.create(scheduled('another', 2), 0);
    const after = await store.sessions.now();
    const leased = await schedules.lease(10, 3 * longMs);
    expect(leased.map(({ id }) => id).toSorted()).toEqual(['another', 'first']);
    const { schedules: list, hasMore } = await schedules.listOf(1);
    expect(hasMore).toBe(false);
    expect(list.map(plain)).toEqual([
      plain(scheduled('first', 1, [0])),
      plain(scheduled('second', 1, [longMs % 255])),
      plain(scheduled('third', 1, [(2 * longMs) % 255])),
    ]);
    for (const [index, { dueAt }] of list.entries()) {
      expect(dueAt).toBeGreaterThanOrEqual(before + index * longMs);
      expect(dueAt).toBeLessThanOrEqual(after + index * longMs);
    }
    await schedules.finish([{ id: 'first', owner: 1 }]);
    expect(await idsOf(1)).toEqual(['second', 'third']);
    expect(await schedules.listOf(3)).toEqual({ schedules: [], hasMore: false });
  });

  test('pages of large ones have few bytes, and nothing is left out or told twice', async () => {
    const large = Array.from({ length: limits.textBytesMax }, () => 7);
    const ids = Array.from({ length: 30 }, (_, index) => `l${index}`);
    // Many are due in the same millisecond; ids are any text.
    for (const id of [...ids, 'é', 'Z', '😀', 'a'])
      await schedules.create(scheduled(id, 1, large), longMs);
    const all: string[] = [];
    for (let page = await schedules.listOf(1); ; ) {
      const bytes = page.schedules.reduce((sum, { payload }) => sum + payload.length, 0);
      expect(bytes).toBeLessThanOrEqual(limits.pageBytesMax);
      all.push(...page.schedules.map(({ id }) => id));
      const last = page.schedules.at(-1);
      if (!page.hasMore || !last) break;
      // Where it goes on is known also when that one is gone.
      await schedules.cancel({ id: last.id, owner: 1 });
      page = await schedules.listOf(1, last);
    }
    expect(all).toHaveLength(34);
    expect(new Set(all)).toEqual(new Set([...ids, 'é', 'Z', '😀', 'a']));
  });

  test('a page has so many, and one that is larger than a page is one of its own', async () => {
    const huge = Array.from({ length: limits.pageBytesMax + 1 }, () => 7);
    await schedules.create(scheduled('huge', 1, huge), longMs);
    for (let index = 0; index <= limits.pageMessagesMax; index++)
      await schedules.create(scheduled(`s${index}`, 1), 2 * longMs);
    const first = await schedules.listOf(1);
    expect(first).toMatchObject({ schedules: [{ id: 'huge' }], hasMore: true });
    const second = await schedules.listOf(1, first.schedules[0]);
    expect(second.schedules).toHaveLength(limits.pageMessagesMax);
    const third = await schedules.listOf(1, second.schedules.at(-1));
    expect(third).toMatchObject({ schedules: [{ owner: 1 }], hasMore: false });
  });

  test('a lease of large ones gives fewer at a time, and all in the end', async () => {
    const large = Array.from({ length: limits.textBytesMax }, () => 7);
    const count = Math.ceil((1.5 * limits.storeBatchBytesMax) / large.length);
    for (let index = 0; index < count; index++)
      await schedules.create(scheduled(`s${index}`, index, large), 0);
    const first = await schedules.lease(count, longMs);
    expect(first.length).toBeLessThan(count);
    const rest = await schedules.lease(count, longMs);
    expect(first.length + rest.length).toBe(count);
    expect(await schedules.lease(count, longMs)).toEqual([]);
  });

  test('so many of an owner may wait, and others when one is sent or cancelled', async () => {
    const ids = Array.from({ length: limits.schedulesPerUserMax }, (_, index) => `s${index}`);
    const created = await Promise.all(ids.map((id) => schedules.create(scheduled(id, 1), 0)));
    expect(new Set(created)).toEqual(new Set(['created']));
    expect(await schedules.create(scheduled('more', 1), 0)).toBe('too-many');
    expect(await schedules.create(scheduled(ids[0]!, 1), 0)).toBe('known');
    expect(await schedules.create(scheduled('more', 2), 0)).toBe('created');
    expect(await schedules.cancel(scheduled(ids[0]!, 1))).toBe('cancelled');
    expect(await schedules.create(scheduled('more', 1), 0)).toBe('created');
    expect(await schedules.create(scheduled('even more', 1), 0)).toBe('too-many');
    await schedules.finish([scheduled(ids[1]!, 1)]);
    expect(await schedules.create(scheduled('even more', 1), 0)).toBe('created');
  });

  describe('cancelling', () => {
    test('keeps a schedule from being sent, and its id in use', async () => {
      await schedules.create(scheduled('due', 1), 0);
      await schedules.create(scheduled('later', 1), longMs);
      await schedules.create(scheduled('kept', 1), 0);
      for (const id of ['due', 'later']) {
        expect(await schedules.cancel(scheduled(id, 1))).toBe('cancelled');
        expect(await schedules.cancel(scheduled(id, 1))).toBe('cancelled');
        expect(await schedules.create(scheduled(id, 1), 0)).toBe('known');
      }
      expect(await idsOf(1)).toEqual(['kept']);
      expect((await schedules.lease(10, longMs)).map(({ id }) => id)).toEqual(['kept']);
    });

    test('finds only what its owner has and has not been sent', async () => {
      await schedules.create(scheduled('a', 1), 0);
      expect(await schedules.cancel(scheduled('a', 2))).toBe('unknown');
      expect(await schedules.cancel(scheduled('b', 1))).toBe('unknown');
      await schedules.lease(10, longMs);
      await schedules.finish([scheduled('a', 1)]);
      expect(await schedules.cancel(scheduled('a', 1))).toBe('unknown');
    });

    test('comes too late for what was ever leased: who had leased it may have sent it', async () => {
      const ids = ['a', 'b'];
      for (const id of ids) await schedules.create(scheduled(id, 1), 0);
      expect(await schedules.lease(2, 1)).toHaveLength(2);
      await waitUntil(
        'both leases have run out, and one is leased again',
        async () => (await schedules.lease(1, longMs)).length === 1,
      );
      for (const id of ids) expect(await schedules.cancel(scheduled(id, 1))).toBe('leased');
    });

    test('what was finished late, and cancelled never, stays sent', async () => {
      await schedules.create(scheduled('a', 1), 0);
      const [leased] = await schedules.lease(10, 1);
      await schedules.finish([leased!]);
      expect(await schedules.cancel(scheduled('a', 1))).toBe('unknown');
      expect(await idsOf(1)).toEqual([]);
    });

    test('and leasing at the same time: one of them gets it', async () => {
      const ids = Array.from({ length: 40 }, (_, index) => `s${index}`);
      for (const id of ids) await schedules.create(scheduled(id, 1), 0);
      const [cancelled, ...leases] = await Promise.all([
        Promise.all(ids.map((id) => schedules.cancel(scheduled(id, 1)))),
        ...Array.from({ length: 4 }, () => schedules.lease(10, longMs)),
      ]);
      const leased = new Set(leases.flat().map(({ id }) => id));
      for (const [index, id] of ids.entries()) {
        const expected = leased.has(id) ? 'leased' : 'cancelled';
        expect(cancelled[index]).toBe(expected);
      }
    });
  });

  test('finishing what does not exist, twice, or nothing is harmless', async () => {
    await schedules.create(scheduled('a', 1), 0);
    const [leased] = await schedules.lease(1, longMs);
    await schedules.finish([leased!, { id: 'unknown', owner: 1 }]);
    await schedules.finish([leased!]);
    await schedules.finish([]);
    expect(await schedules.lease(10, longMs)).toEqual([]);
  });
}

function scheduled(id: string, owner: number, payload: readonly number[] = []): Schedule {
  return { id, owner, payload: Uint8Array.from(payload) };
}

/** Implementations may give a Buffer or a bare Uint8Array. */
function plain({ id, owner, payload }: Schedule) {
  return { id, owner, payload: [...payload] };
}
