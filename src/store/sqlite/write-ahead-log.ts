/**
 * Whether the write-ahead log beside a database is that database's own. SQLite cannot tell: it would
 * play a log that was left behind into whatever file has been put in its place, a backup say, and
 * make a mixture of both.
 *
 * So each log begins with a page 1 that bears the next *generation*; its file has the one before, or
 * already the same. Say the file has generation 7: then 8 is its log, and 5 is of another file.
 * Generation and version of the tables share `PRAGMA user_version`.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { ignore } from '../../base/ignore.ts';

/** It begins anew when it has so many pages: 4 MiB. */
const framesMax = 1_000;
/** Looking at it costs a µs or two. */
const commitsPerLook = 8;

/** Versions are below it. */
const versions = 2 ** 8;
const generations = 2 ** 23;

// sqlite.org/fileformat2.html
const walHeaderBytes = 32;
const frameHeaderBytes = 24;
const fileHeaderBytes = 100;
const userVersionAt = 60;
const littleEndianMagic = 0x377f0682;
const bigEndianMagic = 0x377f0683;

export interface FileMark {
  readonly version: number;
  readonly generation: number;
}

function markOf(userVersion: number): FileMark {
  return {
    version: userVersion % versions,
    generation: Math.floor(userVersion / versions) % generations,
  };
}

function userVersionOf({ version, generation }: FileMark): number {
  return generation * versions + version;
}

function nextGeneration(generation: number): number {
  return (generation + 1) % generations;
}

/** Of a new file: any, so that those of two files differ. */
export function drawGeneration(): number {
  return Math.floor(Math.random() * generations);
}

export function readMark(sqlite: DatabaseSync): FileMark {
  return markOf(Number(sqlite.prepare('PRAGMA user_version').get()?.['user_version']));
}

export function writeMark(sqlite: DatabaseSync, mark: FileMark): void {
  sqlite.exec(`PRAGMA user_version = ${userVersionOf(mark)}`);
}

/** The log of a database that is open in WAL mode: has it begin anew with a page that is marked. */
export class WriteAheadLog {
  readonly #sqlite: DatabaseSync;
  readonly #look: StatementSync;
  readonly #checkpoint: StatementSync;
  readonly #truncate: StatementSync;
  #commits = 0;
  /** All of it is in the file: what is written next is its beginning. */
  #isOver = false;

  constructor(sqlite: DatabaseSync) {
    this.#sqlite = sqlite;
    // By itself it would begin anew without a mark.
    sqlite.exec('PRAGMA wal_autocheckpoint = 0');
    this.#look = sqlite.prepare('PRAGMA wal_checkpoint(NOOP)');
    this.#checkpoint = sqlite.prepare('PRAGMA wal_checkpoint(RESTART)');
    this.#truncate = sqlite.prepare('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  /** Before anything is written. Throws what SQLite throws. */
  begin(): void {
    if (this.#isOver) this.#mark();
  }

  /** After a commit, which nothing that goes wrong here undoes. */
  committed(): void {
    this.#commits += 1;
    if (this.#commits % commitsPerLook !== 0) return;
    try {
      if (run(this.#look).log >= framesMax) this.restart();
    } catch {
      ignore('the disk is full, say: the log grows meanwhile, and is looked at again');
    }
  }

  /** Throws what SQLite throws. `emptied`: what is in its file is gone, not only to be overwritten. */
  restart(how: 'reused' | 'emptied' = 'reused'): void {
    const { busy, log, checkpointed } = run(how === 'reused' ? this.#checkpoint : this.#truncate);
    if (busy !== 0 || log !== checkpointed) return;
    this.#isOver = true;
    this.#mark();
  }

  #mark(): void {
    const { version, generation } = readMark(this.#sqlite);
    writeMark(this.#sqlite, { version, generation: nextGeneration(generation) });
    this.#isOver = false;
  }
}

function run(checkpoint: StatementSync) {
  return checkpoint.get() as unknown as { busy: number; log: number; checkpointed: number };
}

/**
 * Whether SQLite may open the database at `path`. A file that this process has open must not be
 * asked about: its locks would go.
 */
export function hasOwnLog(path: string): boolean {
  const first = firstFrame(readStart(`${path}-wal`));
  if (first === undefined) return true;
  const header = readStart(path, fileHeaderBytes);
  if (first.page !== 1 || header.length < fileHeaderBytes) return false;
  const inLog = markOf(first.bytes.readUInt32BE(userVersionAt)).generation;
  const inFile = markOf(header.readUInt32BE(userVersionAt)).generation;
  return inLog === inFile || inLog === nextGeneration(inFile);
}

interface Frame {
  readonly page: number;
  readonly bytes: Buffer;
}

/** Undefined: there is none that SQLite would take for one. */
function firstFrame(log: Buffer): Frame | undefined {
  if (log.length < walHeaderBytes) return undefined;
  const magic = log.readUInt32BE(0);
  if (magic !== littleEndianMagic && magic !== bigEndianMagic) return undefined;
  const pageBytes = log.readUInt32BE(8);
  const frame = log.subarray(walHeaderBytes, walHeaderBytes + frameHeaderBytes + pageBytes);
  if (frame.length < frameHeaderBytes + pageBytes) return undefined;
  const isLittleEndian = magic === littleEndianMagic;
  const bytes = frame.subarray(frameHeaderBytes);
  const ofHeader = checksum(log.subarray(0, 24), [0, 0], isLittleEndian);
  const ofFrame = checksum(
    bytes,
    checksum(frame.subarray(0, 8), ofHeader, isLittleEndian),
    isLittleEndian,
  );
  const isWhole =
    isChecksum(log.subarray(24), ofHeader) &&
    log.compare(frame, 8, 16, 16, 24) === 0 &&
    isChecksum(frame.subarray(16), ofFrame);
  return isWhole ? { page: frame.readUInt32BE(0), bytes } : undefined;
}

type Sums = readonly [number, number];

function checksum(bytes: Buffer, [first, second]: Sums, isLittleEndian: boolean): Sums {
  const word = (at: number) => (isLittleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  let [a, b] = [first, second];
  for (let at = 0; at < bytes.length; at += 8) {
    a = (a + word(at) + b) >>> 0;
    b = (b + word(at + 4) + a) >>> 0;
  }
  return [a, b];
}

function isChecksum(bytes: Buffer, [a, b]: Sums): boolean {
  return bytes.readUInt32BE(0) === a && bytes.readUInt32BE(4) === b;
}

/** The largest page, and what is before it. */
const startBytes = walHeaderBytes + frameHeaderBytes + 65_536;

/** Empty if there is no such file. */
function readStart(path: string, count = startBytes): Buffer {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
  try {
    const bytes = Buffer.alloc(count);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, count, 0));
  } finally {
    closeSync(descriptor);
  }
}
