/**
 * Whether the files of a database are still where they were when it was opened. SQLite writes on in
 * files that have been removed, moved or replaced: `rm -r` of a data folder under a running process.
 */
import { statSync } from 'node:fs';
import { CimError } from '../../base/errors.ts';

interface OpenFile {
  readonly path: string;
  readonly device: number;
  readonly inode: number;
}

/** Looking costs as much as a small write: it is done so often. */
const lookMs = 10;

export class OpenFiles {
  readonly #files: readonly OpenFile[];
  #seenAtMs = -Infinity;

  /** They are there now. */
  constructor(paths: readonly string[]) {
    this.#files = paths.map((path) => {
      const { dev, ino } = statSync(path);
      return { path, device: dev, inode: ino };
    });
  }

  /** As `assertUnchanged`, for every write: what was seen a moment ago is believed. */
  assertUnchangedLately(): void {
    if (performance.now() - this.#seenAtMs >= lookMs) this.assertUnchanged();
  }

  /** Throws `busy`: it may be moved back. */
  assertUnchanged(): void {
    const nowMs = performance.now();
    this.#seenAtMs = -Infinity;
    for (const { path, device, inode } of this.#files) {
      const found = statSync(path, { throwIfNoEntry: false });
      if (found?.ino === inode && found.dev === device) continue;
      throw new CimError(
        'busy',
        'the file of the store has been removed or replaced: put it back, or start again',
      );
    }
    this.#seenAtMs = nowMs;
  }
}
