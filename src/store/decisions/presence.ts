/** Who is told of a user's coming and going. Pure; look-presence.lua says the same in Redis. */
import { limits } from '../../base/limits.ts';
import type { Observer } from '../presence.ts';

export interface ObserverLease extends Observer {
  /** ms since 1970 */
  readonly until: number;
}

export const noLeases: readonly ObserverLease[] = [];

/** With a lease for this server, from now on, if there is room; without those that have ended. */
export function leased(
  leases: readonly ObserverLease[],
  { instance, address }: Observer,
  { now, leaseMs }: { readonly now: number; readonly leaseMs: number },
): readonly ObserverLease[] {
  const kept = lasting(leases, now).filter((lease) => lease.instance !== instance);
  if (kept.length >= limits.observersPerUserMax) return kept;
  return [...kept, { instance, address, until: now + leaseMs }];
}

export function lasting(leases: readonly ObserverLease[], now: number): readonly ObserverLease[] {
  return leases.filter(({ until }) => until > now);
}
