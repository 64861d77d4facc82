/**
 * What can be wrong with a data folder: each is one CimError that names the place and says what to
 * do.
 */
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
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
    const error = openingError(join(file, 'data'));
    expect(error.kind).toBe('unavailable');
    expect(error.message).toContain(join(file, 'data'));
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

  test('a database of a newer cim', () => {
    const folder = temporaryFolder();
    Database.open(folder).close();
    const newer = new DatabaseSync(fileIn(folder));
    newer.exec('PRAGMA user_version = 99');
    newer.close();
    const error = openingError(folder);
    expect(error.kind).toBe('unavailable');
    expect(error.message).toContain('newer cim');
    expect(error.message).toContain('99');
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
