/**
 * `cim dev`: a server and a route in one process, over the embedded store and an in-process
 * registry. The same code as in a cluster but for three things that are passed in: the store, the
 * registry, and that the two call each other directly instead of over links.
 */
import { randomBytes } from 'node:crypto';
import { strategies } from '../balance/strategies.ts';
import { systemClock } from '../base/clock.ts';
import { Lifecycle, type Service } from '../base/lifecycle.ts';
import { limits } from '../base/limits.ts';
import type { Logger } from '../base/log.ts';
import { drawSecret } from '../base/secret.ts';
import { version } from '../base/version.ts';
import type { DevSettings } from '../config/settings.ts';
import { type Address, listenTcp } from '../net/tcp-listener.ts';
import { createLocalRegistry } from '../registry/open-registry.ts';
import { buildRouteApp } from '../route/app.ts';
import { createRouteCore } from '../route/core.ts';
import { buildServerApp } from '../server/app.ts';
import { Gateway } from '../server/gateway.ts';
import { createServerOperations } from '../server/server-operations.ts';
import { openStore } from '../store/open-store.ts';

export interface RunningDev extends Service {
  readonly tcp: Address;
  readonly http: Address;
  readonly route: Address;
}

const loadMs = 2_000;
const loopback: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '::1']);

export async function startDev(settings: DevSettings, log: Logger): Promise<RunningDev> {
  const lifecycle = new Lifecycle(log);
  try {
    return await start(settings, log, lifecycle);
  } catch (error) {
    await lifecycle.stop();
    throw error;
  }
}

async function start(
  settings: DevSettings,
  log: Logger,
  lifecycle: Lifecycle,
): Promise<RunningDev> {
  const clock = systemClock;
  const { host } = settings;
  const instance = randomBytes(8).toString('hex');
  // Internal endpoints are there, as in a cluster; nobody outside this process has business with
  // them.
  const secret = settings.clusterSecret ?? drawSecret();

  const store = await openStore({
    kind: 'sqlite',
    path: settings.data,
    retention: { messagesMax: limits.timelineMessagesMax, ageMs: limits.timelineAgeMs },
    log,
  });
  lifecycle.onStop('store', () => store.close());
  const hub = await createLocalRegistry();
  const registry = hub.join();
  lifecycle.onStop('registry', () => registry.close());

  const ports = { tcp: 0, http: 0 };
  // Listening on every address, it is still reached from this machine by loopback.
  const ip = host === '0.0.0.0' ? '127.0.0.1' : host;
  const strategy = strategies[settings.strategy]();
  // Each is the other's caller: the route gets the server through a directory that is asked later.
  const servers = { at: () => gateway.api };
  const core = createRouteCore({ store, registry, servers, strategy, clock, log });
  const address = () => `${ip}:${ports.tcp}:${ports.http}`;
  const gateway = new Gateway({ routes: core.api, instance, address, clock, log });
  lifecycle.onStop('route', () => core.stop());

  const clusterSecret = () => secret;
  // On loopback, whoever can reach the port could as well read the data folder.
  const openToOperators = settings.clusterSecret === undefined && loopback.has(host);
  const routeApp = buildRouteApp(core.operations, { clusterSecret, openToOperators, log, version });
  const route = await routeApp.listen({ host, port: settings.routePort });
  lifecycle.onStop('HTTP port of the route', () => routeApp.close());
  const operations = createServerOperations({ gateway, registry, usableRoutes: () => 1 });
  const serverApp = buildServerApp(operations, { clusterSecret, openToOperators, log, version });
  const http = await serverApp.listen({ host, port: settings.httpPort });
  ports.http = http.port;
  lifecycle.onStop('HTTP port of the server', () => serverApp.close());
  lifecycle.onStop('connections', () => gateway.stop());
  const tcp = await listenTcp({ host, port: settings.port }, (stream) => gateway.accept(stream));
  ports.tcp = tcp.port;
  lifecycle.onStop('TCP port', () => tcp.close());

  const server = { instance, ip, tcpPort: tcp.port, httpPort: http.port, version, connections: 0 };
  const announcement = await registry.announceServer(server);
  const load = clock.setInterval(
    () => announcement.updateLoad({ connections: gateway.connectionCount }),
    loadMs,
  );
  lifecycle.onStop('load', () => load.cancel());

  return {
    tcp: { host: ip, port: tcp.port },
    http: { host: ip, port: http.port },
    route: { host: ip, port: route.port },
    // Out of choice first, so that nobody is sent to a server that is stopping.
    stop: async () => {
      await announcement.withdraw();
      await lifecycle.stop();
    },
  };
}
