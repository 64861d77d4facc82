/** What the embedded store keeps of an account that was deleted: rows, and bytes in its files. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { limits } from '../../../../src/base/limits.ts';
import { Database, inMemory } from '../../../../src/store/sqlite/database.ts';
import { onDeletion } from '../../../../src/store/sqlite/sqlite-deletions.ts';
import { SqliteStore } from '../../../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../../../src/store/store.ts';
import { userTimeline } from '../../../../src/store/timelines.ts';
import {
  type DeletionRace,
  liveFully,
  newRace,
  raceDeletion,
} from '../../../support/deletion-race.ts';
import { Conversation } from '../../../support/messages.ts';
import { onTeardown } from '../../../support/teardown.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const retention = { messagesMax: 1_000, ageMs: 1e9 };
const amy = 777_001;
const bob = 2;

function openStore(folder = inMemory) {
  const clock = new VirtualClock();
  const database = Database.open(folder);
  const store = new SqliteStore({ database, retention, clock });
  onTeardown(() => store.close());
  return { clock, database, store };
}

async function saySecrets(store: Store, texts: readonly string[]) {
  await store.accounts.register({ userId: amy, name: 'Amy Amaranth', verifier: 'v' });
  await store.accounts.register({ userId: bob, name: 'bob' });
  await store.accounts.offerKeys(amy, { publicKey: 'public', wrappedKey: 'wrapped-of-amy' });
  await store.groups.create('cooks', amy);
  await store.conversations.block(amy, 99);
  const payload = Buffer.from('a secret plan');
  await store.schedules.create({ id: 's', owner: amy, payload }, 1e6);
  await store.requests.claim({ owner: amy, key: 'k', fingerprint: 'f', epochHex: 'e' });
  await store.sessions.assignJava(amy, '10.0.0.1:1:2');
  // Notes to herself: nobody else holds them.
  const notes = new Conversation(amy, amy);
  for (const [index, text] of texts.entries())
    await store.timelines.append([notes.append(userTimeline(amy), index + 1, [text])]);
}

/** Rows in which the user is, by table. */
function rowsOf(database: Database, amy: number): Record<string, unknown[]> {
  const found: Record<string, unknown[]> = {};
  const tables = database
    .prepare<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'")
    .all();
  for (const { name } of tables) {
    const rows = database.prepare<Record<string, unknown>>(`SELECT * FROM "${name}"`).all();
    const own = rows.filter((row) =>
      Object.values(row).some((value) => value === amy || String(value).includes(String(amy))),
    );
    if (own.length > 0) found[name] = own.map((row) => ({ ...row }));
  }
  return found;
}

/** Those whose rows go with the user. */
const own = Object.keys(onDeletion).filter((table) => typeof onDeletion[table] === 'object');

/** Nobody gets the files of the user; they are known until their bytes are gone. */
async function removeFiles(database: Database, { files }: Store, owner: number): Promise<void> {
  const left = database.prepare<{ id: string }>('SELECT id FROM files WHERE owner = ?').all(owner);
  expect(left).not.toEqual([]);
  for (const { id } of left) expect(await files.find(id)).toBeNull();
  await files.remove(left.map(({ id }) => ({ id, owner })));
}

/** Once it has settled: the id, and the records of others in which it is (docs/guides/ones-data.md). */
function expectNothingElse(database: Database, { amy, bob }: DeletionRace): void {
  const {
    conversations = [],
    marks = [],
    outsiders: _,
    sources: __,
    ...rows
  } = rowsOf(database, amy);
  expect(rows).toEqual({ deletions: [{ user_id: amy, timeline: null, settles_at: null }] });
  for (const row of [...conversations, ...marks]) expect(row).toMatchObject({ user_id: bob });
  // Numbers and messages are in the timelines of others only.
  for (const table of ['sources', 'entries']) {
    const lost = `SELECT 1 FROM ${table} WHERE timeline NOT IN (SELECT id FROM timelines)`;
    expect(database.prepare(lost).all()).toEqual([]);
  }
}

test('of every table it is decided what a deletion does with its rows', () => {
  const database = Database.open(inMemory);
  onTeardown(() => database.close());
  const tables = database
    .prepare<{ name: string }>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    )
    .all();
  expect(Object.keys(onDeletion).toSorted()).toEqual(tables.map(({ name }) => name).toSorted());
});

