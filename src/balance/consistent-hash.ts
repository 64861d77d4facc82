/**
 * The ring of the Java system's TreeMapConsistentHash: the same user comes to the same server
 * on every route, and when a server comes or goes only the users of its arcs move. Three points per
 * server are few, so the arcs are uneven; more would send everybody elsewhere than the Java system
 * does.
 */
import { createHash } from 'node:crypto';
import type { Candidate, Strategy } from './strategy.ts';

interface Ring {
  readonly keys: readonly string[];
  /** Ascending, each with the index of its key. */
  readonly points: readonly { readonly hash: number; readonly index: number }[];
}

export function consistentHash(): Strategy {
  // Thousands of logins see the same list, so the last ring is kept; it follows from the keys
  // alone.
  let ring: Ring = { keys: [], points: [] };
  return (candidates, userId) => {
    if (!isRingOf(ring, candidates)) ring = buildRing(candidates.map(({ key }) => key));
    return candidates[owner(ring, hash(userId))] as (typeof candidates)[number];
  };
}

/** MD5 of the UTF-8 text; its first four bytes, little-endian. */
export function hash(text: string): number {
  return createHash('md5').update(text).digest().readUInt32LE(0);
}

function isRingOf({ keys }: Ring, candidates: readonly Candidate[]): boolean {
  return (
    keys.length === candidates.length && keys.every((key, index) => key === candidates[index]?.key)
  );
}

function buildRing(keys: readonly string[]): Ring {
  const indexByHash = new Map<number, number>();
  for (const [index, key] of keys.entries()) {
    const own = hash(key);
    // Where two points fall together the later one counts, as in the Java system's map.
    for (const point of [hash(`vir${own}0`), hash(`vir${own}1`), own])
      indexByHash.set(point, index);
  }
  const points = [...indexByHash].map(([hash, index]) => ({ hash, index }));
  return { keys, points: points.sort((a, b) => a.hash - b.hash) };
}

/**
 * The index behind the first point at or after the hash; past the last point the ring begins again.
 */
function owner({ points }: Ring, hash: number): number {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((points[middle]?.hash ?? 0) < hash) low = middle + 1;
    else high = middle;
  }
  return points[low % points.length]?.index ?? 0;
}
