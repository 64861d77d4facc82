/**
 * Decoders for all connections of the process. A connection is lent one for what its socket has
 * given, and keeps it only while it has half a frame: an idle one has none.
 */
import { FrameDecoder } from '../codec/frame-decoder.ts';

/** A frame lies in `bytes` from `start` to `end`, and is gone when the call returns. */
export interface FrameReceiver {
  receiveFrame(bytes: Uint8Array, start: number, end: number): void;
}

/** Of connections that are read from while another one is: one, as a rule. */
const free: FrameReader[] = [];

/**
 * Hands over the frames that end in `chunk`. `halfRead` is what the last call for this connection
 * has returned. Throws ProtocolError, after which nothing of it is to be read any more.
 */
export function readFrames(
  receiver: FrameReceiver,
  halfRead: FrameReader | null,
  chunk: Uint8Array,
  frameBytesMax: number,
): FrameReader | null {
  const reader = halfRead ?? free.pop() ?? new FrameReader();
  if (!reader.read(receiver, chunk, frameBytesMax)) return reader;
  free.push(reader);
  return null;
}

export class FrameReader {
  readonly #decoder = new FrameDecoder(0);
  #receiver: FrameReceiver | null = null;
  readonly #onFrame = (bytes: Uint8Array, start: number, end: number): void =>
    this.#receiver?.receiveFrame(bytes, start, end);

  /** Whether `chunk` ended with a frame. */
  read(receiver: FrameReceiver, chunk: Uint8Array, frameBytesMax: number): boolean {
    this.#receiver = receiver;
    this.#decoder.frameBytesMax = frameBytesMax;
    this.#decoder.push(chunk, this.#onFrame);
    this.#receiver = null;
    return this.#decoder.isBetweenFrames;
  }
}
