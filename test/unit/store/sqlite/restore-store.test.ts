// Goal: what was backed up while it was written to is there again after a restore, as another store;
// whatever cannot be one changes nothing. Method: the embedded store in folders of the test's own.
import { cpSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { Database } from '../../../../src/store/sqlite/database.ts';
import { restoreStore } from '../../../../src/store/sqlite/restore-store.ts';
import { SqliteStore } from '../../../../src/store/sqlite/sqlite-store.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const retention = { messagesMax: 1_000, ageMs: 3_600_000 };
const fileIn = (folder: string) => join(folder, 'store.sqlite');

function write(database: Database, count: number): void {
  const insert = database.prepare('INSERT INTO java_logins VALUES (NULL, ?)');
  for (let done = 0; done < count; done += 1)
    database.transaction('ordered', () => insert.run('x'.repeat(4_000)));
}

function storeIn(folder: string, rows = 0): Database {
  const database = Database.open(folder);
  write(database, rows);
  return database;
}

async function contentOf(folder: string): Promise<{ count: number | undefined; id: string }> {
  const database = Database.open(folder);
  const row = database.prepare<{ n: number }>('SELECT count(*) AS n FROM java_logins').get();
  const store = new SqliteStore({ database, retention });
  const id = await store.identity.get();
  await store.close();
  return { count: row?.n, id };
}

test('a backup has what was stored when it ended, though it was written to meanwhile', async () => {
  const folder = temporaryFolder();
  const database = storeIn(folder, 6_000);
  const made = database.backUp();
  write(database, 3);
  const path = await made;
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const file = join(temporaryFolder(), 'backup');
  cpSync(path, file);
  const store = new SqliteStore({ database, retention });
  const id = await store.identity.get();
  await store.close();

  const other = join(temporaryFolder(), 'new', 'data');
  const { storeId, before } = await restoreStore(file, other);
  expect(before).toBeUndefined();
  expect(storeId).not.toBe(id);
  const content = await contentOf(other);
  expect(content.id).toBe(storeId);
  expect(content.count).toBeGreaterThanOrEqual(6_000);
});

test('a backup begins, though nearly all of the time is spent in transactions', async () => {
  const database = storeIn(temporaryFolder(), 10);
  for (let done = 0; done < 6; done += 1) {
    const made = database.backUp();
    let isMade = false;
    const writing = (async () => {
      while (!isMade) {
        write(database, 5);
        await setImmediate();
      }
    })();
    try {
      await made;
    } finally {
      isMade = true;
      await writing;
    }
  }
  database.close();
});

test('one backup is made at a time, and none of what is in memory', async () => {
  const store = SqliteStore.open({ path: temporaryFolder(), retention });
  const first = store.backUp();
  await expect(store.backUp()).rejects.toMatchObject({ kind: 'busy' });
  await first;
  await store.backUp();
  await store.close();
  const memory = SqliteStore.open({ path: ':memory:', retention });
  await expect(memory.backUp()).rejects.toMatchObject({ kind: 'not-found' });
  await memory.close();
});

test('what was there before is kept beside, its log too', async () => {
  const source = temporaryFolder();
  storeIn(source, 5).close();
  const folder = temporaryFolder();
  const alive = storeIn(folder, 7);
  const killed = temporaryFolder('killed');
  cpSync(folder, killed, { recursive: true });
  alive.close();

  const { before = '' } = await restoreStore(fileIn(source), killed);
  expect((await contentOf(killed)).count).toBe(5);
  expect((await contentOf(before)).count).toBe(7);
});

test('a copy of a store that was killed is taken with its log', async () => {
  const folder = temporaryFolder();
  const alive = storeIn(folder, 7);
  const copy = temporaryFolder('copy');
  cpSync(folder, copy, { recursive: true });
  alive.close();
  const restored = temporaryFolder();
  await restoreStore(fileIn(copy), restored);
  expect((await contentOf(restored)).count).toBe(7);
});

test('a store whose file is damaged is replaced', async () => {
  const source = temporaryFolder();
  storeIn(source, 5).close();
  const folder = temporaryFolder();
  writeFileSync(fileIn(folder), 'no database '.repeat(1_000));
  await restoreStore(fileIn(source), folder);
  expect((await contentOf(folder)).count).toBe(5);
});

test('a store that is in use is left alone', async () => {
  const source = temporaryFolder();
  storeIn(source, 5).close();
  const folder = temporaryFolder();
  const database = storeIn(folder, 7);
  await expect(restoreStore(fileIn(source), folder)).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringContaining('in use by another process'),
  });
  write(database, 1);
  database.close();
  expect((await contentOf(folder)).count).toBe(8);
});

const damages: readonly [string, (file: string) => void, RegExp][] = [
  ['is not there', () => {}, /cannot be restored: .*ENOENT/],
  ['is no database', (file) => writeFileSync(file, 'x'.repeat(9_000)), /cannot be restored/],
  ['is of another program', foreign, /another program/],
  ['is of a newer cim', newer, /a newer cim/],
  ['is damaged', damaged, /damaged|malformed/],
];

function foreign(file: string): void {
  const sqlite = new DatabaseSync(file);
  sqlite.exec('CREATE TABLE theirs (x)');
  sqlite.close();
}

function newer(file: string): void {
  ours(file);
  const sqlite = new DatabaseSync(file);
  sqlite.exec('PRAGMA user_version = 99');
  sqlite.close();
}

function damaged(file: string): void {
  ours(file);
  const bytes = readFileSync(file);
  bytes.fill(7, bytes.length / 2, bytes.length / 2 + 20_000);
  writeFileSync(file, bytes);
}

function ours(file: string): void {
  const folder = temporaryFolder();
  storeIn(folder, 100).close();
  cpSync(fileIn(folder), file);
}

test.each(damages)('a backup that %s changes nothing', async (_, make, message) => {
  const file = join(temporaryFolder(), 'backup');
  make(file);
  const folder = temporaryFolder();
  storeIn(folder, 7).close();
  await expect(restoreStore(file, folder)).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringMatching(message),
  });
  expect(existsSync(`${fileIn(folder)}.new`)).toBe(false);
  expect((await contentOf(folder)).count).toBe(7);
});
