/**
 * `cim server`: holds connections of clients. It needs ZooKeeper alone, finds the routes there, and
 * never opens Redis. Listens first and announces last, so whoever hears of it can use it; stops in
 * the opposite order, so nobody is sent to a server that is going.
 */
import { randomBytes } from 'node:crypto';
import { systemClock } from '../base/clock.ts';
import { Lifecycle, type Service } from '../base/lifecycle.ts';
import type { Logger } from '../base/log.ts';
import { ClusterSecret } from '../base/secret.ts';
import { version } from '../base/version.ts';
import type { ServerSettings } from '../config/settings.ts';
import { acceptUpgrades } from '../http/upgrade.ts';
import { serveLink } from '../link/link-host.ts';
import { serverMethods } from '../link/methods.ts';
import { type Address, listenTcp } from '../net/tcp-listener.ts';
import { advertisedAddress } from '../registry/advertised-address.ts';
import { openRegistry } from '../registry/open-registry.ts';
import { routeAddress } from '../registry/registry.ts';
import { buildServerApp } from './app.ts';
import { Gateway } from './gateway.ts';
import { RoutePool } from './route-pool.ts';
import { createServerOperations } from './server-operations.ts';

export interface RunningServer extends Service {
  readonly tcp: Address;
  readonly http: Address;
}

/** How often the registry is told how many connections there are. */
const loadMs = 2_000;

export async function startServer(settings: ServerSettings, log: Logger): Promise<RunningServer> {
  const lifecycle = new Lifecycle(log);
  try {
    return await start(settings, log, lifecycle);
  } catch (error) {
    await lifecycle.stop();
    throw error;
  }
}

async function start(
  settings: ServerSettings,
  log: Logger,
  lifecycle: Lifecycle,
): Promise<RunningServer> {
  const clock = systemClock;
  const instance = randomBytes(8).toString('hex');
  const secret = new ClusterSecret(settings.clusterSecret);

  const registry = await openRegistry({
    zookeeper: settings.zk,
    sessionTimeoutMs: settings.zkSessionTimeoutMs,
    follow: ['routes'],
    log,
  });
  lifecycle.onStop('registry', () => registry.close());
  const routes = new RoutePool({ secret: () => secret.value, clock, log });
  lifecycle.onStop('links to routes', () => routes.stop());
  const followRoutes = () => routes.update(registry.view.routes.map(routeAddress));
  lifecycle.onStop('following routes', registry.onChange(followRoutes));
  followRoutes();

  const ip = await advertisedAddress({
    advertise: settings.advertise,
    host: settings.host,
    zookeeper: settings.zk,
  });
  const { host } = settings;
  const ports = { tcp: 0, http: 0 };
  const address = () => `${ip}:${ports.tcp}:${ports.http}`;
  const gateway = new Gateway({ routes: routes.api, instance, address, clock, log });
  const operations = createServerOperations({
    gateway,
    registry,
    usableRoutes: () => routes.usable,
  });
  const app = buildServerApp(operations, { clusterSecret: () => secret.value, log, version });
  const endLinks = acceptUpgrades(
    app.server,
    () => secret.value,
    (stream) => serveLink(stream, serverMethods, gateway.api),
  );
  const http = await app.listen({ host, port: settings.httpPort });
  ports.http = http.port;
  lifecycle.onStop('HTTP port', () => app.close());
  lifecycle.onStop('links from routes', endLinks);
  lifecycle.onStop('connections', () => gateway.stop());
  const tcp = await listenTcp({ host, port: settings.port }, (stream) => gateway.accept(stream));
  ports.tcp = tcp.port;
  lifecycle.onStop('TCP port', () => tcp.close());

  await secret.agree(registry, log);
  const server = { instance, ip, tcpPort: tcp.port, httpPort: http.port, version, connections: 0 };
  const announcement = await registry.announceServer(server);
  const load = clock.setInterval(
    () => announcement.updateLoad({ connections: gateway.connectionCount }),
    loadMs,
  );
  lifecycle.onStop('load', () => load.cancel());
  log.info({ instance, address: address() }, 'the server is announced');

  return {
    tcp: { host: ip, port: tcp.port },
    http: { host: ip, port: http.port },
    // Out of choice first; the live node goes with the registry, when the last connection has gone.
    stop: async () => {
      await announcement.withdraw();
      await lifecycle.stop();
    },
  };
}
