/**
 * The one SQLite database of a store: opening it, transactions, and turning SQLite's errors into
 * ours. What is in it is in schema.ts.
 *
 * A file is opened for this process alone, so everything that the classes around here keep in
 * memory stays true. Calls are synchronous: whoever calls keeps the work of one call small.
 */
import { closeSync, existsSync, openSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { backup, DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { assertWritable, makeFolder } from '../../base/data-folder.ts';
import { CimError, describeError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { OpenFiles } from './open-files.ts';
import { checkSchema, prepareSchema } from './schema.ts';
import { hasOwnLog, WriteAheadLog } from './write-ahead-log.ts';

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
/** Of the database, in its folder. */
export const fileName = 'store.sqlite';
/** A process that was just stopped may hold the file for a moment. */
const lockWaitMs = 1_000;
/** More than the largest message takes. */
const probeBytes = limits.frameBytesMax;

/** Of a backup, between which others may use the database: some ms. */
const pagesPerStep = 1_000;
/** Enough, though nine tenths of the time are spent in transactions. */
const backupTriesMax = 200;
/** Those that this process has open: SQLite's locks are between processes. */
const openPaths = new Set<string>();

export class Database {
  readonly #sqlite: DatabaseSync;
  readonly #begin: Statement<never>;
  readonly #commit: Statement<never>;
  /** Undefined in memory. */
  readonly #log: WriteAheadLog | undefined;
  readonly #files: OpenFiles | undefined;
  /**
   * False from when a write has failed until `problem` finds that one can be made. That another
   * transaction succeeds does not tell: it may have had nothing to write.
   */
  #canWrite = true;

  private constructor(sqlite: DatabaseSync, log: WriteAheadLog | undefined) {
    this.#sqlite = sqlite;
    this.#log = log;
    const path = sqlite.location();
    if (path !== null) {
      this.#files = new OpenFiles([path, `${path}-wal`]);
      openPaths.add(path);
    }
    this.#begin = this.prepare('BEGIN IMMEDIATE');
    this.#commit = this.prepare('COMMIT');
  }

  /** Opens the database in this folder, which is made if there is none, or one in memory. */
  static open(folder: string): Database {
    const path = folder === inMemory ? inMemory : join(folder, fileName);
    try {
      if (folder !== inMemory) {
        assertOwnLog(folder, path);
        makeFile(folder, path);
      }
      const sqlite = new DatabaseSync(path, { timeout: lockWaitMs });
      try {
        configure(sqlite);
        const log = folder === inMemory ? undefined : new WriteAheadLog(sqlite);
        prepareSchema(sqlite, log);
        return new Database(sqlite, log);
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
      this.#log?.begin();
      this.#begin.run();
      const result = work();
      // What is written to files that have been removed is lost: nobody is to be told that it is kept.
      this.#files?.assertUnchangedLately();
      this.#commit.run();
      this.#log?.committed();
      return result;
    } catch (error) {
      // SQLite itself has rolled back after some errors, a full disk among them.
      if (this.#sqlite.isTransaction) this.#sqlite.exec('ROLLBACK');
      const explained = this.#explain(error);
      // Another is a mistake of ours, which says nothing about the file.
      if (explained instanceof CimError) this.#canWrite = false;
      throw explained;
    } finally {
      if (durability === 'ordered') this.#sqlite.exec('PRAGMA synchronous = FULL');
    }
  }

  /** As `transaction`, `durable`, and what `work` deletes is overwritten with zeros in the file. */
  erase<Result>(work: () => Result): Result {
    this.#assertOpen();
    this.#sqlite.exec('PRAGMA secure_delete = ON');
    try {
      return this.transaction('durable', work);
    } finally {
      this.#sqlite.exec('PRAGMA secure_delete = FAST');
    }
  }

  /** What was written lately is in the file alone, so nothing that was erased there is left in its log. */
  emptyLog(): void {
    try {
      this.#log?.restart('emptied');
    } catch (error) {
      throw this.#explain(error);
    }
  }

  /** Null if it can be read, and written as far as is known; else why not. */
  problem(): string | null {
    try {
      this.#files?.assertUnchanged();
      if (this.#canWrite) this.read(() => this.#sqlite.exec('SELECT 1'));
      else this.#tryToWrite();
      return null;
    } catch (error) {
      return describeError(this.#explain(error));
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
    this.#canWrite = true;
  }

  get isOpen(): boolean {
    return this.#sqlite.isOpen;
  }

  /**
   * A copy of all that is committed, in a file beside this one: its path. One at a time; one of before
   * that nobody has taken away is removed.
   */
  async backUp(): Promise<string> {
    this.#assertOpen();
    const own = this.#sqlite.location();
    if (own === null)
      throw new CimError('not-found', 'there is no data folder: all is in memory (--data)');
    const path = join(dirname(own), 'backup.sqlite');
    try {
      this.#files?.assertUnchanged();
      await this.#copyTo(path).catch((error: unknown) => {
        // It may be what has filled the disk.
        rmSync(path, { force: true });
        throw error;
      });
      return path;
    } catch (error) {
      throw this.#explain(error);
    }
  }

  /**
   * SQLite copies in another thread, and not while this one is in a transaction. Node tries again, but
   * not if that was so at the first step: it then rejects with SQLITE_OK, "not an error".
   */
  async #copyTo(path: string): Promise<void> {
    for (let tries = 0; tries < backupTriesMax; tries += 1) {
      rmSync(path, { force: true });
      makeEmptyFile(path, 'wx');
      try {
        await backup(this.#sqlite, path, { rate: pagesPerStep });
        return;
      } catch (error) {
        if (resultOf(error) !== sqliteOk) throw error;
      }
      this.#assertOpen();
    }
    throw new CimError('busy', 'the store is written to all the time: no backup could begin');
  }

  close(): void {
    if (!this.#sqlite.isOpen) return;
    const path = this.#sqlite.location();
    this.#sqlite.close();
    if (path !== null) openPaths.delete(path);
  }

  #assertOpen(): void {
    if (!this.#sqlite.isOpen) throw new CimError('busy', 'the store is closed');
  }

  #explain(error: unknown): unknown {
    // Callers hear of it: where the file is, is no business of theirs.
    if (isSystemError(error))
      return new CimError('busy', `the file of the store cannot be used for now (${error.code})`);
    const result = resultOf(error);
    if (result === undefined) return error;
    if (temporary.has(result))
      return new CimError('busy', 'the file of the store cannot be used for now', { cause: error });
    if (damaged.has(result)) return damageError('the file of the store', error);
    return error;
  }
}

/**
 * SQLite may open it. Throws `unavailable` if the log beside it is that of another file, which it would
 * mix into this one.
 */
export function assertOwnLog(folder: string, path: string): void {
  if (openPaths.has(path)) throw inUseError(folder);
  if (hasOwnLog(path)) return;
  // It may just have been changed by the process that uses both. SQLite removes the log of an empty file.
  if (isFilled(path)) {
    assertUnused(folder, path);
    if (hasOwnLog(path)) return;
  }
  throw new CimError(
    'unavailable',
    `${path}-wal is not the log of ${path}, which was put in the place of another file: move the log away to have what the file holds, or put back the file that it belongs to`,
  );
}

/** Throws `unavailable` if a process uses the database. Changes nothing. */
export function assertUnused(folder: string, path: string): void {
  if (openPaths.has(path)) throw inUseError(folder);
  const probe = new DatabaseSync(path, { readOnly: true, timeout: lockWaitMs });
  try {
    probe.exec('SELECT 1 FROM sqlite_schema');
  } catch (error) {
    if (resultOf(error) === sqliteBusy) throw inUseError(folder);
    // Whatever else is wrong with it, nobody uses it.
  } finally {
    probe.close();
  }
}

function isFilled(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

function inUseError(folder: string): CimError {
  return new CimError(
    'unavailable',
    `${folder} is in use by another process: stop that one, or give this one a folder of its own`,
  );
}

function configure(sqlite: DatabaseSync): void {
  // Before the first access, so that the lock is taken with it and kept: a second process is turned
  // away.
  sqlite.exec('PRAGMA locking_mode = EXCLUSIVE');
  checkSchema(sqlite);
  sqlite.exec('PRAGMA journal_mode = WAL');
  // An acknowledged message survives a power failure. By bench/store.ts this costs about a fifth in
  // batches of 100, and makes single messages three times as dear.
  sqlite.exec('PRAGMA synchronous = FULL');
  // What is deleted or changed is zeroed where that writes no page more: so no copy of before is left when
  // something is to be erased (`erase`). Whole pages that became free keep what they held.
  sqlite.exec('PRAGMA secure_delete = FAST');
  // The default of 2 MiB makes a busy store read its indexes again and again. This is of the process'
  // own memory, beside what others make it hold; what is read less often the system keeps.
  sqlite.exec('PRAGMA cache_size = -16384');
}

/** Primary result codes of SQLite (sqlite.org/rescode.html). */
const sqliteOk = 0;
const sqliteBusy = 5;
const sqliteFull = 13;
const temporary = new Set([
  sqliteBusy,
  7 /* NOMEM */,
  8 /* READONLY */,
  10 /* IOERR */,
  sqliteFull,
  14 /* CANTOPEN */,
]);
/** By the system's names. */
const fullDisk = new Set(['ENOSPC', 'EDQUOT']);
const damaged = new Set([11 /* CORRUPT */, 26 /* NOTADB */]);

function resultOf(error: unknown): number | undefined {
  return hasProperty(error, 'errcode') ? Number(error.errcode) & 0xff : undefined;
}

function openError(error: unknown, folder: string, path: string): unknown {
  const result = resultOf(error);
  if (result === sqliteBusy) return inUseError(folder);
  if (result !== undefined && damaged.has(result)) return damageError(path, error);
  const code = isSystemError(error) ? error.code : undefined;
  if (code !== undefined || (result !== undefined && temporary.has(result))) {
    const isFull = result === sqliteFull || fullDisk.has(String(code));
    const reason = isFull
      ? 'the disk is full: make room on it, and start again; what was stored is kept'
      : `the folder must be writable (${describeError(error)})`;
    return new CimError('unavailable', `${path} cannot be opened: ${reason}`, { cause: error });
  }
  return error;
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return hasProperty(error, 'syscall') && hasProperty(error, 'code');
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
  makeFolder(folder);
  assertWritable(path);
  // Closing one that is there would end the locks that this process may have on it.
  if (!existsSync(path)) makeEmptyFile(path, 'a');
}

function makeEmptyFile(path: string, flag: 'a' | 'wx'): void {
  closeSync(openSync(path, flag, 0o600));
}
