/**
 * The messages of one row. A single one is stored as it is; several are each preceded by their
 * length as a varint. Bodies that are unpacked share the memory of the row.
 */
import { VarintReader, varintLength, writeVarint } from '../../codec/varint.ts';

/**
 * Up to this many bytes of messages share a row: reading one of them reads the row. A larger
 * message has one to itself.
 */
export const blockBytesMax = 16 * 1024;

/** Divides what a batch adds to a timeline into rows. */
export function divideIntoBlocks(bodies: readonly Uint8Array[]): Uint8Array[][] {
  const blocks: Uint8Array[][] = [];
  let block: Uint8Array[] = [];
  let bytes = 0;
  for (const body of bodies) {
    if (block.length === 0 || bytes + body.length > blockBytesMax) {
      block = [];
      bytes = 0;
      blocks.push(block);
    }
    block.push(body);
    bytes += body.length;
  }
  return blocks;
}

export function packBlock(bodies: readonly Uint8Array[]): Uint8Array {
  const [single] = bodies;
  if (bodies.length === 1 && single) return single;
  let length = 0;
  for (const body of bodies) length += varintLength(body.length) + body.length;
  const block = new Uint8Array(length);
  let offset = 0;
  for (const body of bodies) {
    offset = writeVarint(block, body.length, offset);
    block.set(body, offset);
    offset += body.length;
  }
  return block;
}

export function unpackBlock(block: Uint8Array, count: number): Uint8Array[] {
  if (count === 1) return [block];
  const reader = new VarintReader(block);
  return Array.from({ length: count }, () => {
    const length = reader.next();
    const start = reader.skip(length);
    return block.subarray(start, start + length);
  });
}
