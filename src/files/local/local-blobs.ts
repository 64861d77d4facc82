/**
 * The bytes of files in a folder: a folder for each file, in one for the first two characters of its
 * name, and in it its parts. A part is written under another name and renamed when it is whole.
 */
import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { assertWritable, makeFolder } from '../../base/data-folder.ts';
import { CimError, describeError } from '../../base/errors.ts';
import { ignore } from '../../base/ignore.ts';
import type { BlobName, BlobStore } from '../blob-store.ts';
import { FileSink } from './file-sink.ts';

/** What is read at a time. */
const streamBytes = 256 * 1024;
/** What must fit on the disk before it is said to have room again. */
const probeBytes = 1024 * 1024;
const fullDisk = new Set(['ENOSPC', 'EDQUOT']);

export class LocalBlobs implements BlobStore {
  readonly isLocal = true;
  readonly #folder: string;
  #problem: string | null = null;

  /** Makes the folder if there is none. Throws `unavailable` if it cannot be used. */
  static open(folder: string): LocalBlobs {
    try {
      makeFolder(folder);
      assertWritable(join(folder, 'any'));
    } catch (cause) {
      const reason = `the folder for files cannot be used: ${describeError(cause)}`;
      throw new CimError('unavailable', `${folder}: ${reason}`, { cause });
    }
    return new LocalBlobs(folder);
  }

  private constructor(folder: string) {
    this.#folder = folder;
  }

  get problem(): string | null {
    return this.#problem;
  }

  async put(name: BlobName, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    const folder = this.#folderOf(name.file);
    const unfinished = join(folder, `${name.part}.${randomBytes(8).toString('hex')}`);
    try {
      await mkdir(folder, { mode: 0o700, recursive: true });
      await writeTo(unfinished, bytes);
      await rename(unfinished, join(folder, name.part));
      this.#problem = null;
    } catch (error) {
      // It may be what has filled the disk.
      await rm(unfinished, { force: true }).catch(ignore('it is removed with its file'));
      // Its folder was there: it is the disk's failure only if it could not be made.
      if (isGone(error)) throw new CimError('busy', 'the file was removed', { cause: error });
      throw this.#explain(error);
    }
  }

  async read(name: BlobName, from: number, to: number): Promise<Readable | null> {
    const file = await this.#open(join(this.#folderOf(name.file), name.part));
    return file?.createReadStream({ start: from, end: to - 1, highWaterMark: streamBytes }) ?? null;
  }

  async settle(name: string, parts: readonly string[]): Promise<void> {
    if (parts.length === 0) return;
    const folder = this.#folderOf(name);
    // Of what was made in them, as well.
    const folders = [folder, dirname(folder), this.#folder];
    for (const path of [...parts.map((part) => join(folder, part)), ...folders]) {
      const file = await this.#open(path);
      if (!file) throw new CimError('busy', 'a part of the file is gone: send it again');
      try {
        await file.sync();
      } catch (error) {
        throw this.#explain(error);
      } finally {
        await file.close();
      }
    }
  }

  async removePart({ file, part }: BlobName): Promise<void> {
    await this.#remove(join(this.#folderOf(file), part));
  }

  async remove(file: string): Promise<void> {
    await this.#remove(this.#folderOf(file));
  }

  async probe(): Promise<void> {
    const path = join(this.#folder, `probe.${randomBytes(8).toString('hex')}`);
    try {
      await writeFile(path, Buffer.alloc(probeBytes), { flag: 'wx', mode: 0o600 });
      this.#problem = null;
    } catch (error) {
      this.#explain(error);
    } finally {
      await rm(path, { force: true }).catch(ignore('it says no more than the write has'));
    }
  }

  #folderOf(file: string): string {
    return join(this.#folder, file.slice(0, 2), file);
  }

  async #open(path: string): Promise<FileHandle | null> {
    try {
      return await open(path, 'r');
    } catch (error) {
      if (isGone(error)) return null;
      throw this.#explain(error);
    }
  }

  async #remove(path: string): Promise<void> {
    try {
      await rm(path, { force: true, recursive: true });
    } catch (error) {
      throw this.#explain(error);
    }
  }

  /** What the file system has refused is `busy`; where the folder is, is no business of callers. */
  #explain(error: unknown): unknown {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code === undefined || syscall === undefined) return error;
    this.#problem = fullDisk.has(code)
      ? 'the disk for files is full'
      : `the folder for files cannot be used for now (${code})`;
    return new CimError('busy', this.#problem, { cause: error });
  }
}

function isGone(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

async function writeTo(path: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await pipeline(bytes, new FileSink(file));
  } finally {
    await file.close();
  }
}
