/** How a server reaches routes: one link to each, dialled at its HTTP port. */

import { type RouteApi, routeMethods } from '../../api/route-api.ts';
import type { Clock } from '../../base/clock.ts';
import { describeError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { TlsDialling } from '../../base/network/tls.ts';
import type { Bugs } from '../../base/process/bugs.ts';
import type { ClusterKey } from '../../base/secrets/cluster-key.ts';
import { dialUpgrade } from '../../http/upgrade.ts';
import type { ProcessBudget } from '../../limits/process-budget.ts';
import { RemotePeer } from '../../link/remote-peer.ts';
import type { RoutePeer } from './route-pool.ts';

export interface RouteLinksOptions {
  /** Undefined until the roles have agreed on a secret. */
  readonly clusterKey: () => ClusterKey | undefined;
  /** How the certificates of routes are checked, and what is shown to them. */
  readonly tls: TlsDialling;
  readonly clock: Clock;
  /** Of the process. */
  readonly budget: ProcessBudget;
  readonly bugs: Pick<Bugs, 'caught'>;
  readonly log: Logger;
}

/** Returns what connects to the route at a base URL. */
export function routeLinks({
  clusterKey,
  tls,
  clock,
  budget,
  bugs,
  log,
}: RouteLinksOptions): (origin: string) => RoutePeer {
  return (origin) =>
    new RemotePeer<RouteApi>(routeMethods, {
      dial: () => dialUpgrade({ origin, role: 'route', key: clusterKey(), tls }),
      clock,
      budget,
      bugs,
      onDown: (reason) =>
        log.warn({ route: origin, error: describeError(reason) }, 'no link to the route'),
    });
}
