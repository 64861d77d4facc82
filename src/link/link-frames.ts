/**
 * Bytes on a link between roles: uint32 length (of what follows), uint32 call, uint8 method,
 * payload; big-endian. An answer carries the call and method of what it answers. Pure; both ends
 * trust each other (the cluster secret was checked when the link was opened), so a malformed frame
 * ends the link.
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

export type OnLinkFrame = (call: number, method: number, payload: Uint8Array) => void;

/**
 * Any split of the bytes gives the same frames. A payload is a view, valid as long as the chunk
 * that was pushed.
 */
export class LinkDecoder {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer, onFrame: OnLinkFrame): void {
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (data.length >= headerBytes) {
      const length = data.readUInt32BE(0);
      if (length < headerBytes - 4 || length > limits.linkEntryBytesMax) {
        throw new RangeError(`a link frame of ${length} bytes`);
      }
      const end = 4 + length;
      if (data.length < end) break;
      onFrame(data.readUInt32BE(4), data[8] as number, data.subarray(headerBytes, end));
      data = data.subarray(end);
    }
    this.#rest = data;
  }
}
