/**
 * Puts a backup in the place of the embedded store, while nobody uses it. What was there is kept
 * beside it, whatever state it is in.
 */
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { chmod, open } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeFolder } from '../../base/data-folder.ts';
import { CimError, describeError } from '../../base/errors.ts';
import { assertOwnLog, assertUnused, fileName } from './database.ts';
import { checkSchema, drawnId } from './schema.ts';
import { drawGeneration, readMark, writeMark } from './write-ahead-log.ts';

export interface Restored {
  /** Drawn anew: its clients see that it is not the store that they knew. */
  readonly storeId: string;
  /** Where that is which was there before; undefined: nothing was. */
  readonly before: string | undefined;
}

/**
 * `file`: a backup, or a copy of a store that nobody used; its log is taken along. Rejects with
 * `unavailable`, and nothing has changed.
 */
export async function restoreStore(file: string, folder: string): Promise<Restored> {
  const path = join(folder, fileName);
  const next = `${path}.new`;
  try {
    if (!statSync(file).isFile()) throw new Error('it is no file');
    assertOwnLog(file, file);
    makeFolder(folder);
    if (existsSync(path)) assertUnused(folder, path);
    remove(next);
    for (const end of ['', '-wal']) {
      if (!existsSync(file + end)) continue;
      copyFileSync(file + end, next + end);
      await chmod(next + end, 0o600);
    }
    const storeId = makeAnother(next);
    await flush(next);
    const before = setAside(folder, path);
    renameSync(next, path);
    await flush(folder);
    return { storeId, before };
  } catch (cause) {
    remove(next);
    if (cause instanceof CimError) throw cause;
    const message = `${file}: cannot be restored: ${describeError(cause)}`;
    throw new CimError('unavailable', message, { cause });
  }
}

/** Another store than that of which it is a copy, in one file. Its id. */
function makeAnother(path: string): string {
  const copy = new DatabaseSync(path);
  try {
    checkSchema(copy);
    const row = copy.prepare('PRAGMA integrity_check(1)').get();
    const verdict = row?.['integrity_check'];
    if (verdict !== 'ok') throw new Error(`it is damaged: ${verdict}`);
    copy.exec('PRAGMA journal_mode = DELETE');
    copy.exec(`UPDATE identity SET id = ${drawnId}`);
    // No log of before is its own.
    writeMark(copy, { ...readMark(copy), generation: drawGeneration() });
    return String(copy.prepare('SELECT id FROM identity').get()?.['id']);
  } finally {
    copy.close();
  }
}

/** The file stays until another one takes its place; its log goes with what is kept. */
function setAside(folder: string, path: string): string | undefined {
  const log = `${path}-wal`;
  if (!existsSync(path) && !existsSync(log)) return undefined;
  const name = `before-restore-${new Date().toISOString().replaceAll(':', '-')}`;
  const kept = join(folder, name);
  mkdirSync(kept, { mode: 0o700 });
  if (existsSync(path)) linkSync(path, join(kept, fileName));
  if (existsSync(log)) renameSync(log, join(kept, `${fileName}-wal`));
  return kept;
}

function remove(path: string): void {
  for (const end of ['', '-wal', '-shm', '-journal']) rmSync(path + end, { force: true });
}

async function flush(path: string): Promise<void> {
  const opened = await open(path, 'r');
  try {
    await opened.sync();
  } finally {
    await opened.close();
  }
}
