/** How a server reaches routes: one link to each, dialled at its HTTP port. */
import type { Clock } from '../base/clock.ts';
import { describeError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { TlsDialling } from '../base/tls.ts';
import { dialUpgrade } from '../http/upgrade.ts';
import { routeMethods } from '../link/methods.ts';
import { RemotePeer } from '../link/remote-peer.ts';
import type { RoutePeer } from './route-pool.ts';

export interface RouteLinksOptions {
  /** Undefined until the roles have agreed on one. */
  readonly secret: () => string | undefined;
  /** How the certificates of routes are checked, and what is shown to them. */
  readonly tls: TlsDialling;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Returns what connects to the route at a base URL. */
export function routeLinks({
  secret,
  tls,
  clock,
  log,
}: RouteLinksOptions): (origin: string) => RoutePeer {
  return (origin) =>
    new RemotePeer(routeMethods, {
      dial: () => dialUpgrade(origin, secret() ?? '', tls),
      clock,
      onDown: (reason) =>
        log.warn({ route: origin, error: describeError(reason) }, 'no link to the route'),
    });
}
