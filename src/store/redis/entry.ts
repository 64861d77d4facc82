/** A run of messages as one value of a stream entry: each body preceded by its length as a varint. The scripts walk the same form. */
import { VarintReader, varintLength, writeVarint } from '../../codec/varint.ts';

export function encodeEntry(bodies: readonly Uint8Array[]): Buffer {
  let length = 0;
  for (const body of bodies) length += varintLength(body.length) + body.length;
  const entry = Buffer.allocUnsafe(length);
  let offset = 0;
  for (const body of bodies) {
    offset = writeVarint(entry, body.length, offset);
    entry.set(body, offset);
    offset += body.length;
  }
  return entry;
}

/** The bodies share the memory of the entry. */
export function decodeEntry(entry: Uint8Array): Uint8Array[] {
  const bodies: Uint8Array[] = [];
  const reader = new VarintReader(entry);
  while (!reader.done) {
    const length = reader.next();
    const start = reader.skip(length);
    bodies.push(entry.subarray(start, start + length));
  }
  return bodies;
}
