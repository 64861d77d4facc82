/** How a server reaches routes: one link to each, dialled at its HTTP port. */
import type { Clock } from '../base/clock.ts';
import { describeError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { dialUpgrade } from '../http/upgrade.ts';
import { routeMethods } from '../link/methods.ts';
import { RemotePeer } from '../link/remote-peer.ts';
import type { RoutePeer } from './route-pool.ts';

export interface RouteLinksOptions {
  /** Undefined until the roles have agreed on one. */
  readonly secret: () => string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Returns what connects to the route at an address (`ip:port`). */
export function routeLinks({
  secret,
  clock,
  log,
}: RouteLinksOptions): (address: string) => RoutePeer {
  return (address) =>
    new RemotePeer(routeMethods, {
      dial: () => dialUpgrade(`http://${address}`, secret() ?? ''),
      clock,
      onDown: (reason) =>
        log.warn({ route: address, error: describeError(reason) }, 'no link to the route'),
    });
}
