/**
 * The server with the fewest connections. Servers report every few seconds, and a crowd that logs
 * in between two reports must not all go to the one that was emptiest in the last: what was chosen
 * here since a server's figure last changed is counted with it.
 */
import type { Strategy } from './strategy.ts';

interface Load {
  readonly reported: number;
  chosen: number;
}

export function leastConnections(): Strategy {
  let loads = new Map<string, Load>();
  return (candidates) => {
    const current = new Map<string, Load>();
    let least = candidates[0] as (typeof candidates)[number];
    let leastLoad: Load | undefined;
    for (const candidate of candidates) {
      const { key, connections } = candidate;
      const known = loads.get(key);
      const load = known?.reported === connections ? known : { reported: connections, chosen: 0 };
      current.set(key, load);
      if (leastLoad === undefined || total(load) < total(leastLoad)) {
        least = candidate;
        leastLoad = load;
      }
    }
    if (leastLoad) leastLoad.chosen += 1;
    loads = current;
    return least;
  };
}

function total({ reported, chosen }: Load): number {
  return reported + chosen;
}
