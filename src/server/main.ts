/**
 * `cim server`: holds connections of clients. It needs ZooKeeper alone, finds the routes there, and
 * never opens Redis. Listens first and announces last, so whoever hears of it can use it; stops in
 * the opposite order, so nobody is sent to a server that is going.
 */
import { systemClock } from '../base/clock.ts';
import { type Lifecycle, type ReloadableService, startWith } from '../base/lifecycle.ts';
import type { Logger } from '../base/log.ts';
import { ClusterSecret } from '../base/secret.ts';
import { openTls } from '../base/tls.ts';
import type { ServerSettings } from '../config/settings.ts';
import { acceptUpgrades } from '../http/upgrade.ts';
import { descriptorLimit, shareDescriptors } from '../limits/descriptors.ts';
import { serveLink } from '../link/link-host.ts';
import { serverMethods } from '../link/methods.ts';
import type { Address } from '../net/tcp-listener.ts';
import { advertisedAddress } from '../registry/advertised-address.ts';
import { openRegistry } from '../registry/open-registry.ts';
import { originOfRoute } from '../registry/registry.ts';
import { openServerCore } from './core.ts';
import { routeLinks } from './route-links.ts';
import { RoutePool } from './route-pool.ts';

export interface RunningServer extends ReloadableService {
  readonly tcp: Address;
  readonly http: Address;
}

export function startServer(settings: ServerSettings, log: Logger): Promise<RunningServer> {
  return startWith(log, (lifecycle) => start(settings, log, lifecycle));
}

async function start(
  settings: ServerSettings,
  log: Logger,
  lifecycle: Lifecycle,
): Promise<RunningServer> {
  const { host, zk: zookeeper, advertise } = settings;
  const clock = systemClock;
  const secret = new ClusterSecret(settings.clusterSecret, settings.clusterSecretAlso);
  const clusterSecrets = () => secret.accepted;
  const shares = shareDescriptors(descriptorLimit(), 1, settings.connectionsMax);
  const tls = await openTls(settings, log);

  const registry = await openRegistry({
    zookeeper,
    auth: settings.zkAuth,
    sessionTimeoutMs: settings.zkSessionTimeoutMs,
    follow: ['routes'],
    log,
  });
  lifecycle.onStop('registry', () => registry.close());
  const connect = routeLinks({ secret: () => secret.value, tls, clock, log });
  const routes = new RoutePool({ connect, clock });
  lifecycle.onStop('links to routes', () => routes.stop());
  const followRoutes = () => routes.update(registry.view.routes.map(originOfRoute));
  lifecycle.onStop('following routes', registry.onChange(followRoutes));
  followRoutes();

  const core = await openServerCore({
    routes: routes.api,
    usableRoutes: () => routes.usable,
    registry,
    host,
    port: settings.port,
    httpPort: settings.httpPort,
    advertisePort: settings.advertisePort,
    advertiseHttpPort: settings.advertiseHttpPort,
    clusterSecrets,
    tls: tls.port,
    limits: settings,
    shares,
    clock,
    log,
    lifecycle,
    ip: await advertisedAddress({ advertise, host, zookeeper }),
    acceptLinks: (httpServer, api) =>
      acceptUpgrades(
        httpServer,
        clusterSecrets,
        (stream) => serveLink(stream, serverMethods, api),
        { needsCertificate: settings.tlsClientCerts },
      ),
  });

  await secret.agree(registry, log);
  const withdraw = await core.announce();
  return {
    tcp: core.tcp,
    http: core.http,
    reload: tls.isServing ? () => tls.reload(log) : undefined,
    // Out of choice first; the live node goes with the registry, when the last connection has gone.
    stop: async () => {
      await withdraw();
      await lifecycle.stop();
    },
  };
}
