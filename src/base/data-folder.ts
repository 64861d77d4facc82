/**
 * The folder of a database, or of files. Not made by mkdir's `recursive`: that never returns where a folder takes no
 * other (`/proc`), and says of a disk that takes no writes that a folder is missing.
 */
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** With the folders above it, for its owner's eyes only. Throws as the file system does. */
export function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    // Another process may have been faster.
    if (!existsSync(folder)) throw error;
  }
}

/** Throws as the file system does, which says more than SQLite: on a disk that takes no writes, say. */
export function assertWritable(path: string): void {
  const { R_OK, W_OK } = constants;
  accessSync(dirname(path), W_OK);
  if (existsSync(path)) accessSync(path, R_OK | W_OK);
}
