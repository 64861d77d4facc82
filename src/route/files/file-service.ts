/**
 * Files, for whoever may have them: beginning an upload, taking its parts, finishing it, and giving its
 * bytes. What is known of a file is in the store, so any route goes on with it; this one remembers
 * hashes only (running-hashes.ts). A part's bytes are stored before the store knows of it, and taken
 * away before the store forgets it, so none are left that nobody knows.
 */
import { createHash, type Hash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Clock } from '../../base/clock.ts';
import { CimError } from '../../base/errors.ts';
import { letGo } from '../../base/let-go.ts';
import { limits } from '../../base/limits.ts';
import type { Logger } from '../../base/log.ts';
import { RecentlyUsed } from '../../base/recently-used.ts';
import { equalSecrets } from '../../base/secrets/secret.ts';
import type { BlobStore } from '../../files/blob-store.ts';
import { Semaphore } from '../../http/semaphore.ts';
import type { ProcessBudget } from '../../limits/process-budget.ts';
import type { FileFacts, FileRoom, Files, FullRoom, StoredFile } from '../../store/files.ts';
import type { FileCounters } from './file-counters.ts';
import { blobName, fileName, partBytes, partCount, partName } from './file-parts.ts';
import { RunningHashes } from './running-hashes.ts';
import { takenBytes } from './taken-bytes.ts';
import { type TransferPeer, Transfers } from './transfers.ts';

/** How much may be kept, and for how long. */
export interface FileBounds extends FileRoom {
  readonly fileBytesMax: number;
  readonly lifeMs: number;
}

export interface FileServiceOptions {
  readonly files: Files;
  /** Undefined: nowhere. */
  readonly blobs: BlobStore | undefined;
  /** Why no files are served just now; null: they are. */
  readonly refusal: () => string | null;
  readonly bounds: FileBounds;
  readonly budget: ProcessBudget;
  readonly clock: Pick<Clock, 'monotonic' | 'setTimeout'>;
  readonly counters: FileCounters;
  readonly log: Logger;
}

/** What whoever uploads needs to go on. */
export interface BegunFile {
  readonly id: string;
  readonly capability: string;
  readonly chunkBytes: number;
  readonly chunks: number;
  /** Numbers of those that have come. */
  readonly received: readonly number[];
  readonly expiresAt: number;
}

export interface FinishedFile extends Omit<FileFacts, 'owner'> {
  readonly expiresAt: number;
}

export interface UploadedPart {
  readonly id: string;
  readonly number: number;
  readonly capability: string;
  readonly sha256: string;
  /** As the request says. */
  readonly bytes: number;
  /** Called when all else is known to be right. */
  readonly body: () => Readable;
  readonly peer: TransferPeer;
}

export class FileService {
  readonly transfers: Transfers;
  readonly #options: FileServiceOptions;
  readonly #hashes = new RunningHashes();
  /** Those that are being looked at: a file is read once, however often it is asked. */
  readonly #finishing = new Map<string, Promise<FinishedFile>>();
  /** Parts, by their hashes, that are not the file that was begun. */
  readonly #bad = new RecentlyUsed<string, { readonly parts: string }>(limits.fileHashesMax);
  readonly #finishes = new Semaphore(limits.fileFinishesUnderWayMax);
  readonly #counters: FileCounters;

  constructor(options: FileServiceOptions) {
    this.#options = options;
    this.#counters = options.counters;
    this.transfers = new Transfers({ ...options, ...options.counters });
  }

  /** `no-files`, `busy`, `file-too-large`, `no-room-for-files`, `file-exists`, `invalid-argument`. */
  async begin(facts: FileFacts): Promise<BegunFile> {
    const { files, bounds } = this.#options;
    this.#usable();
    nameOf(facts.id);
    const { fileBytesMax } = bounds;
    if (facts.bytes > fileBytesMax)
      throw new CimError('file-too-large', `a file may have ${fileBytesMax} bytes here`);
    const capability = randomBytes(16).toString('base64url');
    const begun = await files.begin({ ...facts, capability }, bounds);
    if (begun.status === 'taken') throw new CimError('file-exists');
    if (begun.status === 'no-room') throw noRoom(begun.of, bounds);
    const { file } = begun;
    return {
      id: file.id,
      capability: file.capability,
      chunkBytes: limits.fileChunkBytes,
      chunks: partCount(file.bytes),
      received: [...file.parts.keys()].sort((one, other) => one - other),
      expiresAt: file.expiresAt,
    };
  }

  /** Repeatable. `unknown-file`, `bad-chunk`, `no-files`, `busy`. */
  async putPart(part: UploadedPart): Promise<void> {
    const { id, number, capability, sha256, bytes, peer } = part;
    this.#usable();
    const file = await this.#find(id, capability);
    if (file.isFinished || file.parts.has(number)) assertSamePart(file, number, sha256);
    if (file.isFinished) return;
    assertPart(file, number, bytes);
    const end = this.transfers.begin({ kind: 'upload', of: `user ${file.owner}`, peer });
    try {
      await this.#store(part);
    } finally {
      end();
    }
  }

