/**
 * The number of what comes next, where numbers must never be given twice: above the last one, and not
 * below the time (µs since 1970), so that it is above those that a failover has lost, too.
 */
export function nextNumber(last: number, nowMs: number): number {
  return Math.max(last + 1, nowMs * 1_000);
}
