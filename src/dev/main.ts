/**
 * `cim dev` runs a server and a route in one process. It is the same code as in a cluster. Three
 * things differ, and are passed in: the store is embedded, the registry is in the process, and
 * server and route call each other directly instead of over links.
 */
import { join } from 'node:path';
import { strategies } from '../balance/strategies.ts';
import { systemClock } from '../base/clock.ts';
import { describeError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { formatHostPort, type HostPort } from '../base/network/host-port.ts';
import { openTls } from '../base/network/tls.ts';
import { Counters } from '../base/process/counters.ts';
import { Health, watchLife } from '../base/process/health.ts';
import { type Lifecycle, type ReloadableService, startWith } from '../base/process/lifecycle.ts';
import { version } from '../base/process/version.ts';
import { ClusterKey } from '../base/secrets/cluster-key.ts';
import { drawSecret } from '../base/secrets/secret.ts';
import { keepSecretFile } from '../base/secrets/secret-file.ts';
import type { DevSettings } from '../config/settings.ts';
import { shownSettings } from '../config/shown-settings.ts';
import { openBlobs } from '../files/open-blobs.ts';
import { openFigures } from '../http/open-figures.ts';
import { webPageRulesOf } from '../http/web-pages.ts';
import { CallerLimits } from '../limits/caller-limits.ts';
import { descriptorLimit, shareDescriptors } from '../limits/descriptors.ts';
import { PortLimits } from '../limits/port-limits.ts';
import { openProcessBudget } from '../limits/process-budget.ts';
import { assertFree } from '../net/tcp-ports.ts';
import { advertisedAddress } from '../registry/advertised-address.ts';
import { createLocalRegistry } from '../registry/open-registry.ts';
import { openAuthentication } from '../route/accounts/authentication.ts';
import { openDoors } from '../route/accounts/open-doors.ts';
import { openAdmin } from '../route/admin/admin.ts';
import { buildRouteApp } from '../route/app.ts';
import { ClusterRoles } from '../route/cluster/cluster-roles.ts';
import { createRouteCore } from '../route/core.ts';
import { fileBoundsOf } from '../route/files/file-bounds.ts';
import { pageFiles } from '../route/page-files.ts';
import { openServerCore } from '../server/core.ts';
import { openStore } from '../store/open-store.ts';

/** Registered for MQTT. */
const usualMqttPort = 1883;

export interface RunningDev extends ReloadableService {
  /** The server's, by kind, and the route's. */
  readonly addresses: Readonly<Record<string, HostPort>>;
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
  const budget = openProcessBudget(settings, clock);
  const shares = shareDescriptors(descriptorLimit(), 2, settings.connectionsMax);
  const { host } = settings;
  const mqttPort = await mqttPortOf(settings, log);
  const advertise = await advertisedAddress({ host, advertise: settings.advertise });
  const warnings = openDoors(settings);
  for (const warning of warnings) log.warn(warning);
  const tls = await openTls(settings, log);

  const store = await openStore(settings, { log });
  lifecycle.onStop('store', () => store.close());
  const blobs = await openBlobs({ ...settings, filesFolder: ownFolder(settings) });
  const secret = settings.clusterSecret ?? (await ownSecret(settings.data));
  const keys = [await ClusterKey.derive(secret)];
  const clusterKeys = () => keys;
  const authentication = await openAuthentication(settings, clusterKeys, clock);
  const hub = await createLocalRegistry();
  const registry = hub.join();
  lifecycle.onStop('registry', () => registry.close());

  // Whoever runs it runs a browser beside it.
  const webPages = webPageRulesOf(settings, { isOpen: true });
  // Each is the other's caller: the route gets the server through a directory that is asked later.
  const servers = { at: () => server.api };
  const strategy = strategies[settings.strategy]();
  const routeCounters = new Counters();
  const callerLimits = new CallerLimits(settings, routeCounters, () => clock.monotonic());
  const route = createRouteCore({
    store,
    registry,
    servers,
    strategy,
    authentication,
    guesses: callerLimits.guesses,
    counters: routeCounters,
    receipts: settings.receipts,
    files: blobs && { blobs, bounds: fileBoundsOf(settings) },
    clock,
    budget,
    log,
  });
  lifecycle.onStop('route', () => route.stop());
  const serverCounters = new Counters();
  const serverHealth = new Health({ counters: serverCounters, log });
  const lives = [watchLife(route.health), watchLife(serverHealth)];
  const figures = await openFigures({
    roles: { route: route.counters, server: serverCounters },
    clock,
    settings,
    tls: tls.port,
    log,
    lifecycle,
  });
  const shown = shownSettings('dev', settings);
  const server = await openServerCore({
    routes: route.api,
    usableRoutes: () => 1,
    counters: serverCounters,
    figures: (identity) => figures.of('server', { ...identity, settings: shown }),
    health: serverHealth,
    registry,
    settings: { ...settings, mqttPort },
    advertise,
    clusterKeys,
    tls: tls.port,
    webPages,
    shares,
    budget,
    clock,
    log,
    lifecycle,
  });
  let routePort = settings.routePort;
  const routeFigures = figures.of('route', {
    settings: shown,
    failedPushes: route.failedPushes,
    about: () => ({
      role: 'route',
      instance: server.instance,
      address: formatHostPort({ host: advertise, port: routePort }),
      version,
      talkers: [],
      warnings,
    }),
    health: route.health,
  });
  const admin = openAdmin({ core: route, clusterKeys, clock, log });
  const app = buildRouteApp(route.operations, {
    mode: authentication.mode,
    proofs: { clusterKeys, users: route.callers },
    admin,
    hasDashboard: settings.dashboard === 'on',
    warnings,
    figures: routeFigures,
    cluster: new ClusterRoles({ own: () => [routeFigures.status, server.status] }),
    health: route.health,
    tls: tls.port,
    webPages,
    webFiles: pageFiles({ settings, mode: authentication.mode, registry }),
    portLimits: new PortLimits(settings, shares.http, route.counters),
    budget,
    callerLimits,
    log,
    version,
  });
  lifecycle.onStop('HTTP port of the route', () => app.close());
  const address = { host, port: settings.routePort, option: '--route-port' };
  const listening = await app.listen(address);
  routePort = settings.advertiseRoutePort ?? listening.port;

  // Out of choice first, so that nobody is sent to a server that is stopping.
  lifecycle.onStop('announcement', await server.announce());
  await route.start();
  for (const life of lives) life.started();
  for (const health of [route.health, serverHealth]) lifecycle.onStop('health', health.run(clock));
  return {
    addresses: {
      ...server.addresses,
      route: { host: advertise, port: routePort },
      ...(figures.port && { metrics: figures.port }),
    },
    reload: async () => {
      if (tls.isServing) await tls.reload(log);
      await authentication.reload?.(log);
    },
    stop: () => {
      for (const life of lives) life.stopping();
      return lifecycle.stop();
    },
  };
}

/** As it was asked for, else the usual one if nobody has it. */
async function mqttPortOf(settings: DevSettings, log: Logger): Promise<number | undefined> {
  const { host, port: clientPort, mqttPort } = settings;
  if (mqttPort !== undefined || clientPort === 0) return mqttPort ?? 0;
  try {
    await assertFree({ host, port: usualMqttPort, option: '--mqtt-port' });
    return usualMqttPort;
  } catch (error) {
    log.warn({ error: describeError(error) }, 'MQTT is off, as its port is taken');
    return undefined;
  }
}

/** Beside the store; nowhere if that is in memory, or files are in an S3. */
function ownFolder({ filesFolder, s3Url, data }: DevSettings): string | undefined {
  if (filesFolder !== undefined || s3Url !== undefined || data === ':memory:') return filesFolder;
  return join(data, 'files');
}

/** Known to those who may read the data folder; to nobody if there is none. */
async function ownSecret(data: string): Promise<string> {
  return data === ':memory:' ? drawSecret() : keepSecretFile(data);
}
