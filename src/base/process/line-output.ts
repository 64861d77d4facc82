/**
 * Lines to a descriptor that may be full, closed or slow: `cim dev 2>/dev/full`, a log disk without
 * room, a reader that was stopped. Writing never waits: lines are gathered up to a bound, and those
 * that cannot leave are dropped and counted.
 */
import { constants, fstatSync, openSync, type Stats, write, writeSync } from 'node:fs';
import { limits } from '../limits.ts';

/** A pipe or terminal that takes nothing is asked again after this long. */
const retryMs = 50;
/** So much goes into one write. */
const chunkBytesMax = 64 * 1024;
/** What waits when the process ends is given this long to leave. */
const lastMsMax = 500;

const none = Buffer.alloc(0);
const lineEnd = '\n'.charCodeAt(0);

interface Line {
  readonly text: string;
  readonly bytes: number;
}

export class LineOutput {
  readonly #descriptor: number;
  readonly #tellDropped: (lines: number) => void;
  readonly #waiting: Line[] = [];
  #waitingBytes = 0;
  #isWriting = false;
  #dropped = 0;
  #told = 0;
  /** What is written again in a moment. */
  #stuck: Buffer = none;
  /** The last line that was written lacks its end. */
  #isCut = false;

  /**
   * Of this descriptor, which stays open. What waits when the process ends is written then.
   * `tellDropped`: lines can be written again; so many could not, since it was called last.
   */
  constructor(descriptor: number, tellDropped: (lines: number) => void) {
    this.#tellDropped = tellDropped;
    this.#descriptor = withoutWaiting(descriptor);
    process.once('exit', () => this.#writeLast());
  }

  /** Lines that could not be written, ever. */
  get dropped(): number {
    return this.#dropped;
  }

  /** With its line end. */
  write(text: string): void {
    const bytes = Buffer.byteLength(text);
    if (this.#waitingBytes + bytes > limits.logWaitingBytesMax) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push({ text, bytes });
    this.#waitingBytes += bytes;
    if (!this.#isWriting) this.#writeNext();
  }

  #writeNext(): void {
    const lines = this.#takeChunk();
    if (lines.length === 0) return;
    this.#isWriting = true;
    // What comes first is a line of its own, and not the end of one that was cut.
    const texts = [this.#isCut ? '\n' : '', ...lines.map(({ text }) => text)];
    this.#writeOut(Buffer.from(texts.join('')), lines);
  }

  #writeOut(bytes: Buffer, lines: readonly Line[]): void {
    this.#stuck = none;
    write(this.#descriptor, bytes, (error, written) => {
      if (isFull(error)) {
        this.#stuck = bytes;
        setTimeout(() => this.#writeOut(bytes, lines), retryMs).unref();
      } else if (!error && written < bytes.length) {
        this.#isCut = bytes[written - 1] !== lineEnd;
        this.#writeOut(bytes.subarray(written), lines);
      } else {
        this.#written(lines, error ? Math.min(lines.length, lineEndsIn(bytes)) : 0);
      }
    });
  }

  /** The last `lost` of them were not, or not as a whole. */
  #written(lines: readonly Line[], lost: number): void {
    for (const { bytes } of lines) this.#waitingBytes -= bytes;
    this.#isWriting = false;
    this.#dropped += lost;
    if (lost === 0) {
      this.#isCut = false;
      this.#tellOfDropped();
    }
    if (!this.#isWriting) this.#writeNext();
  }

  #tellOfDropped(): void {
    const lines = this.#dropped - this.#told;
    if (lines === 0) return;
    this.#told = this.#dropped;
    this.#tellDropped(lines);
  }

  /** They count as waiting until they are written. */
  #takeChunk(): Line[] {
    let bytes = 0;
    let count = 0;
    for (const line of this.#waiting) {
      if (count > 0 && bytes + line.bytes > chunkBytesMax) break;
      bytes += line.bytes;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  /** Nothing happens after it, so it waits; for a moment only. */
  #writeLast(): void {
    const endMs = performance.now() + lastMsMax;
    const waiting = Buffer.from(this.#waiting.map(({ text }) => text).join(''));
    let bytes = Buffer.concat([this.#stuck, waiting]);
    while (bytes.length > 0) {
      try {
        bytes = bytes.subarray(writeSync(this.#descriptor, bytes));
      } catch (error) {
        if (!isFull(error) || performance.now() > endMs) return;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs);
      }
    }
  }
}

/**
 * The same pipe or terminal, opened once more: whoever shares the first one goes on waiting if they
 * like. A thread that waits for a reader would even hold up the end of the process. A file never
 * says that it is full; a socket is set by Node.js itself, for its own stream.
 */
function withoutWaiting(descriptor: number): number {
  const kind = fstatSync(descriptor);
  if (!isOpenedAgain(kind)) return kind.isSocket() ? process.stderr.fd : descriptor;
  try {
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
    return openSync(`/proc/self/fd/${descriptor}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    // No /proc, or a terminal of another user.
    return process.stderr.fd;
  }
}

function isOpenedAgain(kind: Stats): boolean {
  return kind.isFIFO() || kind.isCharacterDevice();
}

function lineEndsIn(bytes: Buffer): number {
  return bytes.toString('latin1').split('\n').length - 1;
}

function isFull(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === 'EAGAIN';
}
