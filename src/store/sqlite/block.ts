/** Rows of messages: each is a run (src/codec/run.ts), of all that one batch adds to a timeline. */
import type { Run } from '../../codec/run.ts';
import { VarintReader } from '../../codec/varint.ts';

/**
 * Up to this many bytes of messages share a row: reading one of them reads the row. A larger
 * message has one to itself.
 */
export const blockBytesMax = 16 * 1024;

/** Joins runs to as few rows as may be, in their order. */
export function joinIntoBlocks(runs: readonly Run[]): Run[] {
  const blocks: Run[] = [];
  let joined: Run[] = [];
  let bytes = 0;
  const close = () => {
    if (joined.length > 0) blocks.push(join(joined, bytes));
    joined = [];
    bytes = 0;
  };
  for (const run of runs) {
    const parts = run.bodies.length > blockBytesMax ? divide(run) : [run];
    for (const part of parts) {
      if (bytes + part.bodies.length > blockBytesMax) close();
      joined.push(part);
      bytes += part.bodies.length;
    }
  }
  close();
  return blocks;
}

function join(runs: readonly Run[], bytes: number): Run {
  const [first] = runs;
  if (first && runs.length === 1) return first;
  const bodies = new Uint8Array(bytes);
  let [count, offset] = [0, 0];
  for (const run of runs) {
    bodies.set(run.bodies, offset);
    offset += run.bodies.length;
    count += run.count;
  }
  return { count, bodies };
}

/** One that is too long for a row, as several. */
function divide({ bodies }: Run): Run[] {
  const parts: Run[] = [];
  const reader = new VarintReader(bodies);
  let [start, count] = [0, 0];
  const cut = (end: number) => {
    parts.push({ count, bodies: bodies.subarray(start, end) });
    start = end;
    count = 0;
  };
  while (!reader.done) {
    const begin = reader.offset;
    reader.skip(reader.next());
    if (reader.offset - start > blockBytesMax && count > 0) cut(begin);
    count += 1;
  }
  cut(reader.offset);
  return parts;
}
