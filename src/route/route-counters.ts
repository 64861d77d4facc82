/** What a route counts. */
import type { Counter, Counters } from '../base/counters.ts';

export interface RouteCounters {
  /** Messages that are not stored. */
  readonly transient: {
    readonly taken: Counter;
    readonly pushed: Counter;
    readonly toNobody: Counter;
    readonly refused: Counter;
    readonly droppedAsTooMany: Counter;
    readonly droppedByStore: Counter;
    readonly droppedOnTheWay: Counter;
  };
}

export function createRouteCounters(counters: Counters): RouteCounters {
  const transient = (name: string, description: string) =>
    counters.add(`transient.${name}`, `transient messages ${description}`);
  return {
    transient: {
      taken: transient('taken', 'that were looked at'),
      pushed: transient('pushed', 'handed on, each server counted'),
      toNobody: transient('to-nobody', 'for whom nobody was connected'),
      refused: transient('refused', 'that are too long, or to a group that is not the sender’s'),
      droppedAsTooMany: transient('dropped.many', 'dropped as too many waited before them'),
      droppedByStore: transient('dropped.store', 'dropped as the store did not say who is there'),
      droppedOnTheWay: transient('dropped.way', 'dropped as a server did not take them in time'),
    },
  };
}
