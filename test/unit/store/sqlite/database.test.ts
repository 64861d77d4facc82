/**
 * What can be wrong with a data folder: each is one CimError that names the place and says what to
 * do.
 */
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from '@jest/globals';
import { CimError } from '../../../../src/base/errors.ts';
import { Database, inMemory } from '../../../../src/store/sqlite/database.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

function openingError(folder: string): CimError {
  try {
    Database.open(folder).close();
  } catch (error) {
    if (error instanceof CimError) return error;
    throw error;
  }
  throw new Error('it opened');
}

function fileIn(folder: string): string {
  return join(folder, 'store.sqlite');
}

describe('opening', () => {
  test('makes the folder', () => {
    const folder = join(temporaryFolder(), 'a', 'b');
    Database.open(folder).close();
    Database.open(folder).close();
  });

  test('makes files for the eyes of their owner, whoever may look into the folder', () => {
    const folder = temporaryFolder();
    chmodSync(folder, 0o755);
    const database = Database.open(folder);
    const modes = readdirSync(folder).map((file) => statSync(join(folder, file)).mode & 0o777);
    expect(modes.length).toBeGreaterThan(0);
    expect(new Set(modes)).toEqual(new Set([0o600]));
    database.close();
  });

  test('a second opener is turned away, until the first has closed', () => {
    const folder = temporaryFolder();
    const first = Database.open(folder);
    const error = openingError(folder);
    expect(error.kind).toBe('unavailable');
    expect(error.message).toContain(folder);
    expect(error.message).toContain('in use by another process');
    first.close();
    Database.open(folder).close();
  });

  test('a folder that cannot be made', () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    for (const folder of [join(file, 'data'), '/proc/cim', '/proc/cim/data']) {
      const error = openingError(folder);
      expect(error.kind).toBe('unavailable');
      expect(error.message).toContain(folder);
    }
  });

  test('a file that cannot be opened', () => {
    const folder = temporaryFolder();
    mkdirSync(fileIn(folder));
    const error = openingError(folder);
    expect(error.kind).toBe('unavailable');
    expect(error.message).toContain(fileIn(folder));
    expect(error.message).toContain('must be writable');
  });

  test('a file that is no database', () => {
    const folder = temporaryFolder();
    writeFileSync(fileIn(folder), 'no database '.repeat(1_000));
    const error = openingError(folder);
    expect(error.kind).toBe('unavailable');
    expect(error.message).toContain(fileIn(folder));
    expect(error.message).toContain('is damaged or not a cim database');
  });

  test('a database of another program', () => {
    const folder = temporaryFolder();
    const foreign = new DatabaseSync(fileIn(folder));
    foreign.exec('CREATE TABLE theirs (x)');
    foreign.close();
    const error = openingError(folder);
    expect(error.kind).toBe('unavailable');
    expect(error.message).toContain('database of another program');
  });

  test.each([
    ['a newer', 99],
    ['an older', 1],
  ])('a database of %s cim', (age, version) => {
    const folder = temporaryFolder();
    Database.open(folder).close();
    const other = new DatabaseSync(fileIn(folder));
    other.exec(`PRAGMA user_version = ${version}`);
    other.close();
    const error = openingError(folder);
    expect(error.kind).toBe('unavailable');
    expect(error.message).toContain(`${age} cim (format ${version},`);
  });
});