  /**
   * An upload ends, and leaves its room to others. False: it is finished, and stays. `unknown-file`,
   * `no-files`, `busy`.
   */
  async cancel(id: string, capability: string): Promise<boolean> {
    const blobs = this.#usable();
    await this.#find(id, capability);
    const cancel = await this.#options.files.cancel(id);
    if (cancel === 'unknown') throw new CimError('unknown-file');
    if (cancel === 'finished') return false;
    this.#hashes.forget(id);
    // What is on its way is refused when it has come, or removed with all that is left of the file.
    await blobs.remove(nameOf(id));
    return true;
  }

  /**
   * Repeatable. `unknown-file`, `incomplete-file`, `bad-file`, `no-files`, `busy`: also while it is looked
   * at for longer than callers, and proxies between, wait for an answer.
   */
  async finish(id: string, capability: string): Promise<FinishedFile> {
    this.#usable();
    const file = await this.#find(id, capability);
    if (file.isFinished) return finished(file, file.expiresAt);
    let finishing = this.#finishing.get(id);
    if (!finishing) {
      if (this.#finishing.size >= limits.fileFinishesWaitingMax)
        throw new CimError('busy', 'many files are being finished');
      finishing = this.#finishes
        .run(() => this.#finish(file))
        .finally(() => this.#finishing.delete(id));
      this.#finishing.set(id, finishing);
    }
    return this.#inTime(finishing);
  }

  /** What is known of a finished file. `unknown-file`, `no-files`, `busy`. */
  async find(id: string, capability: string): Promise<StoredFile> {
    this.#usable();
    const file = await this.#find(id, capability);
    if (!file.isFinished) throw new CimError('unknown-file');
    return file;
  }

  /** Its bytes, from one up to another, which is not among them. `busy`. */
  async read(file: StoredFile, from: number, to: number): Promise<Readable> {
    if (from === to) return Readable.from([]);
    this.#counters.downloadedBytes.value += to - from;
    const first = await this.#readPart(file, from, to);
    const firstEnd = endOfPart(from, to);
    if (firstEnd === to) return first;
    const rest = (start: number) => this.#readPart(file, start, to);
    async function* all(): AsyncGenerator<Buffer> {
      yield* first;
      for (let start = firstEnd; start < to; start = endOfPart(start, to)) yield* await rest(start);
    }
    const bytes = Readable.from(all(), { objectMode: false });
    // Also if nobody has begun to read.
    return bytes.once('close', () => first.destroy());
  }

  /** Where the bytes are. Throws `no-files`, or `busy` with the reason. */
  #usable(): BlobStore {
    const { blobs, refusal } = this.#options;
    if (!blobs) throw new CimError('no-files');
    const reason = refusal();
    if (reason !== null) throw new CimError('busy', reason);
    return blobs;
  }

  /** A wrong capability is answered as no file at all. */
  async #find(id: string, capability: string): Promise<StoredFile> {
    const file = fileName(id) === undefined ? null : await this.#options.files.find(id);
    if (!file || !equalSecrets(capability, file.capability)) throw new CimError('unknown-file');
    return file;
  }

  async #store({ id, number, sha256, bytes, body }: UploadedPart): Promise<void> {
    const { files } = this.#options;
    const blobs = this.#usable();
    // What was stored here or elsewhere before may be gone, so it is stored again.
    const next = this.#hashes.before(id, number);
    const blob = blobName(nameOf(id), number, sha256);
    const taken = takenBytes(body(), { bytes, sha256, whole: next?.hash });
    try {
      await blobs.put(blob, taken, { bytes, sha256 });
    } finally {
      taken.destroy();
    }
    const keeping = await files.keepPart(id, number, sha256);
    if (keeping !== 'kept') {
      const now = await files.find(id);
      // Stored, and nobody knows of it, unless it is the very part.
      if (now?.parts.get(number) !== sha256) await blobs.removePart(blob);
      if (!now) throw new CimError('unknown-file');
      return assertSamePart(now, number, sha256);
    }
    if (next) this.#hashes.advance(id, next, sha256);
    this.#counters.uploadedBytes.value += bytes;
  }

