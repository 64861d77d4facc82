// Goal: a log is played into the file that it belongs to, and into no other. Method: stores that
// were "killed": their files copied while they are open, and mixed with those of another moment.
import { copyFileSync, cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Database } from '../../../../src/store/sqlite/database.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const text = 'x'.repeat(20_000);

function write(database: Database, count: number): void {
  const insert = database.prepare('INSERT INTO java_logins VALUES (NULL, ?)');
  for (let done = 0; done < count; done += 1)
    database.transaction('ordered', () => insert.run(text));
}

function countIn(folder: string): number | undefined {
  const database = Database.open(folder);
  const row = database.prepare<{ n: number }>('SELECT count(*) AS n FROM java_logins').get();
  database.close();
  return row?.n;
}

/** As kill -9 leaves it. */
function killed(folder: string): string {
  const copy = temporaryFolder('killed');
  cpSync(folder, copy, { recursive: true });
  return copy;
}

const file = (folder: string) => join(folder, 'store.sqlite');
const log = (folder: string) => `${file(folder)}-wal`;

function refusal(folder: string): unknown {
  const before = readFileSync(log(folder));
  try {
    Database.open(folder).close();
  } catch (error) {
    // Whoever is to look at it finds it as it was.
    expect(readFileSync(log(folder)).equals(before)).toBe(true);
    return error;
  }
  return undefined;
}

const refused = expect.objectContaining({
  kind: 'unavailable',
  message: expect.stringMatching(/store\.sqlite-wal is not the log of .*move the log away/),
});

test('a store that was killed is whole, whatever its log has been through', () => {
  const folder = temporaryFolder();
  const database = Database.open(folder);
  expect(countIn(killed(folder))).toBe(0);
  write(database, 10);
  expect(countIn(killed(folder))).toBe(10);
  // The log begins anew every 4 MiB: here some five times.
  for (let written = 10; written < 1_010; written += 50) {
    write(database, 50);
    expect(countIn(killed(folder))).toBe(written + 50);
  }
  expect(readFileSync(log(folder)).length).toBeLessThan(8 * 1024 * 1024);
  database.close();
  expect(countIn(folder)).toBe(1_010);
});

test('a log beside a file of another moment, or of another store, is refused', () => {
  const folder = temporaryFolder();
  const database = Database.open(folder);
  write(database, 10);
  const early = killed(folder);
  write(database, 1_000);
  const late = killed(folder);
  database.close();
  const other = temporaryFolder();
  Database.open(other).close();

  for (const [from, to] of [
    [early, late],
    [late, early],
    [folder, early],
    [other, late],
  ] as const) {
    const mixed = killed(to);
    copyFileSync(file(from), file(mixed));
    expect(refusal(mixed)).toEqual(refused);
    // With the log away the file is what it was.
    rmSync(log(mixed));
    expect(countIn(mixed)).toBeDefined();
  }
});

test('a log without its file is refused, not taken for an empty store', () => {
  const folder = temporaryFolder();
  const database = Database.open(folder);
  write(database, 1);
  const without = killed(folder);
  database.close();
  rmSync(file(without));
  expect(refusal(without)).toEqual(refused);
  writeFileSync(file(without), '');
  expect(refusal(without)).toEqual(refused);
});

test('a log of which not even the beginning was written is none', () => {
  const folder = temporaryFolder();
  const database = Database.open(folder);
  database.close();
  const again = Database.open(folder);
  write(again, 3);
  for (const [bytes, count] of [
    [0, 0],
    [20, 0],
    [100, 0],
    [4_000, 0],
  ] as const) {
    const torn = killed(folder);
    truncateSync(log(torn), bytes);
    expect(countIn(torn)).toBe(count);
  }
  again.close();
});
