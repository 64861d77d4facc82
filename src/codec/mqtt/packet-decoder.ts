/**
 * Bytes of a stream → MQTT packets, each whole with its fixed header (MQTT 5.0, section 2.1). Any split
 * of the bytes gives the same packets. What is in a packet is for packets.ts. Does no I/O. After an error
 * the decoder is dead: the stream cannot be trusted any more.
 */
import { limits } from '../../base/limits.ts';
import type { FrameSink } from '../frame-decoder.ts';
import { ProtocolError } from '../protocol-error.ts';

/** A type, and a length of one to four bytes. */
const headerBytesMax = 5;
/** Held for the beginning of a packet: most are no longer. */
const firstBytes = 1024;
const publishType = 3;

export class MqttPacketDecoder {
  /** Of packets that begin from now on, without their headers. */
  frameBytesMax: number;
  /** The header as far as it has come. */
  readonly #header = new Uint8Array(headerBytesMax);
  #headerBytes = 0;
  /** A packet that has come in part, its header included; it grows with what comes. */
  #partial: Uint8Array | null = null;
  #filled = 0;
  #expected = 0;
  #isStopped = false;
  #dead = false;

  constructor(frameBytesMax: number) {
    this.frameBytesMax = frameBytesMax;
  }

  /** As `FrameDecoder.push`. Throws ProtocolError on a length that is malformed or too long. */
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

  /** For a sink: nothing of what lies behind this packet is read by this `push`. */
  stop(): void {
    this.#isStopped = true;
  }

  get isBetweenFrames(): boolean {
    return this.#partial === null && this.#headerBytes === 0;
  }

  get bufferedBytes(): number {
    return this.#partial?.length ?? 0;
  }

  get receivedBytes(): number {
    return this.#partial === null ? 0 : this.#filled;
  }

  #start(chunk: Uint8Array, from: number, onFrame: FrameSink): number {
    let offset = from;
    while (offset < chunk.length) {
      const byte = chunk[offset++] as number;
      this.#header[this.#headerBytes++] = byte;
      if (this.#headerBytes === 1) continue;
      if (byte < 0x80) return this.#body(chunk, offset, onFrame);
      if (this.#headerBytes === headerBytesMax)
        throw new ProtocolError('the length of a packet is malformed');
    }
    return offset;
  }

  #body(chunk: Uint8Array, offset: number, onFrame: FrameSink): number {
    const headerBytes = this.#headerBytes;
    this.#headerBytes = 0;
    const length = this.#length(headerBytes);
    const isPublish = (this.#header[0] as number) >> 4 === publishType;
    const bytesMax = isPublish
      ? this.frameBytesMax
      : Math.min(this.frameBytesMax, limits.mqttControlBytesMax);
    if (length > bytesMax)
      throw new ProtocolError(`a packet of ${length} bytes is over the limit of ${bytesMax}`);
    // Else a part of the header has come before, in another chunk.
    const isHeaderHere = offset >= headerBytes;
    if (isHeaderHere && length <= chunk.length - offset) {
      onFrame(chunk, offset - headerBytes, offset + length, false);
      return offset + length;
    }
    this.#expected = headerBytes + length;
    this.#partial = new Uint8Array(Math.min(this.#expected, firstBytes));
    this.#partial.set(this.#header.subarray(0, headerBytes));
    this.#filled = headerBytes;
    return this.#filled === this.#expected ? this.#fill(chunk, offset, onFrame) : offset;
  }

  #length(headerBytes: number): number {
    let length = 0;
    for (let index = headerBytes - 1; index >= 1; index--)
      length = length * 128 + ((this.#header[index] as number) & 0x7f);
    return length;
  }

  #fill(chunk: Uint8Array, offset: number, onFrame: FrameSink): number {
    const part = chunk.subarray(offset, offset + this.#expected - this.#filled);
    const partial = this.#roomFor(this.#filled + part.length);
    partial.set(part, this.#filled);
    this.#filled += part.length;
    if (this.#filled === this.#expected) {
      this.#partial = null;
      onFrame(partial, 0, this.#expected, false);
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
