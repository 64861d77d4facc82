/**
 * Where the bytes of files are: a folder of this machine (`local/`) or an S3 (`s3/`). What they are,
 * whose, and for how long is known to the store (src/store/files.ts), and nothing here is found
 * without it. Failures are CimErrors; `busy`, with the reason in plain words, for what may be better
 * later: a full disk, an S3 that does not answer.
 */
import type { Readable } from 'node:stream';

/** One part of a file. Both names are ours: letters, digits and hyphens. */
export interface BlobName {
  readonly file: string;
  readonly part: string;
}

export interface BlobStore {
  /** Whether only this machine has what is put here. */
  readonly isLocal: boolean;

  /**
   * Stores exactly these bytes. If they cannot all be had, or stored, it rejects and there is nothing.
   * Whatever had this name is replaced. The memory of what comes is not the sender's any more.
   */
  put(name: BlobName, bytes: AsyncIterable<Uint8Array>, content: BlobContent): Promise<void>;

  /** From a byte up to another one, which is not in it. Null: there is no such part. */
  read(name: BlobName, from: number, to: number): Promise<Readable | null>;

  /** Resolves when these parts of a file survive a power failure. */
  settle(file: string, parts: readonly string[]): Promise<void>;

  /** There may be none. */
  removePart(name: BlobName): Promise<void>;

  /** All that there is of a file. */
  remove(file: string): Promise<void>;

  /** Null while it works as far as is known; otherwise why not, for strangers. */
  readonly problem: string | null;

  /** Tries whether it works by now. Does not reject. */
  probe(): Promise<void>;
}

export interface BlobContent {
  readonly bytes: number;
  /** In hex. */
  readonly sha256: string;
}
