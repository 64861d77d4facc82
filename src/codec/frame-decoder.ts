/**
 * Bytes of a stream → frames (varint32 length + that many bytes). Any split of the bytes gives the
 * same frames. Does no I/O and knows no message. After an error the decoder is dead: the stream
 * cannot be trusted any more.
 *
 * Invariant: either `#partial` is null and at most four length bytes are pending in `#length`, or
 * `#partial` has exactly the announced size and `#filled` bytes of it are valid. So never more than
 * one frame of `frameBytesMax` is held, and nothing is allocated for a refused length.
 */
import { ProtocolError } from './protocol-error.ts';

/** A frame lies in `bytes` from `start` to `end`, and is gone when the call returns. */
export type FrameSink = (bytes: Uint8Array, start: number, end: number) => void;

export class FrameDecoder {
  /** Of frames that begin from now on. */
  frameBytesMax: number;
  /** The length read so far, and how many of its bytes. */
  #length = 0;
  #lengthBytes = 0;
  #partial: Uint8Array | null = null;
  #filled = 0;
  #dead = false;

  constructor(frameBytesMax: number) {
    this.frameBytesMax = frameBytesMax;
  }

  /**
   * Feeds bytes and hands over each frame that they complete. A frame that lies whole in `chunk` is
   * told by its place there, not copied, nor is a view of it made. Throws ProtocolError on a
   * malformed or oversized length.
   */
  push(chunk: Uint8Array, onFrame: FrameSink): void {
    if (this.#dead) throw new ProtocolError('the stream failed before');
    try {
      let offset = 0;
      while (offset < chunk.length) {
        offset = this.#partial
          ? this.#fill(chunk, offset, onFrame)
          : this.#start(chunk, offset, onFrame);
      }
    } catch (error) {
      this.#dead = true;
      throw error;
    }
  }

  /** Whether it holds nothing of what it was given. */
  get isBetweenFrames(): boolean {
    return this.#partial === null && this.#lengthBytes === 0;
  }

  /** Bytes of an unfinished frame that are held. */
  get bufferedBytes(): number {
    return this.#partial?.length ?? 0;
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
      if (byte < 0x80) return this.#body(chunk, offset, onFrame);
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
      onFrame(chunk, offset, offset + length);
      return offset + length;
    }
    this.#partial = new Uint8Array(length);
    this.#filled = 0;
    return offset;
  }

  #fill(chunk: Uint8Array, offset: number, onFrame: FrameSink): number {
    const partial = this.#partial as Uint8Array;
    const part = chunk.subarray(offset, offset + partial.length - this.#filled);
    partial.set(part, this.#filled);
    this.#filled += part.length;
    if (this.#filled === partial.length) {
      this.#partial = null;
      onFrame(partial, 0, partial.length);
    }
    return offset + part.length;
  }
}
