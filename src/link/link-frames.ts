/**
 * Bytes on a link between roles: uint32 length (of what follows), uint32 call, uint8 method,
 * payload; big-endian. An answer carries the call and method of what it answers. Pure; both ends
 * trust each other (the cluster secret was checked when the link was opened), so a frame of
 * an impossible length ends the link: where the next one begins nobody knows. What is in a frame
 * concerns its entry alone.
 */
import { limits } from '../base/limits.ts';

const headerBytes = 9;

export function encodeLinkFrame(call: number, method: number, payload: Uint8Array): Uint8Array {
  const frame = Buffer.allocUnsafe(headerBytes + payload.length);
  frame.writeUInt32BE(headerBytes - 4 + payload.length, 0);
  frame.writeUInt32BE(call, 4);
  frame[8] = method;
  frame.set(payload, headerBytes);
  return frame;
}

/** Of no call: its host is at work on what it was asked. */
export const atWork = encodeLinkFrame(0, 0, new Uint8Array());

export type OnLinkFrame = (call: number, method: number, payload: Uint8Array) => void;

/**
 * Any split of the bytes gives the same frames. A payload is a view, valid as long as the chunk
 * that was pushed. What comes of a long frame is put together once, when all of it is there.
 */
export class LinkDecoder {
  #pieces: Buffer[] = [];
  #heldBytes = 0;
  /** Of a frame, or of the beginning that tells its length. */
  #wantedBytes = headerBytes;

  push(chunk: Buffer, onFrame: OnLinkFrame): void {
    this.#pieces.push(chunk);
    this.#heldBytes += chunk.length;
    if (this.#heldBytes < this.#wantedBytes) return;
    let data = this.#pieces.length === 1 ? chunk : Buffer.concat(this.#pieces, this.#heldBytes);
    this.#wantedBytes = headerBytes;
    while (data.length >= headerBytes) {
      const length = data.readUInt32BE(0);
      if (length < headerBytes - 4 || length > limits.linkEntryBytesMax) {
        throw new RangeError(`a link frame of ${length} bytes`);
      }
      const end = 4 + length;
      if (data.length < end) {
        this.#wantedBytes = end;
        break;
      }
      onFrame(data.readUInt32BE(4), data[8] as number, data.subarray(headerBytes, end));
      data = data.subarray(end);
    }
    this.#pieces = data.length === 0 ? [] : [data];
    this.#heldBytes = data.length;
  }
}
