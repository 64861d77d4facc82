/**
 * The strategies by the name that `--strategy` gives them. Each use makes one of its own: what it
 * remembers belongs to that route.
 */
import { consistentHash } from './consistent-hash.ts';
import { leastConnections } from './least-connections.ts';
import type { Strategy } from './strategy.ts';

export const strategies = {
  'consistent-hash': consistentHash,
  'round-robin': roundRobin,
  random: () => uniform(Math.random),
  'least-connections': leastConnections,
} as const satisfies Record<string, () => Strategy>;

/** In turn, beginning with the second, as the Java system's LoopHandle. */
function roundRobin(): Strategy {
  let turn = 0;
  return (candidates) => {
    turn += 1;
    return candidates[turn % candidates.length] as (typeof candidates)[number];
  };
}

/** `random`: uniform in [0, 1). */
export function uniform(random: () => number): Strategy {
  return (candidates) =>
    candidates[Math.floor(random() * candidates.length)] as (typeof candidates)[number];
}
