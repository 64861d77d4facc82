/**
 * Why Redis refuses, in words that strangers may read. It answers, so it is there: all who use it are
 * refused alike. What it says of this connection alone (a replica behind it, a wrong password) is no
 * refusal but a problem of the connection (redis-link.ts).
 */
import { codeOf } from './redis-errors.ts';

/** Of a node that is away its cluster says the same, or (cluster-require-full-coverage no) nobody anything. */
const unserved = 'not all slots of its cluster are served';

const reasons: Readonly<Record<string, string>> = {
  OOM: 'its memory is full (maxmemory)',
  MISCONF: 'it cannot write to its disk (MISCONF): is that full?',
  NOREPLICAS: 'it has fewer replicas than min-replicas-to-write asks for',
  NOPERM: 'its user may not do what cim does (ACL, docs/guides/redis.md)',
  CLUSTERDOWN: unserved,
  BUSY: 'it is held up by a script',
  UNKILLABLE: 'it is held up by a script',
  LOADING: 'it is loading its data',
};

/** Of a cluster of which other nodes answer. */
export const partIsAway = told(unserved);

/** Null for an error that is no refusal of all. */
export function refusalOf(error: unknown): string | null {
  const reason = reasons[codeOf(error) ?? ''];
  return reason === undefined ? null : told(reason);
}

function told(reason: string): string {
  return `Redis: ${reason}`;
}
