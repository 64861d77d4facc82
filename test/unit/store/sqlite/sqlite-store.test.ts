/**
 * What is the embedded store's own: a file that is opened again, a disk that is full, state that
 * time takes away.
 */
import { closeSync, fstatSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { limits } from '../../../../src/base/limits.ts';
import type { ApiKey } from '../../../../src/store/api-keys.ts';
import { quotasByDefault } from '../../../../src/store/quotas.ts';
import { Database, inMemory } from '../../../../src/store/sqlite/database.ts';
import { SqliteStore } from '../../../../src/store/sqlite/sqlite-store.ts';
import type { Retention, Store } from '../../../../src/store/store.ts';
import { groupTimeline, userTimeline } from '../../../../src/store/timelines.ts';
import { Conversation, textsOf } from '../../../support/messages.ts';
import { onTeardown } from '../../../support/teardown.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const retention: Retention = { messagesMax: 1_000, ageMs: 3_600_000 };
const amy = 1;
const bob = 2;
const toBob = userTimeline(bob);

function openIn(folder: string): SqliteStore {
  const store = SqliteStore.open({ path: folder, retention });
  onTeardown(() => store.close());
  return store;
}

async function textsFor(store: Store, timeline = toBob): Promise<string[]> {
  return textsOf((await store.timelines.read({ timeline, after: 0, limit: 1_000 })).messages);
}

describe('a file opened again', () => {
  test('holds everything, and goes on where it was', async () => {
    const folder = temporaryFolder();
    const conversation = new Conversation(amy, bob);
    const before = openIn(folder);
    const account = { userId: amy, name: 'Amy' };
    await before.accounts.register(account);
    await before.timelines.append([conversation.append(toBob, 1, ['m1', 'm2'])]);
    await before.sessions.open([session]);
    await before.sessions.acknowledge([{ userId: bob, device: 'phone', seq: 1 }]);
    await before.schedules.create({ id: 's', owner: amy, payload: Uint8Array.of(1) }, 0);
    await before.groups.create('chess', amy);
    const toChess = new Conversation(bob, 'chess').append(groupTimeline('chess'), 1, ['m1']);
    const refused = { ...toChess, onlyIfMember: bob };
    await before.timelines.append([refused]);
    await before.groups.join('chess', bob);
    await before.close();

    const after = openIn(folder);
    expect(await after.accounts.get([amy])).toEqual([account]);
    expect(
      await after.timelines.append([
        conversation.append(toBob, 2, ['m2']),
        conversation.append(toBob, 3, ['m3']),
      ]),
    ).toMatchObject([
      { duplicates: 1, seq: 2 },
      { duplicates: 0, seq: 3 },
    ]);
    expect(await textsFor(after)).toEqual(['m1', 'm2', 'm3']);
    expect(await after.sessions.open([{ ...session, connectionNumber: 5 }])).toEqual([
      { status: 'ended' },
    ]);
    expect(await after.sessions.open([{ ...session, connectionNumber: 6 }])).toMatchObject([
      { status: 'opened', cursor: 1, head: 3 },
    ]);
    expect(await after.schedules.lease(1, 1_000)).toHaveLength(1);
    expect(await after.groups.find('chess')).toMatchObject({ name: 'chess', owner: amy });
    expect(await after.groups.members('chess', 0, 10)).toEqual([amy, bob]);
    // He is a member now, but this was refused.
    expect(await after.timelines.append([refused])).toMatchObject([{ status: 'not-a-member' }]);
  });

  test('knows who may come in: secrets, generations, keys, and keys of applications', async () => {
    const folder = temporaryFolder();
    const before = openIn(folder);
    const account = { userId: amy, name: 'Amy' };
    const [lost, present] = ['lost', 'present'].map((publicKey) => ({
      publicKey,
      wrappedKey: `wrapped ${publicKey}`,
    }));
    await before.accounts.register({ ...account, verifier: 'first' });
    await before.accounts.offerKeys(amy, lost!);
    const change = { userId: amy, expected: 'first', verifier: 'second', wrappedKey: null };
    expect(await before.accounts.replaceSecret(change)).toBe(2);
    await before.accounts.offerKeys(amy, present!);
    await before.accounts.revoke(amy);
    const key: ApiKey = {
      id: 'k',
      label: 'the shop',
      scope: { kind: 'group', group: 'chess' },
      hash: 'hash',
      createdAt: 1,
    };
    await before.apiKeys.add(key);
    await before.close();

    const after = openIn(folder);
    const credential = { ...account, verifier: 'second', generation: 3 };
    expect(await after.accounts.credential(amy)).toEqual(credential);
    expect(await after.accounts.keyPair(amy)).toEqual(present);
    expect(await after.accounts.publicKeys([amy])).toEqual([
      { account, current: 'present', earlier: ['lost'] },
    ]);
    expect(await after.apiKeys.list()).toEqual([key]);
    const report = { ...session, userId: amy };
    expect(await after.sessions.open([{ ...report, generation: 2 }])).toEqual([
      { status: 'revoked' },
    ]);
    expect(await after.sessions.open([{ ...report, generation: 3 }])).toMatchObject([
      { status: 'opened' },
    ]);
  });

  test('knows that nobody is connected any more', async () => {
    const folder = temporaryFolder();
    const before = openIn(folder);
    const script = { ...session, device: 'script', ephemeral: true };
    await before.sessions.open([session, script]);
    await before.timelines.addInterest('lobby', { instance: 'gone', address: '127.0.0.1:1:2' });
    await before.close();

    const after = openIn(folder);
    expect(await after.sessions.of([bob])).toEqual([[]]);
    const toLobby = new Conversation(amy, 'lobby').append(groupTimeline('lobby'), 1, ['m1']);
    expect(await after.timelines.append([toLobby])).toMatchObject([{ watchers: [] }]);
    expect(await after.sessions.open([{ ...session, connectionNumber: 6 }])).toMatchObject([
      { status: 'opened', replaced: null },
    ]);
    // The ephemeral device is forgotten, so its numbers may begin anew.
    expect(await after.sessions.open([{ ...script, connectionNumber: 1 }])).toMatchObject([
      { status: 'opened' },
    ]);
  });
});

describe('retention', () => {
  test('deletes what it does not give out any more', async () => {
    const database = Database.open(inMemory);
    const store = new SqliteStore({ database, retention: { ...retention, messagesMax: 100 } });
    onTeardown(() => store.close());
    const conversation = new Conversation(amy, bob);
    for (let sendSeq = 1; sendSeq <= 1_000; sendSeq += 1) {
      await store.timelines.append([conversation.append(toBob, sendSeq, [`m${sendSeq}`])]);
      await store.sessions.acknowledge([{ userId: bob, device: 'phone', seq: sendSeq }]);
    }
    const { first } = await store.timelines.read({ timeline: toBob, after: 0, limit: 1 });
    const kept = database
      .prepare<{ oldest: number; rows: number }>(
        'SELECT min(seq) AS oldest, count(*) AS rows FROM entries',
      )
      .get();
    expect(kept).toEqual({ oldest: first, rows: 1_000 - first + 1 });
  });
});

describe('a full disk', () => {
  test('appends are refused as busy, nothing is lost, and it goes on when there is room', async () => {
    const database = Database.open(inMemory);
    const store = new SqliteStore({ database, retention });
    onTeardown(() => store.close());
    const pagesMax = (pages: number) => database.prepare(`PRAGMA max_page_count = ${pages}`).get();
    pagesMax(60);
    const conversation = new Conversation(amy, bob);
    const text = 'x'.repeat(4_000);
    const append = async (sendSeq: number) =>
      (await store.timelines.append([conversation.append(toBob, sendSeq, [text])]))[0]!.status;

    let taken = 0;
    while ((await append(taken + 1)) === 'taken') taken += 1;
    expect(taken).toBeGreaterThan(0);
    expect(await append(taken + 1)).toBe('busy');
    expect(await store.refusal()).toContain('cannot be used');
    expect(await textsFor(store)).toHaveLength(taken);
    const large = {
      owner: amy,
      key: 'k',
      fingerprint: 'f'.repeat(20_000),
      epochHex: '0'.repeat(16),
    };
    await expect(store.requests.claim(large)).rejects.toMatchObject({ kind: 'busy' });

    pagesMax(1_000);
    expect(await store.refusal()).toBeNull();
    expect(await append(taken + 1)).toBe('taken');
    expect(await textsFor(store)).toHaveLength(taken + 1);
    expect(await store.timelines.heads([toBob])).toEqual([taken + 1]);
  });
});

describe('what a full disk has refused', () => {
  /** Keeps few messages; `setFull` has its file not grow, or grow again. */
  function openSmall() {
    const database = Database.open(temporaryFolder());
    const quotas = { ...quotasByDefault, lobbyShare: 0.25, strangerPlacesMax: 2 };
    const store = new SqliteStore({
      database,
      quotas,
      retention: { ...retention, messagesMax: 8 },
    });
    onTeardown(() => store.close());
    const setFull = (isFull: boolean) =>
      database.prepare(`PRAGMA max_page_count = ${isFull ? 1 : 1_000_000}`).get();
    return { store, setFull };
  }
  const long = 'x'.repeat(200_000);

  test('takes nothing of an account’s share of a group', async () => {
    const { store, setFull } = openSmall();
    const lobby = new Conversation(amy, 'lobby').append(groupTimeline('lobby'), 1, [long]);
    setFull(true);
    for (let times = 0; times < 5; times += 1)
      expect(await store.timelines.append([lobby])).toMatchObject([{ status: 'busy' }]);
    setFull(false);
    expect(await store.timelines.append([lobby])).toMatchObject([{ status: 'taken', stored: 1 }]);
  });

  test('takes nothing of a stranger’s room in a mailbox', async () => {
    const { store, setFull } = openSmall();
    const known = new Conversation(amy + 10, bob);
    for (let sendSeq = 1; sendSeq <= 4; sendSeq += 1)
      await store.timelines.append([known.append(toBob, sendSeq, ['m'])]);
    const message = new Conversation(amy, bob).append(toBob, 1, [long]);
    setFull(true);
    for (let times = 0; times < 5; times += 1)
      expect(await store.timelines.append([message])).toMatchObject([{ status: 'busy' }]);
    setFull(false);
    expect(await store.timelines.append([message])).toMatchObject([{ status: 'taken', stored: 1 }]);
  });
});

describe('a damaged file', () => {
  const pageBytes = 4_096;
  /** All of it but its first page, or only what was written after it was made. */
  const damaged = async (what: 'whole' | 'later') => {
    const folder = temporaryFolder();
    const path = join(folder, 'store.sqlite');
    await openIn(folder).close();
    const firstPage = what === 'whole' ? 1 : statSync(path).size / pageBytes;
    const before = openIn(folder);
    const conversation = new Conversation(amy, bob);
    for (let sendSeq = 1; sendSeq <= 300; sendSeq += 1) {
      await before.timelines.append([conversation.append(toBob, sendSeq, ['x'.repeat(1_000)])]);
    }
    await before.close();
    const file = openSync(path, 'r+');
    const { size } = fstatSync(file);
    const length = size - firstPage * pageBytes;
    writeSync(file, Buffer.alloc(length, 0xff), 0, length, firstPage * pageBytes);
    closeSync(file);
    return { folder, path };
  };

  test('is told of when it is opened, with what to do', async () => {
    const { folder, path } = await damaged('whole');
    expect(() => openIn(folder)).toThrow(
      expect.objectContaining({ kind: 'unavailable', message: expect.stringContaining(path) }),
    );
  });

  test('is told of when the damage is met later', async () => {
    const { folder } = await damaged('later');
    const store = openIn(folder);
    await expect(textsFor(store)).rejects.toMatchObject({
      kind: 'unavailable',
      // Callers hear of it.
      message: expect.not.stringContaining(folder),
    });
  });
});

describe('time', () => {
  /** By then a sweep has come by. */
  const sweepingMs = 600_000;
  const clockAndStore = () => {
    const clock = new VirtualClock();
    const store = new SqliteStore({ database: Database.open(inMemory), retention, clock });
    onTeardown(() => store.close());
    return { clock, store };
  };

  test('takes the number of a group that has ended long ago, and of no other', async () => {
    const { clock, store } = clockAndStore();
    const names = ['ended', 'again', 'there'];
    for (const name of names) {
      await store.groups.create(name, amy);
      const toGroup = new Conversation(amy, name).append(groupTimeline(name), 1, ['one', 'two']);
      await store.timelines.append([toGroup]);
    }
    for (const name of ['ended', 'again']) await store.groups.leave(name, amy);
    await store.groups.create('again', amy);
    const heads = () => store.timelines.heads(names.map(groupTimeline));
    await clock.advance(limits.endedGroupMs - sweepingMs);
    expect(await heads()).toEqual([2, 2, 2]);
    await clock.advance(2 * sweepingMs);
    expect(await heads()).toEqual([0, 2, 2]);
    expect(await store.groups.create('ended', bob)).toMatchObject({ membership: { head: 0 } });
  });

  test('takes the messages of a timeline that was not appended to for long, never its counter', async () => {
    const { clock, store } = clockAndStore();
    const conversation = new Conversation(amy, bob);
    const texts = Array.from({ length: 50 }, (_, index) => `m${index + 1}`);
    for (const [index, text] of texts.entries()) {
      await store.timelines.append([conversation.append(toBob, index + 1, [text])]);
    }
    await clock.advance(retention.ageMs - sweepingMs);
    expect(await textsFor(store)).toEqual(texts);
    const other = new Conversation(bob, amy);
    await store.timelines.append([other.append(userTimeline(amy), 1, ['young'])]);

    await clock.advance(2 * sweepingMs);
    const read = { timeline: toBob, after: 0, limit: 10 };
    expect(await store.timelines.read(read)).toEqual({
      messages: [],
      head: 50,
      first: 51,
      rewound: false,
    });
    expect(await textsFor(store, userTimeline(amy))).toEqual(['young']);
    expect(await store.timelines.append([conversation.append(toBob, 51, ['m51'])])).toMatchObject([
      { status: 'taken', seq: 51 },
    ]);
    expect(await store.timelines.read(read)).toMatchObject({ first: 51, head: 51 });
  });

  test('takes the numbers of a source that was not used for long, not before', async () => {
    const { clock, store } = clockAndStore();
    const conversation = new Conversation(amy, bob);
    const append = async (sendSeq: number) =>
      (await store.timelines.append([conversation.append(toBob, sendSeq, ['m'])]))[0]!;
    await append(1);
    await clock.advance(limits.sourceStateMs / 2);
    await append(2);
    await clock.advance(limits.sourceStateMs - sweepingMs);
    expect(await append(2)).toMatchObject({ status: 'taken', duplicates: 1 });
    await clock.advance(2 * sweepingMs);
    expect(await append(3)).toMatchObject({ status: 'out-of-order', expected: 1 });
  });

  test('frees the id of a schedule sent long ago, not before', async () => {
    const { clock, store } = clockAndStore();
    const schedule = { id: 's', owner: amy, payload: Uint8Array.of(1) };
    const create = () => store.schedules.create(schedule, 0);
    await create();
    const leased = await store.schedules.lease(1, 1_000);
    await store.schedules.finish(leased);
    await clock.advance(limits.sourceStateMs - sweepingMs);
    expect(await create()).toBe('known');
    await clock.advance(2 * sweepingMs);
    expect(await create()).toBe('created');
  });

  test('frees the id of a cancelled schedule as late, and the key of a request', async () => {
    const { clock, store } = clockAndStore();
    const schedule = { id: 's', owner: amy, payload: Uint8Array.of(1) };
    await store.schedules.create(schedule, 0);
    await store.schedules.cancel(schedule);
    const claim = async (fingerprint: string) => {
      const request = { owner: amy, key: 'k', fingerprint, epochHex: '0123456789abcdef' };
      return (await store.requests.claim(request)).fingerprint;
    };
    expect(await claim('first')).toBe('first');
    await clock.advance(limits.idempotencyKeyMs - sweepingMs);
    expect(await claim('second')).toBe('first');
    await clock.advance(2 * sweepingMs);
    expect(await claim('third')).toBe('third');
    await clock.advance(limits.sourceStateMs - limits.idempotencyKeyMs - 2 * sweepingMs);
    expect(await store.schedules.create(schedule, 0)).toBe('known');
    await clock.advance(2 * sweepingMs);
    expect(await store.schedules.create(schedule, 0)).toBe('created');
  });

  test('no timer is left after the close', async () => {
    const { clock, store } = clockAndStore();
    expect(clock.timerCount).toBe(1);
    await store.close();
    expect(clock.timerCount).toBe(0);
  });
});

const session = {
  userId: bob,
  device: 'phone',
  connectionNumber: 5,
  instance: 'instance-a',
  address: '127.0.0.1:9000:8081',
  sessionId: 1,
  ephemeral: false,
  generation: 0,
};
