/** What a server counts. */
import type { Counter, Counters } from '../base/counters.ts';
import { type CloseName, closeCodes } from '../codec/close-codes.ts';

export interface ServerCounters {
  /** Connections that the server closed, by reason; `other`: with a code that a route gave. */
  readonly closed: Readonly<Record<CloseName | 'other', Counter>>;
}

export function createServerCounters(counters: Counters): ServerCounters {
  const closed = (name: string, meaning: string) =>
    counters.add(`connections.closed.${name}`, `connections closed: ${meaning}`);
  const byName = Object.entries(closeCodes).map(([name, { meaning }]) => [
    name,
    closed(name, meaning),
  ]);
  return {
    closed: {
      ...(Object.fromEntries(byName) as Record<CloseName, Counter>),
      other: closed('other', 'with a code that a route gave'),
    },
  };
}
