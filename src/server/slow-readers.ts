/** Whether clients that read too slowly are more than a few: some phone on a bad network always does. */
import type { Clock } from '../base/clock.ts';
import type { Detail } from '../base/process/health.ts';

export interface SlowReadersOptions {
  /** Connections that caught up again or were ended, since the start. */
  readonly slow: () => number;
  /** Connections that are behind as it is. */
  readonly behindNow: () => number;
  readonly connections: () => number;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** They count for so long. */
const countMs = 60_000;
/** More than one of so many connections is slow. */
const oneOf = 100;
/** What comes within this is counted at once, so that there are not many times to remember. */
const togetherMs = 1_000;

export function slowReaders({
  slow,
  behindNow,
  connections,
  clock,
}: SlowReadersOptions): () => Detail {
  const times: { at: number; count: number }[] = [];
  let known = slow();
  return () => {
    const now = clock.monotonic();
    const count = slow() - known;
    known += count;
    const last = times.at(-1);
    if (last && now - last.at < togetherMs) last.count += count;
    else if (count > 0) times.push({ at: now, count });
    while (times[0] && now - times[0].at > countMs) times.shift();
    const all = times.reduce((sum, each) => sum + each.count, behindNow());
    return all > 0 && all * oneOf >= connections() ? '' : null;
  };
}