test('is nothing but the id, once it has settled', async () => {
  const { clock, database, store } = openStore();
  const race = newRace();
  const { amy, bob } = race;
  await liveFully(race, store);
  // Of a new table of theirs, make a row there.
  expect(Object.keys(rowsOf(database, amy))).toEqual(expect.arrayContaining(own));
  await store.deletions.begin(amy);
  await store.deletions.finish(amy);
  expect(await store.deletions.pending()).toEqual([{ userId: amy, isSettled: false }]);

  // As a route does that has not heard of it.
  await store.groups.create('late', amy);
  await store.conversations.block(amy, bob);
  await store.schedules.create({ id: 't', owner: amy, payload: Buffer.from('x') }, 1e6);
  await clock.advance(limits.deletionSettlesMs);
  expect(await store.deletions.pending()).toEqual([{ userId: amy, isSettled: true }]);
  await store.deletions.finish(amy);
  await removeFiles(database, store, amy);
  expectNothingElse(database, race);
  expect(await store.deletions.pending()).toEqual([]);
  expect(await store.deletions.begin(amy)).toEqual({ status: 'deleted' });
});

const seeds = Array.from({ length: 20 }, (_, index) => index + 1);

test.each(seeds)(
  'while people write, log in, join and mark, nothing is left over, seed %i',
  async (seed) => {
    const { clock, database, store } = openStore();
    const race = newRace();
    await liveFully(race, store);
    await raceDeletion(race, { seed, store, deleter: store });
    await clock.advance(limits.deletionSettlesMs);
    await store.deletions.finish(race.amy);
    await removeFiles(database, store, race.amy);
    expectNothingElse(database, race);
  },
);

test.each([1, 2, 3])(
  'a crash in the middle of it, at turn %i: the next start finds what is to be done',
  async (turns) => {
    const folder = temporaryFolder();
    const race = newRace();
    const { store: first } = openStore(folder);
    await liveFully(race, first);
    const notes = new Conversation(race.amy, race.amy);
    // Some slices of entries.
    for (let at = 1; at <= 600; at++)
      await first.timelines.append([notes.append(userTimeline(race.amy), at, ['note'])]);
    await first.deletions.begin(race.amy);
    const finished = first.deletions.finish(race.amy);
    const isOver = finished.then(
      () => true,
      () => false,
    );
    for (let turn = 1; turn < turns; turn++) await nextTurn();
    await first.close();
    expect(await isOver).toBe(false);

    const { clock, database, store } = openStore(folder);
    await clock.advance(limits.deletionSettlesMs);
    expect(await store.deletions.pending()).toEqual([{ userId: race.amy, isSettled: true }]);
    await store.deletions.finish(race.amy);
    await removeFiles(database, store, race.amy);
    expectNothingElse(database, race);
  },
);

test('is nowhere in its files, not even in what is free there', async () => {
  const folder = temporaryFolder();
  const store = SqliteStore.open({ path: folder, retention });
  onTeardown(() => store.close());
  // Some in pages of their own, some beside those of others.
  const texts = Array.from({ length: 300 }, (_, at) => `mine-alone-${at} ${'x'.repeat(at * 40)}`);
  await saySecrets(store, texts);
  const traces = ['mine-alone', 'Amy Amaranth', 'a secret plan', 'wrapped-of-amy'];
  const tracesIn = () => {
    const bytes = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'latin1'));
    return traces.filter((trace) => bytes.some((each) => each.includes(trace)));
  };
  expect(tracesIn()).toEqual(traces);
  await store.deletions.begin(amy);
  await store.deletions.finish(amy);
  expect(tracesIn()).toEqual([]);
});

test('is in a backup that was made before, and not in one made after', async () => {
  const store = SqliteStore.open({ path: temporaryFolder(), retention });
  onTeardown(() => store.close());
  await saySecrets(store, ['one']);
  const accountsIn = (path: string) => {
    const copy = new DatabaseSync(path, { readOnly: true });
    onTeardown(() => copy.close());
    return copy.prepare('SELECT user_id AS userId FROM accounts').all();
  };
  expect(accountsIn(await store.backUp())).toHaveLength(2);
  await store.deletions.begin(amy);
  await store.deletions.finish(amy);
  expect(accountsIn(await store.backUp())).toHaveLength(1);
});
