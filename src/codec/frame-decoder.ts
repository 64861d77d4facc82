/**
 * Bytes of a stream → frames (varint32 length + that many bytes). Any split of the bytes gives the
 * same frames. Does no I/O and knows no message. After an error the decoder is dead: the stream
 * cannot be trusted any more.
 *
 * Invariant: either `#partial` is null and at most four length bytes are pending in `#length`, or
 * `#filled` bytes of `#partial` are valid, which are fewer than the announced `#expected`. It grows
 * with what comes, so never more than twice that is held, and nothing for a length alone.
 */
import { ProtocolError } from './protocol-error.ts';

/** Held for the beginning of a frame: most are no longer. */
const firstBytes = 4 * 1024;

/**
 * A frame lies in `bytes` from `start` to `end`, and is gone when the call returns. `isPadded`: its
 * length had more bytes than it needs, as protobuf allows and no cim client does.
 */
export type FrameSink = (bytes: Uint8Array, start: number, end: number, isPadded: boolean) => void;

export class FrameDecoder {
  /** Of frames that begin from now on. */
  frameBytesMax: number;
  /** The length read so far, and how many of its bytes. */
  #length = 0;
  #lengthBytes = 0;
  /** Of the frame that was begun last. */
  #isPadded = false;
  #partial: Uint8Array | null = null;
  #filled = 0;
  #expected = 0;
  #isStopped = false;
  #dead = false;

  constructor(frameBytesMax: number) {
    this.frameBytesMax = frameBytesMax;
  }

  /**
   * Feeds bytes and hands over each frame that they complete. A frame that lies whole in `chunk` is
   * told by its place there, not copied, nor is a view of it made. Returns up to where `chunk` was
   * read: all of it, unless `stop` was called meanwhile. Throws ProtocolError on a malformed or
   * oversized length.
   */
  push(chunk: Uint8Array, onFrame: FrameSink): number {
    if (this.#dead) throw new ProtocolError('the stream failed before');
    this.#isStopped = false;
    try {
      let offset = 0;
      while (offset < chunk.length && !this.#isStopped) {
        offset = this.#partial
          ? this.#fill(chunk, offset, onFrame)
          : this.#start(chunk, offset, onFrame);
      }
      return offset;
    } catch (error) {
      this.#dead = true;
      throw error;
    }
  }

  /** For a sink: nothing of what lies behind this frame is read by this `push`. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Whether it holds nothing of what it was given. */
  get isBetweenFrames(): boolean {
    return this.#partial === null && this.#lengthBytes === 0;
  }

  /** Bytes that are held for an unfinished frame. */
  get bufferedBytes(): number {
    return this.#partial?.length ?? 0;
  }

  /** Bytes of it that have come. */
  get receivedBytes(): number {
    return this.#partial === null ? 0 : this.#filled;
  }

  /**
   * Reads length bytes; when the length is complete, hands over the frame or starts collecting it.
   * Returns the next offset.
   */
  #start(chunk: Uint8Array, from: number, onFrame: FrameSink): number {
    let offset = from;
    while (offset < chunk.length) {
      const byte = chunk[offset++] as number;
      // The fifth byte holds bits 28-31 of a signed 32-bit length: anything there makes it negative
      // or over 256 MiB.
      if (this.#lengthBytes === 4 && byte > 0x07)
        throw new ProtocolError('the frame length is malformed');
      this.#length |= (byte & 0x7f) << (7 * this.#lengthBytes);
      this.#lengthBytes += 1;
      if (byte < 0x80) {
        this.#isPadded = byte === 0 && this.#lengthBytes > 1;
        return this.#body(chunk, offset, onFrame);
      }
    }
    return offset;
  }

  #body(chunk: Uint8Array, offset: number, onFrame: FrameSink): number {
    const length = this.#length;
    this.#length = 0;
    this.#lengthBytes = 0;
    if (length > this.frameBytesMax) {
      throw new ProtocolError(
        `a frame of ${length} bytes is over the limit of ${this.frameBytesMax}`,
      );
    }
    if (length <= chunk.length - offset) {
      onFrame(chunk, offset, offset + length, this.#isPadded);
      return offset + length;
    }
    this.#partial = new Uint8Array(Math.min(length, firstBytes));
    this.#filled = 0;
    this.#expected = length;
    return offset;
  }

  #fill(chunk: Uint8Array, offset: number, onFrame: FrameSink): number {
    const part = chunk.subarray(offset, offset + this.#expected - this.#filled);
    const partial = this.#roomFor(this.#filled + part.length);
    partial.set(part, this.#filled);
    this.#filled += part.length;
    if (this.#filled === this.#expected) {
      this.#partial = null;
      onFrame(partial, 0, this.#expected, this.#isPadded);
    }
    return offset + part.length;
  }

  #roomFor(bytes: number): Uint8Array {
    const partial = this.#partial as Uint8Array;
    if (bytes <= partial.length) return partial;
    const grown = new Uint8Array(Math.min(this.#expected, 2 * bytes));
    grown.set(partial.subarray(0, this.#filled));
    this.#partial = grown;
    return grown;
  }
}
