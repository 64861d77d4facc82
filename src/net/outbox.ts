/**
 * What is to be written to one stream: gathered, and written once per turn of the event loop, since
 * a system call costs more than the messages in it. Bounded by its owner, who watches
 * `bufferedBytes`. Holds nothing while idle.
 */
import type { Writable } from 'node:stream';

export class Outbox {
  readonly #stream: Writable;
  /** Null while there is nothing to write, which is most of the time for most connections. */
  #chunks: Uint8Array[] | null = null;
  #bytes = 0;
  /** All that was ever written here, also what was dropped because the stream had ended. */
  queuedBytes = 0;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** Bytes that the peer has not taken: gathered here, or waiting in the stream. */
  get bufferedBytes(): number {
    return this.#bytes + this.#stream.writableLength;
  }

  write(chunk: Uint8Array): void {
    if (this.#chunks === null) {
      this.#chunks = [];
      flushSoon(this);
    }
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.queuedBytes += chunk.length;
  }

  /** Writes what was gathered. Called once per turn; also before the stream is ended. */
  flush(): void {
    const chunks = this.#chunks;
    if (chunks === null) return;
    const bytes = this.#bytes;
    this.#chunks = null;
    this.#bytes = 0;
    if (!this.#stream.writable) return;
    // One copy into one buffer is cheaper than a writev of many small ones.
    this.#stream.write(
      chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks, bytes),
    );
  }
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