  async #inTime(finishing: Promise<FinishedFile>): Promise<FinishedFile> {
    const { promise: isLate, reject } = Promise.withResolvers<never>();
    const timer = this.#options.clock.setTimeout(() => {
      const retryAfterMs = limits.fileFinishRetryMs;
      reject(new CimError('busy', 'the file is being looked at: ask again', { retryAfterMs }));
    }, limits.fileFinishAnswerMs);
    try {
      return await Promise.race([finishing, isLate]);
    } finally {
      timer.cancel();
    }
  }

  async #finish(file: StoredFile): Promise<FinishedFile> {
    const { files, bounds } = this.#options;
    const blobs = this.#usable();
    const count = partCount(file.bytes);
    const parts = Array.from({ length: count }, (_, number) => file.parts.get(number));
    const missing = parts.flatMap((sha256, number) => (sha256 === undefined ? [number] : []));
    if (missing.length > 0) throw incomplete(missing);
    const hashes = parts as string[];
    // Reading it all once more would tell the same.
    if (this.#bad.get(file.id)?.parts === `${hashes}`) throw new CimError('bad-file');
    if (!(await this.#isWhole(file, hashes))) {
      this.#bad.set(file.id, { parts: `${hashes}` });
      throw new CimError('bad-file');
    }
    await blobs.settle(
      nameOf(file.id),
      hashes.map((sha256, number) => partName(number, sha256)),
    );
    const finish = await files.finish(file.id, hashes, bounds.lifeMs);
    if (finish.status === 'unknown') throw new CimError('unknown-file');
    if (finish.status === 'changed')
      throw new CimError('busy', 'parts of the file have come meanwhile');
    this.#hashes.forget(file.id);
    this.#counters.finished.value += 1;
    return finished(file, finish.expiresAt);
  }

  /** Whether all bytes are what was said: of what this route has not seen coming, as it is stored. */
  async #isWhole(file: StoredFile, hashes: readonly string[]): Promise<boolean> {
    const { parts, hash } = this.#hashes.prefix(file.id, hashes);
    const unseen = [...hashes.entries()].slice(parts);
    for (const [number, sha256] of unseen) await this.#hashPart(file, number, sha256, hash);
    if (hash.digest('hex') === file.sha256) return true;
    for (const [number, sha256] of unseen) await this.#assertKept(file, number, sha256);
    return false;
  }

  async #hashPart(file: StoredFile, number: number, sha256: string, hash: Hash): Promise<void> {
    const blob = blobName(nameOf(file.id), number, sha256);
    const stored = await this.#usable().read(blob, 0, partBytes(file.bytes, number));
    for await (const piece of (stored ?? []) as AsyncIterable<Buffer>) {
      hash.update(piece);
      letGo(piece);
    }
  }

  /** A part that is not what it was any more (a power failure, say) has to come again. */
  async #assertKept(file: StoredFile, number: number, sha256: string): Promise<void> {
    const { files, log } = this.#options;
    const hash = createHash('sha256');
    await this.#hashPart(file, number, sha256, hash);
    if (hash.digest('hex') === sha256) return;
    log.warn({ part: number }, 'a part of a file was lost, and has to be sent again');
    await files.dropPart(file.id, number, sha256);
    throw incomplete([number]);
  }

  async #readPart(file: StoredFile, from: number, to: number): Promise<Readable> {
    const number = Math.floor(from / limits.fileChunkBytes);
    const start = number * limits.fileChunkBytes;
    const blob = blobName(nameOf(file.id), number, file.parts.get(number) ?? '');
    const part = await this.#usable().read(blob, from - start, endOfPart(from, to) - start);
    if (part) return part;
    this.#options.log.error({ part: number }, 'the bytes of a file are gone');
    throw new CimError('busy', 'the bytes of the file cannot be had');
  }
}

/** Up to where one part has what is read from `from` to `to`. */
function endOfPart(from: number, to: number): number {
  const { fileChunkBytes } = limits;
  return Math.min(to, (Math.floor(from / fileChunkBytes) + 1) * fileChunkBytes);
}

function nameOf(id: string): string {
  const name = fileName(id);
  if (name !== undefined) return name;
  throw new CimError('invalid-argument', 'id: must be 16 bytes in base64url, drawn for this file');
}

function assertPart({ bytes: all }: StoredFile, number: number, bytes: number): void {
  const count = partCount(all);
  if (number >= count) throw new CimError('bad-chunk', `the file has ${count} parts, from 0 on`);
  const expected = partBytes(all, number);
  if (bytes !== expected)
    throw new CimError('bad-chunk', `part ${number} has ${expected} bytes, these are ${bytes}`);
}

/** One that comes again: its answer was lost, say. */
function assertSamePart({ parts }: StoredFile, number: number, sha256: string): void {
  if (parts.get(number) !== sha256)
    throw new CimError('bad-chunk', `the file has another part ${number}, or none`);
}

function incomplete(numbers: readonly number[]): CimError {
  const shown = numbers.slice(0, 10).join(', ');
  const more = numbers.length > 10 ? ' and others' : '';
  return new CimError('incomplete-file', `parts are missing: ${shown}${more}`);
}

function finished(file: StoredFile, expiresAt: number): FinishedFile {
  const { id, bytes, type, sha256 } = file;
  return { id, bytes, type, sha256, expiresAt };
}

function noRoom(of: FullRoom, bounds: FileBounds): CimError {
  const wait = 'wait until others have expired';
  const end = 'finish or cancel others';
  const reasons: Readonly<Record<FullRoom, string>> = {
    user: `your files may have ${bounds.userBytesMax} bytes together: ${wait}`,
    all: `all files may have ${bounds.allBytesMax} bytes together: ${wait}`,
    'user-unfinished': `your uploads may have ${bounds.userUnfinishedBytesMax} bytes together until they are finished: ${end}`,
    'all-unfinished': `all uploads may have ${bounds.allUnfinishedBytesMax} bytes together until they are finished: try it later`,
  };
  return new CimError('no-room-for-files', reasons[of]);
}
