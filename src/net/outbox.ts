/**
 * What is to be written to one stream: gathered, and written once per turn of the event loop, since
 * a system call costs more than the messages in it. Bounded by its owner, who watches
 * `bufferedBytes`. Holds nothing while idle.
 */
import type { Writable } from 'node:stream';
import { varintLength, writeVarint } from '../codec/varint.ts';
import { chunkBytesMax, giveBack, takeChunk } from './chunk-pool.ts';
import { passesOn } from './client-stream.ts';
import type { WebSocketStream } from './web-socket-stream.ts';

const nothing = Buffer.alloc(0);

/** What a stream keeps of each write that waits in it, beside the bytes; as measured. */
export const waitingWriteBytes = 432;

export class Outbox {
  readonly #stream: Writable | WebSocketStream;
  /** What is gathered: the first `#used` bytes. From the pool, or empty. */
  #chunk: Buffer = nothing;
  #used = 0;
  /** The only thing that there is to write, as long as it is alone: it need not be copied. */
  #alone: Uint8Array | null = null;
  #isToBeFlushed = false;
  /** What the writes that wait in the stream hold, beside their bytes. */
  #besideBytes = 0;
  /** All that was ever written here, also what was dropped because the stream had ended. */
  queuedBytes = 0;

  constructor(stream: Writable | WebSocketStream) {
    this.#stream = stream;
  }

  /** Bytes that the peer has not taken: gathered here, or waiting in the stream. */
  get bufferedBytes(): number {
    const alone = this.#alone === null ? 0 : this.#alone.length;
    return this.#used + alone + this.#stream.writableLength;
  }

  /** What the process holds because of them: more than they are. */
  get heldBytes(): number {
    const beside = this.#stream.writableLength === 0 ? 0 : this.#besideBytes;
    return this.bufferedBytes + beside + this.#chunk.length - this.#used;
  }

  /** Nothing waits, here or in the stream, and nobody holds on to this. */
  get isIdle(): boolean {
    return !this.#isToBeFlushed && this.bufferedBytes === 0;
  }

  /** Reads `bytes` until they are written; they may be others' too, and do not change. */
  write(bytes: Uint8Array): void {
    this.#gathers(bytes.length);
    if (this.#used === 0 && this.#alone === null) {
      this.#alone = bytes;
    } else if (bytes.length > chunkBytesMax) {
      this.#writeOut();
      this.#alone = bytes;
    } else {
      const offset = this.#reserve(bytes.length);
      this.#chunk.set(bytes, offset);
    }
  }

  /**
   * Writes a frame: its length, the bytes from `start` to `end`, and the first of `tail`, copied at
   * once.
   */
  writeFrame(
    bytes: Uint8Array,
    start: number,
    end: number,
    tail: Uint8Array,
    tailBytes: number = tail.length,
  ): void {
    const length = end - start + tailBytes;
    const total = varintLength(length) + length;
    if (total > chunkBytesMax) {
      const frame = Buffer.allocUnsafe(total);
      fillFrame(frame, 0, bytes, start, end, tail, tailBytes);
      return this.write(frame);
    }
    this.#gathers(total);
    const offset = this.#reserve(total);
    fillFrame(this.#chunk, offset, bytes, start, end, tail, tailBytes);
  }

  /** Writes what was gathered. Called once per turn; also before the stream is ended. */
  flush(): void {
    this.#isToBeFlushed = false;
    this.#writeOut();
  }

  #gathers(bytes: number): void {
    this.queuedBytes += bytes;
    if (this.#isToBeFlushed) return;
    this.#isToBeFlushed = true;
    flushSoon(this);
  }

  /** Room for so many bytes, at most `chunkBytesMax`, behind what was gathered: where it begins. */
  #reserve(bytes: number): number {
    const alone = this.#alone;
    if (alone !== null) this.#mingle(alone, bytes);
    if (this.#used + bytes > this.#chunk.length) this.#makeRoom(bytes);
    const offset = this.#used;
    this.#used += bytes;
    return offset;
  }

  /** It is not alone any more. */
  #mingle(alone: Uint8Array, bytes: number): void {
    if (alone.length + bytes > chunkBytesMax) return this.#writeOut();
    this.#alone = null;
    this.#chunk = takeChunk(alone.length + bytes);
    this.#chunk.set(alone);
    this.#used = alone.length;
  }

  #makeRoom(bytes: number): void {
    if (this.#used + bytes > chunkBytesMax) this.#writeOut();
    const chunk = this.#chunk;
    this.#chunk = takeChunk(this.#used + bytes);
    if (chunk.length === 0) return;
    chunk.copy(this.#chunk, 0, 0, this.#used);
    giveBack(chunk);
  }

  #writeOut(): void {
    const stream = this.#stream;
    const alone = this.#alone;
    const chunk = this.#chunk;
    const used = this.#used;
    this.#alone = null;
    this.#chunk = nothing;
    this.#used = 0;
    const bytes = alone ?? chunk.subarray(0, used);
    if (bytes.length === 0) return;
    const waits = stream.writableLength > 0;
    // Behind others it may wait for long: it is not to hold what is larger.
    const written = waits && bytes.buffer.byteLength > 2 * bytes.length ? copyOf(bytes) : bytes;
    if (stream.writable) stream.write(written);
    if (!waits) this.#besideBytes = 0;
    this.#besideBytes += waitingWriteBytes;
    if (chunk.length === 0) return;
    const isFree = written !== bytes || (passesOn(stream) && stream.writableLength === 0);
    if (isFree) giveBack(chunk);
    else this.#besideBytes += chunk.length - used;
  }
}

/** In memory of its own, and no larger. */
function copyOf(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}

function fillFrame(
  target: Buffer,
  offset: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  tail: Uint8Array,
  tailBytes: number,
): void {
  let at = writeVarint(target, end - start + tailBytes, offset);
  // What a socket reads is a Buffer, which copies a part of itself without making a view of it.
  if (bytes instanceof Buffer) bytes.copy(target, at, start, end);
  else target.set(bytes.subarray(start, end), at);
  at += end - start;
  // By hand: this is short, and a native copy takes as long to begin.
  for (let from = 0; from < tailBytes; from++) target[at++] = tail[from] as number;
}

/** Outboxes with something to write, flushed together after the turn's input was handled. */
let waiting: Outbox[] = [];

function flushSoon(outbox: Outbox): void {
  if (waiting.length === 0) setImmediate(flushAll);
  waiting.push(outbox);
}

function flushAll(): void {
  const flushing = waiting;
  waiting = [];
  for (const outbox of flushing) outbox.flush();
}
