/** A clock that is set takes nothing from a store, whether it is open then or not. */
import { expect, test } from '@jest/globals';
import { limits } from '../../../../src/base/limits.ts';
import { Database } from '../../../../src/store/sqlite/database.ts';
import { SqliteStore } from '../../../../src/store/sqlite/sqlite-store.ts';
import type { Retention } from '../../../../src/store/store.ts';
import { userTimeline } from '../../../../src/store/timelines.ts';
import { Conversation, textsOf } from '../../../support/messages.ts';
import { onTeardown } from '../../../support/teardown.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const dayMs = 24 * 3_600_000;
const retention: Retention = { messagesMax: 1_000, ageMs: dayMs };
const amy = 1;
const bob = 2;
const toBob = userTimeline(bob);
const leaps = [-40 * 365 * dayMs, -3 * dayMs, dayMs, 3 * dayMs, 56 * 365 * dayMs];
/** By then a sweep has come by everything. */
const sweepingMs = 600_000;

function open(folder: string, clock: VirtualClock) {
  const told: unknown[] = [];
  const log = { warn: (fields: unknown) => told.push(fields) } as never;
  const store = new SqliteStore({ database: Database.open(folder), retention, clock, log });
  onTeardown(() => store.close());
  return { store, told };
}

async function texts(store: SqliteStore): Promise<string[]> {
  return textsOf((await store.timelines.read({ timeline: toBob, after: 0, limit: 10 })).messages);
}

test.each(leaps)(
  'set by %d ms while it is open: nothing is forgotten, and it is said once',
  async (leapMs) => {
    const clock = new VirtualClock();
    const { store, told } = open(':memory:', clock);
    const conversation = new Conversation(amy, bob);
    await store.timelines.append([conversation.append(toBob, 1, ['one'])]);
    clock.leap(leapMs);
    await clock.advance(sweepingMs);
    expect(await texts(store)).toEqual(['one']);
    expect(told).toEqual([{ byMs: leapMs }]);
    // Nor are numbers: a repeat is known, and the next is taken.
    expect(
      await store.timelines.append([
        conversation.append(toBob, 1, ['one']),
        conversation.append(toBob, 2, ['two']),
      ]),
    ).toMatchObject([{ duplicates: 1 }, { status: 'taken', seq: 2 }]);
    // And it goes on growing old.
    await clock.advance(dayMs + sweepingMs);
    expect(await texts(store)).toEqual([]);
    await clock.advance(limits.sourceStateMs);
    expect(told).toHaveLength(1);
  },
);

test.each(leaps)('set by %d ms while it was closed: nothing is forgotten', async (leapMs) => {
  const folder = temporaryFolder();
  const clock = new VirtualClock();
  const before = open(folder, clock).store;
  await before.timelines.append([new Conversation(amy, bob).append(toBob, 1, ['one'])]);
  await before.close();
  clock.leap(leapMs);
  const { store } = open(folder, clock);
  await clock.advance(sweepingMs);
  expect(await texts(store)).toEqual(['one']);
});

test('what is slewed, second by second, is no leap', async () => {
  const clock = new VirtualClock();
  const { store, told } = open(':memory:', clock);
  for (let minute = 0; minute < 60; minute += 1) {
    clock.leap(-30);
    await clock.advance(60_000);
  }
  expect(told).toEqual([]);
  await store.close();
});

test('what waits to be sent is due when it was to be, after a leap, a sleep and a night off', async () => {
  const folder = temporaryFolder();
  const clock = new VirtualClock();
  const before = open(folder, clock).store;
  const isDue = async (store: SqliteStore) => (await store.schedules.lease(1, 1)).length === 1;
  const later = (id: string) => ({ id, owner: amy, payload: Uint8Array.of(1) });
  await before.schedules.create(later('a'), 3_600_000);
  clock.leap(5 * 365 * dayMs);
  expect(await isDue(before)).toBe(false);
  clock.leap(8 * 3_600_000);
  expect(await isDue(before)).toBe(true);
  await before.schedules.finish([later('a')]);
  await before.schedules.create(later('b'), 3_600_000);
  await before.close();
  clock.leap(8 * 3_600_000);
  expect(await isDue(open(folder, clock).store)).toBe(true);
});
