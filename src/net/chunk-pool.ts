/**
 * Buffers that outboxes gather in and give back at the end of a turn, so that writing makes no
 * garbage and an idle connection holds none. A few sizes: a connection that is told one message
 * does not take what one with a thousand needs.
 */
const sizes = [2 * 1024, 16 * 1024, 64 * 1024] as const;

/** The largest that can be had. */
export const chunkBytesMax = 64 * 1024;

/** Kept of each size, in bytes: what many connections need in one turn. */
const keptBytesMax = 4 * 1024 * 1024;

const free: Buffer[][] = sizes.map(() => []);

/** A buffer of `bytes` or more, at most `chunkBytesMax`. What is in it is left from before. */
export function takeChunk(bytes: number): Buffer {
  const index = indexOf(bytes);
  return free[index]?.pop() ?? Buffer.allocUnsafeSlow(sizes[index] as number);
}

/** Nobody holds on to it any more. */
export function giveBack(chunk: Buffer): void {
  const kept = free[indexOf(chunk.length)] as Buffer[];
  if (kept.length * chunk.length < keptBytesMax) kept.push(chunk);
}

function indexOf(bytes: number): number {
  if (bytes <= sizes[0]) return 0;
  return bytes <= sizes[1] ? 1 : 2;
}
