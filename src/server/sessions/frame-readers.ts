/**
 * Decoders for all connections of a listener. A connection is lent one for what its socket has
 * given, and keeps it only while it has half a frame: an idle one has none.
 */
import { limits } from '../../base/limits.ts';
import type { FrameDecoder, FrameSink } from '../../codec/frame-decoder.ts';

export interface FrameReceiver {
  readonly receiveFrame: FrameSink;
  /** Whether it takes no more for now; looked at after each frame. */
  readonly isSated: boolean;
  /** What it is to be given again, before what comes after it. */
  putBack(rest: Uint8Array): void;
}

/** Bytes → frames of one connection. */
export type Decoder = Pick<
  FrameDecoder,
  'push' | 'stop' | 'frameBytesMax' | 'isBetweenFrames' | 'bufferedBytes' | 'receivedBytes'
>;

export class FrameReaders {
  readonly #createDecoder: () => Decoder;
  /** Of connections that are read from while another one is: one, as a rule. */
  readonly #free: FrameReader[] = [];

  constructor(createDecoder: () => Decoder) {
    this.#createDecoder = createDecoder;
  }

  /**
   * Hands over the frames that end in `chunk`, or as many as the receiver takes. `halfRead` is what
   * the last call for this connection has returned; `now` is monotonic. Throws ProtocolError, after
   * which nothing of it is to be read any more.
   */
  read(
    receiver: FrameReceiver,
    halfRead: FrameReader | null,
    chunk: Uint8Array,
    frameBytesMax: number,
    now: number,
  ): FrameReader | null {
    const reader = halfRead ?? this.#free.pop() ?? new FrameReader(this.#createDecoder());
    if (!reader.read(receiver, chunk, frameBytesMax, now)) return reader;
    this.#free.push(reader);
    return null;
  }
}

export class FrameReader {
  readonly #decoder: Decoder;
  #receiver: FrameReceiver | null = null;
  /** When the frame that is half read began. */
  #beganAt = 0;
  /** Whether what is half read began in the last chunk. */
  #isNew = true;
  readonly #onFrame: FrameSink = (bytes, start, end, isPadded) => {
    this.#isNew = true;
    const receiver = this.#receiver as FrameReceiver;
    receiver.receiveFrame(bytes, start, end, isPadded);
    if (receiver.isSated) this.#decoder.stop();
  };

  constructor(decoder: Decoder) {
    this.#decoder = decoder;
  }

  /** Whether what was read of `chunk` ended with a frame. */
  read(receiver: FrameReceiver, chunk: Uint8Array, frameBytesMax: number, now: number): boolean {
    this.#receiver = receiver;
    this.#isNew = this.#decoder.isBetweenFrames;
    this.#decoder.frameBytesMax = frameBytesMax;
    const end = this.#decoder.push(chunk, this.#onFrame);
    this.#receiver = null;
    if (end < chunk.length) receiver.putBack(chunk.subarray(end));
    if (this.#isNew) this.#beganAt = now;
    return this.#decoder.isBetweenFrames;
  }

  get beganAt(): number {
    return this.#beganAt;
  }

  get heldBytes(): number {
    return limits.halfReadOverheadBytes + this.#decoder.bufferedBytes;
  }

  /** Whether the frame has come more slowly than it may. */
  isOverdue(now: number): boolean {
    const grantedMs = (this.#decoder.receivedBytes * 1_000) / limits.bytesPerSecondMin;
    return now - this.#beganAt > limits.frameMsMax + grantedMs;
  }

  /** The time until now was ours. */
  restart(now: number): void {
    this.#beganAt = now;
  }
}
