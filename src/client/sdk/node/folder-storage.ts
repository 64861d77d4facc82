/**
 * A device's state as one file in a folder: `state.json`, for its owner's eyes only, replaced as a
 * whole. Beside it `lock`, an empty SQLite database that is never written: SQLite locks it through
 * the operating system, which frees it when the process ends in whatever way. A lock file that
 * holds a pid would outlive a kill -9, and telling whether that pid is still the same process is
 * guesswork, more so on two machines that share a home directory.
 */
import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { describeError } from '../../../base/errors.ts';
import type { DeviceStore, Storage, StorageOpening } from '../platform.ts';
import { flushFolder } from './flush-folder.ts';
import { makeFolder } from './make-folder.ts';

/** One folder for each user: it is one device of that user. */
export function folderStorage(folder: string): Storage {
  return { open: () => openFolder(folder) };
}

async function openFolder(folder: string): Promise<StorageOpening> {
  try {
    await makeFolder(folder);
    const lock = await lockFolder(folder);
    return lock ? { status: 'opened', store: new FolderStore(folder, lock) } : { status: 'in-use' };
  } catch (error) {
    return { status: 'unusable', reason: describeError(error) };
  }
}

const sqliteBusy = 5;

/** Undefined: another process has it. */
async function lockFolder(folder: string): Promise<DatabaseSync | undefined> {
  const { DatabaseSync: Database } = await import('node:sqlite');
  const lock = new Database(join(folder, 'lock'), { timeout: 0 });
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    if ((error as { errcode?: number }).errcode === sqliteBusy) return undefined;
    throw error;
  }
}

class FolderStore implements DeviceStore {
  readonly #folder: string;
  readonly #lock: DatabaseSync;

  constructor(folder: string, lock: DatabaseSync) {
    this.#folder = folder;
    this.#lock = lock;
  }

  async load(): Promise<string | undefined> {
    try {
      return await readFile(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /**
   * Written beside, flushed, renamed into place: after a crash there is the old state or the new
   * one.
   */
  async save(text: string): Promise<void> {
    const next = `${this.#path}.new`;
    const file = await open(next, 'w', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(next, this.#path);
    await flushFolder(this.#folder);
  }

  async close(): Promise<void> {
    this.#lock.close();
  }

  get #path(): string {
    return join(this.#folder, 'state.json');
  }
}
