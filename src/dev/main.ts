/**
 * `cim dev`: a server and a route in one process, over the embedded store and an in-process
 * registry. The same code as in a cluster but for three things that are passed in: the store, the
 * registry, and that the two call each other directly instead of over links.
 */
import { strategies } from '../balance/strategies.ts';
import { systemClock } from '../base/clock.ts';
import { countCollections } from '../base/collections.ts';
import { type Lifecycle, type ReloadableService, startWith } from '../base/lifecycle.ts';
import type { Logger } from '../base/log.ts';
import { drawSecret } from '../base/secret.ts';
import { keepSecretFile } from '../base/secret-file.ts';
import { openTls } from '../base/tls.ts';
import { version } from '../base/version.ts';
import type { DevSettings } from '../config/settings.ts';
import { CallerLimits } from '../limits/caller-limits.ts';
import { descriptorLimit, shareDescriptors } from '../limits/descriptors.ts';
import { PortLimits } from '../limits/port-limits.ts';
import type { Address } from '../net/tcp-listener.ts';
import { advertisedAddress } from '../registry/advertised-address.ts';
import { createLocalRegistry } from '../registry/open-registry.ts';
import { buildRouteApp } from '../route/app.ts';
import { openAuthentication } from '../route/authentication.ts';
import { createRouteCore } from '../route/core.ts';
import { openDoors } from '../route/open-doors.ts';
import { openServerCore } from '../server/core.ts';
import { openStore } from '../store/open-store.ts';
import { retentionOf } from '../store/retention.ts';

export interface RunningDev extends ReloadableService {
  readonly tcp: Address;
  readonly http: Address;
  readonly route: Address;
}

export function startDev(settings: DevSettings, log: Logger): Promise<RunningDev> {
  return startWith(log, (lifecycle) => start(settings, log, lifecycle));
}

async function start(
  settings: DevSettings,
  log: Logger,
  lifecycle: Lifecycle,
): Promise<RunningDev> {
  const clock = systemClock;
  const shares = shareDescriptors(descriptorLimit(), 2, settings.connectionsMax);
  const { host } = settings;
  const warnings = openDoors(settings);
  for (const warning of warnings) log.warn(warning);
  const tls = await openTls(settings, log);

  const store = await openStore({
    kind: 'sqlite',
    path: settings.data,
    retention: retentionOf(settings),
    log,
  });
  lifecycle.onStop('store', () => store.close());
  const secret = settings.clusterSecret ?? (await ownSecret(settings.data));
  const clusterSecrets = () => [secret];
  const authentication = await openAuthentication(settings, clusterSecrets, clock);
  const hub = await createLocalRegistry();
  const registry = hub.join();
  lifecycle.onStop('registry', () => registry.close());

  // Each is the other's caller: the route gets the server through a directory that is asked later.
  const servers = { at: () => server.api };
  const strategy = strategies[settings.strategy]();
  const route = createRouteCore({
    store,
    registry,
    servers,
    strategy,
    authentication,
    clock,
    log,
  });
  lifecycle.onStop('route', () => route.stop());
  lifecycle.onStop('counting of collections', countCollections(route.counters));
  const server = await openServerCore({
    routes: route.api,
    usableRoutes: () => 1,
    registry,
    host,
    port: settings.port,
    httpPort: settings.httpPort,
    ip: await advertisedAddress({ host }),
    clusterSecrets,
    tls: tls.port,
    limits: settings,
    shares,
    clock,
    log,
    lifecycle,
  });
  const app = buildRouteApp(route.operations, {
    mode: authentication.mode,
    proofs: { clusterSecrets, users: route.callers },
    warnings,
    counters: route.counters,
    tls: tls.port,
    portLimits: new PortLimits(settings, shares.http, route.counters),
    callerLimits: new CallerLimits(settings, route.counters, () => clock.monotonic()),
    log,
    version,
  });
  lifecycle.onStop('HTTP port of the route', () => app.close());
  const { port: routePort } = await app.listen({ host, port: settings.routePort });

  const withdraw = await server.announce();
  return {
    tcp: server.tcp,
    http: server.http,
    route: { host: server.http.host, port: routePort },
    reload: tls.isServing ? () => tls.reload(log) : undefined,
    // Out of choice first, so that nobody is sent to a server that is stopping.
    stop: async () => {
      await withdraw();
      await lifecycle.stop();
    },
  };
}

/** Known to those who may read the data folder; to nobody if there is none. */
async function ownSecret(data: string): Promise<string> {
  return data === ':memory:' ? drawSecret() : keepSecretFile(data);
}
