/**
 * The one SQLite database of a store: opening it, transactions, and turning SQLite's errors into
 * ours. What is in it is in schema.ts.
 *
 * A file is opened for this process alone, so everything that the classes around here keep in
 * memory stays true. Calls are synchronous: whoever calls keeps the work of one call small.
 */
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { CimError, describeError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { prepareSchema } from './schema.ts';

/** A prepared statement whose rows have this shape. */
export interface Statement<Row> {
  get(...parameters: SQLInputValue[]): Row | undefined;
  all(...parameters: SQLInputValue[]): Row[];
  iterate(...parameters: SQLInputValue[]): IterableIterator<Row>;
  run(...parameters: SQLInputValue[]): {
    changes: number | bigint;
    lastInsertRowid: number | bigint;
  };
}

/**
 * How far a write has come when it is answered. `durable`: it survives a power failure. `ordered`:
 * it survives the end of this process, and after a power failure it is there if anything written
 * later is; enough for what the next login sets right.
 */
export type Durability = 'durable' | 'ordered';

export const inMemory = ':memory:';
const fileName = 'store.sqlite';
/** A process that was just stopped may hold the file for a moment. */
const lockWaitMs = 1_000;
/** More than the largest message takes. */
const probeBytes = limits.frameBytesMax;

export class Database {
  readonly #sqlite: DatabaseSync;
  readonly #place: string;
  readonly #begin: Statement<never>;
  readonly #commit: Statement<never>;
  /** Why the last write failed; null once one has succeeded. */
  #writeProblem: string | null = null;

  private constructor(sqlite: DatabaseSync, place: string) {
    this.#sqlite = sqlite;
    this.#place = place;
    this.#begin = this.prepare('BEGIN IMMEDIATE');
    this.#commit = this.prepare('COMMIT');
  }

  /** Opens the database in this folder, which is made if there is none, or one in memory. */
  static open(folder: string): Database {
    const path = folder === inMemory ? inMemory : join(folder, fileName);
    try {
      if (folder !== inMemory) makeFile(folder, path);
      const sqlite = new DatabaseSync(path, { timeout: lockWaitMs });
      try {
        configure(sqlite);
        prepareSchema(sqlite);
        return new Database(sqlite, path);
      } catch (error) {
        sqlite.close();
        throw error;
      }
    } catch (error) {
      throw openError(error, folder, path);
    }
  }

  prepare<Row = never>(sql: string): Statement<Row> {
    return this.#sqlite.prepare(sql) as unknown as Statement<Row>;
  }

  /** Runs `work`, which only reads. */
  read<Result>(work: () => Result): Result {
    this.#assertOpen();
    try {
      return work();
    } catch (error) {
      throw this.#explain(error);
    }
  }

  /**
   * Runs `work` as one transaction: all that it writes is kept, or nothing and the error is thrown.
   */
  transaction<Result>(durability: Durability, work: () => Result): Result {
    this.#assertOpen();
    try {
      // In WAL mode FULL waits for the disk at every commit, NORMAL at checkpoints only.
      if (durability === 'ordered') this.#sqlite.exec('PRAGMA synchronous = NORMAL');
      this.#begin.run();
      const result = work();
      this.#commit.run();
      this.#writeProblem = null;
      return result;
    } catch (error) {
      // SQLite itself has rolled back after some errors, a full disk among them.
      if (this.#sqlite.isTransaction) this.#sqlite.exec('ROLLBACK');
      const explained = this.#explain(error);
      this.#writeProblem = describeError(explained);
      throw explained;
    } finally {
      if (durability === 'ordered') this.#sqlite.exec('PRAGMA synchronous = FULL');
    }
  }

  /** Null if it can be read, and written as far as is known; else why not. */
  problem(): string | null {
    try {
      if (this.#writeProblem === null) this.read(() => this.#sqlite.exec('SELECT 1'));
      else this.#tryToWrite();
      return null;
    } catch (error) {
      return describeError(error);
    }
  }

  /**
   * A problem with writing is over when something large can be written, also if nobody else tries.
   */
  #tryToWrite(): void {
    this.transaction('durable', () => {
      this.#sqlite.exec('CREATE TABLE IF NOT EXISTS probe (bytes)');
      this.#sqlite.exec(`INSERT INTO probe VALUES (zeroblob(${probeBytes}))`);
    });
    // In a transaction of its own: pages that are taken and freed in one are never written.
    this.transaction('durable', () => this.#sqlite.exec('DROP TABLE probe'));
  }

  close(): void {
    if (this.#sqlite.isOpen) this.#sqlite.close();
  }

  #assertOpen(): void {
    if (!this.#sqlite.isOpen) throw new CimError('busy', 'the store is closed');
  }

  #explain(error: unknown): unknown {
    const result = resultOf(error);
    if (result === undefined) return error;
    if (temporary.has(result)) {
      return new CimError('busy', `${this.#place} cannot be used for now`, { cause: error });
    }
    if (damaged.has(result)) return damageError(this.#place, error);
    return error;
  }
}

function configure(sqlite: DatabaseSync): void {
  // Before the first access, so that the lock is taken with it and kept: a second process is turned
  // away.
  sqlite.exec('PRAGMA locking_mode = EXCLUSIVE');
  sqlite.exec('PRAGMA journal_mode = WAL');
  // An acknowledged message survives a power failure. By bench/store.ts this costs about a fifth in
  // batches of 100, and makes single messages three times as dear.
  sqlite.exec('PRAGMA synchronous = FULL');
  // At most 64 MiB; the default of 2 MiB makes a busy store read its indexes from the disk again
  // and again.
  sqlite.exec('PRAGMA cache_size = -65536');
}

/** Primary result codes of SQLite (sqlite.org/rescode.html). */
const sqliteBusy = 5;
const temporary = new Set([
  sqliteBusy,
  7 /* NOMEM */,
  8 /* READONLY */,
  10 /* IOERR */,
  13 /* FULL */,
  14 /* CANTOPEN */,
]);
const damaged = new Set([11 /* CORRUPT */, 26 /* NOTADB */]);

function resultOf(error: unknown): number | undefined {
  return hasProperty(error, 'errcode') ? Number(error.errcode) & 0xff : undefined;
}

function openError(error: unknown, folder: string, path: string): unknown {
  const result = resultOf(error);
  if (result === sqliteBusy) {
    return new CimError(
      'unavailable',
      `${folder} is in use by another process: stop that one, or give this one a folder of its own`,
    );
  }
  if (result !== undefined && damaged.has(result)) return damageError(path, error);
  const isSystemError = hasProperty(error, 'syscall');
  if (isSystemError || (result !== undefined && temporary.has(result))) {
    const message = `${path} cannot be opened; the folder must be writable and its disk not full`;
    return new CimError('unavailable', message, { cause: error });
  }
  return error;
}

function hasProperty<Name extends string>(
  error: unknown,
  name: Name,
): error is Record<Name, unknown> {
  return typeof error === 'object' && error !== null && name in error;
}

function damageError(path: string, cause: unknown): CimError {
  const message = `${path} is damaged or not a cim database; move it away to start empty, or put a backup in its place`;
  return new CimError('unavailable', message, { cause });
}

/** For its owner's eyes only, as are those that SQLite makes beside it: they have its mode. */
function makeFile(folder: string, path: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // Closing one that is there would end the locks that this process may have on it.
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
}