describe('files that are not where they were', () => {
  test.each([
    ['the folder was removed', (folder: string) => rmSync(folder, { recursive: true })],
    [
      'the folder was moved',
      (folder: string) => renameSync(folder, join(temporaryFolder(), 'moved')),
    ],
    ['the file was removed', (folder: string) => rmSync(fileIn(folder))],
    ['the log was removed', (folder: string) => rmSync(`${fileIn(folder)}-wal`)],
    [
      'another file was put in its place',
      (folder: string) => {
        writeFileSync(`${fileIn(folder)}.copy`, readFileSync(fileIn(folder)));
        renameSync(`${fileIn(folder)}.copy`, fileIn(folder));
      },
    ],
  ])('nothing is acknowledged any more: %s', (_, disturb) => {
    const folder = temporaryFolder();
    const database = Database.open(folder);
    const insert = database.prepare('INSERT INTO java_logins VALUES (NULL, ?)');
    database.transaction('durable', () => insert.run('a'));
    expect(database.problem()).toBeNull();
    disturb(folder);
    expect(database.problem()).toContain('has been removed or replaced');
    for (const durability of ['durable', 'ordered'] as const)
      expect(() => database.transaction(durability, () => insert.run('b'))).toThrow(
        expect.objectContaining({ kind: 'busy' }),
      );
    database.close();
  });

  test('a place that cannot be looked at is none of ours to mend, and no mistake of ours', () => {
    const folder = temporaryFolder();
    const database = Database.open(folder);
    renameSync(folder, `${folder}-elsewhere`);
    symlinkSync(folder, folder);
    expect(() => database.transaction('durable', () => undefined)).toThrow(
      expect.objectContaining({ kind: 'busy' }),
    );
    // Strangers read it.
    expect(database.problem()).toBe('the file of the store cannot be used for now (ELOOP)');
    rmSync(folder);
    renameSync(`${folder}-elsewhere`, folder);
    expect(database.problem()).toBeNull();
    database.close();
  });

  test('a folder that is moved back is used again', () => {
    const folder = temporaryFolder();
    const database = Database.open(folder);
    const elsewhere = join(temporaryFolder(), 'moved');
    renameSync(folder, elsewhere);
    expect(database.problem()).not.toBeNull();
    renameSync(elsewhere, folder);
    expect(database.problem()).toBeNull();
    database.transaction('durable', () => undefined);
    database.close();
  });
});

describe('a file that may not grow', () => {
  test('is a problem until it may, whatever succeeds meanwhile', () => {
    const database = Database.open(temporaryFolder());
    const insert = database.prepare('INSERT INTO java_logins VALUES (NULL, ?)');
    const setPagesMax = (pages: number) =>
      database.prepare(`PRAGMA max_page_count = ${pages}`).get();
    setPagesMax(1);
    const writeMuch = () =>
      database.transaction('durable', () => insert.run('x'.repeat(1_000_000)));
    expect(writeMuch).toThrow(expect.objectContaining({ kind: 'busy' }));
    // It has nothing to write, as what is said twice has not.
    database.transaction('durable', () => undefined);
    expect(database.problem()).toContain('cannot be used for now');
    setPagesMax(1_000_000);
    expect(database.problem()).toBeNull();
    writeMuch();
    database.close();
  });

  test('a mistake of ours is no problem of the file', () => {
    const database = Database.open(inMemory);
    const fail = () =>
      database.transaction('durable', () => {
        throw new Error('of ours');
      });
    expect(fail).toThrow('of ours');
    const writes = () =>
      database.prepare<{ writes: number }>('SELECT total_changes() AS writes').get();
    const before = writes();
    expect(database.problem()).toBeNull();
    expect(writes()).toEqual(before);
    database.close();
  });
});

describe('a transaction', () => {
  test('keeps all or nothing, and the error is the one thrown', () => {
    const database = Database.open(inMemory);
    const insert = database.prepare('INSERT INTO java_logins VALUES (?, ?)');
    const mistake = new Error('mistake');
    expect(() =>
      database.transaction('durable', () => {
        insert.run(1, 'a');
        throw mistake;
      }),
    ).toThrow(mistake);
    database.transaction('ordered', () => insert.run(2, 'b'));
    const ids = database.prepare<{ user_id: number }>('SELECT user_id FROM java_logins').all();
    expect(ids.map((row) => row.user_id)).toEqual([2]);
    database.close();
  });

  test('waits for the disk when it is durable, and only then', () => {
    const database = Database.open(temporaryFolder());
    const synchronous = () =>
      database.prepare<{ synchronous: number }>('PRAGMA synchronous').get()?.synchronous;
    expect(database.transaction('durable', synchronous)).toBe(2);
    expect(database.transaction('ordered', synchronous)).toBe(1);
    expect(database.transaction('durable', synchronous)).toBe(2);
    database.close();
  });
});
