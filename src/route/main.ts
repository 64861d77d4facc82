/**
 * `cim route`: logins, routing, storage, operations. It has no state of its own: everything is in
 * Redis, and what ZooKeeper knows. Serves when it knows who is there, and announces itself last; stops
 * in the opposite order.
 */
import { randomBytes } from 'node:crypto';
import { routeMethods } from '../api/route-api.ts';
import { strategies } from '../balance/strategies.ts';
import { systemClock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { HostPort } from '../base/network/host-port.ts';
import { openTls } from '../base/network/tls.ts';
import { Bugs } from '../base/process/bugs.ts';
import { Counters } from '../base/process/counters.ts';
import { Health, watchLife } from '../base/process/health.ts';
import { type Lifecycle, type ReloadableService, startWith } from '../base/process/lifecycle.ts';
import { version } from '../base/process/version.ts';
import { ClusterSecret } from '../base/secrets/cluster-secret.ts';
import type { RouteSettings } from '../config/settings.ts';
import { shownSettings } from '../config/shown-settings.ts';
import { openBlobs } from '../files/open-blobs.ts';
import { jsonRequester } from '../http/client.ts';
import { openFigures } from '../http/open-figures.ts';
import { acceptUpgrades, countWrongProofs } from '../http/upgrade.ts';
import { webPageRulesOf } from '../http/web-pages.ts';
import { CallerLimits } from '../limits/caller-limits.ts';
import { descriptorLimit, httpConnections } from '../limits/descriptors.ts';
import { PortLimits } from '../limits/port-limits.ts';
import { openProcessBudget } from '../limits/process-budget.ts';
import { serveLink } from '../link/link-host.ts';
import { advertisedAddress } from '../registry/advertised-address.ts';
import { openRegistry } from '../registry/open-registry.ts';
import { endpointOfRole, originOfRoute, routeName, serverName } from '../registry/registry.ts';
import { openStore } from '../store/open-store.ts';
import { openAuthentication } from './accounts/authentication.ts';
import { openDoors } from './accounts/open-doors.ts';
import { openAdmin } from './admin/admin.ts';
import { buildRouteApp } from './app.ts';
import { ClusterRoles } from './cluster/cluster-roles.ts';
import { createRouteCore } from './core.ts';
import { fileBoundsOf } from './files/file-bounds.ts';
import { pageFiles } from './page-files.ts';
import { ServerPool } from './servers/server-directory.ts';

export interface RunningRoute extends ReloadableService {
  readonly http: HostPort;
  /** Of /metrics alone. */
  readonly metrics: HostPort | undefined;
  /** Where servers reach this route alone; undefined: at the same address. */
  readonly links: HostPort | undefined;
}

export function startRoute(settings: RouteSettings, log: Logger): Promise<RunningRoute> {
  return startWith(log, (lifecycle) => start(settings, log, lifecycle));
}

async function start(
  settings: RouteSettings,
  log: Logger,
  lifecycle: Lifecycle,
): Promise<RunningRoute> {
  const clock = systemClock;
  const budget = openProcessBudget(settings, clock);
  const secret = await ClusterSecret.open(settings.clusterSecret, settings.clusterSecretAlso);
  const clusterKeys = () => secret.accepted;
  const authentication = await openAuthentication(settings, clusterKeys, clock);
  const warnings = openDoors(settings);
  for (const warning of warnings) log.warn(warning);
  const tls = await openTls(settings, log);
  const counters = new Counters();
  const figures = await openFigures({
    roles: { route: counters },
    clock,
    settings,
    tls: tls.port,
    log,
    lifecycle,
  });
  const health = new Health({ counters, log });
  const life = watchLife(health);
  const bugs = new Bugs(counters, log);

  const store = await openStore(settings, { log, health, counters });
  lifecycle.onStop('store', () => store.close());
  const blobs = await openBlobs(settings);
  const registry = await openRegistry({
    zookeeper: settings.zk,
    auth: settings.zkAuth,
    sessionTimeoutMs: settings.zkSessionTimeoutMs,
    follow: ['servers', 'routes'],
    log,
  });
  lifecycle.onStop('registry', () => registry.close());

  const servers = new ServerPool({ clusterKey: () => secret.key, tls, clock, budget, bugs, log });
  counters.gauge(
    'link.in-flight',
    'calls to other roles that wait for an answer',
    () => servers.inFlight,
  );
  lifecycle.onStop('links to servers', () => servers.stop());
  const callerLimits = new CallerLimits(settings, counters, () => clock.monotonic());
  const core = createRouteCore({
    store,
    registry,
    servers,
    isUsable: (server) =>
      endpointOfRole(server, 'http').tls || tls.refusalOfPlain(serverName(server)) === undefined,
    strategy: strategies[settings.strategy](),
    authentication,
    guesses: callerLimits.guesses,
    receipts: settings.receipts,
    files: blobs && { blobs, bounds: fileBoundsOf(settings) },
    clock,
    budget,
    log,
    counters,
    bugs,
    health,
  });
  lifecycle.onStop('core', () => core.stop());

  const host = await advertisedAddress({
    advertise: settings.advertise,
    host: settings.host,
    zookeeper: settings.zk,
  });
  const connectionsMax = httpConnections(descriptorLimit(), settings.connectionsMax);
  const portCount = settings.linkPort === undefined ? 1 : 2;
  const portLimits = new PortLimits(settings, Math.ceil(connectionsMax / portCount), counters);
  const webPages = webPageRulesOf(settings, { isOpen: authentication.mode === 'open' });
  const webFiles = pageFiles({ settings, mode: authentication.mode, registry });
  let announcedPort = 0;
  const announced = () => ({
    address: [{ kind: 'http', host, port: announcedPort, tls: tls.isServing }],
  });
  const instance = randomBytes(8).toString('hex');
  const routeFigures = figures.of('route', {
    settings: shownSettings('route', settings),
    failedPushes: core.failedPushes,
    about: () => ({
      role: 'route',
      instance,
      address: routeName(announced()),
      version,
      talkers: [],
      warnings,
    }),
    health,
  });
  const cluster = new ClusterRoles({
    own: () => [routeFigures.status],
    others: { registry, request: jsonRequester(tls), clusterKey: () => secret.key },
  });
  const admin = openAdmin({ core, clusterKeys, clock, log });
  const wrongProofs = countWrongProofs(counters);
  let isOpen = false;
  const listen = async (address: { port: number; option: string; isShared?: boolean }) => {
    const app = buildRouteApp(core.operations, {
      mode: authentication.mode,
      proofs: { clusterKeys, users: core.callers },
      admin,
      hasDashboard: settings.dashboard === 'on',
      warnings,
      figures: routeFigures,
      cluster,
      health,
      isOpen: () => isOpen,
      tls: tls.port,
      webPages,
      webFiles,
      portLimits,
      budget,
      callerLimits,
      log,
      version,
    });
    const endLinks = acceptUpgrades(app.server, {
      role: 'route',
      origin: () => originOfRoute(announced()),
      keys: clusterKeys,
      needsCertificate: settings.tlsClientCerts,
      onStream: (stream) => serveLink(stream, routeMethods, core.api, budget, bugs),
      wrongProofs,
    });
    const listening = await app.listen({ host: settings.host, ...address });
    lifecycle.onStop('HTTP port', () => app.close());
    lifecycle.onStop('links from servers', endLinks);
    return listening.port;
  };
  // A port of its own tells from the beginning that it lives, and what it waits for. One that routes
  // share is for callers, any of them serves; a server's link is to one of them.
  const { linkPort } = settings;
  const forCallers = { port: settings.port, option: '--port' };
  const ownPort = await listen(
    linkPort === undefined ? forCallers : { port: linkPort, option: '--link-port' },
  );

  // Nobody is served before the picture of who is there can be relied on, and other roles can be proven
  // to be ours: what is said of sessions by a route that knows nobody would end them.
  await registry.whenConnected();
  await secret.agree(registry, log);
  await core.start();
  isOpen = true;
  const sharedPort =
    linkPort === undefined ? ownPort : await listen({ ...forCallers, isShared: true });

  const callers = settings.advertisePort ?? sharedPort;
  announcedPort = linkPort === undefined ? callers : ownPort;

  const announcement = await registry.announceRoute({
    instance,
    ...announced(),
    version,
  });
  lifecycle.onStop('announcement', () => announcement.leave());
  log.info({ instance, address: routeName(announced()) }, 'the route is announced');
  life.started();
  lifecycle.onStop('health', health.run(clock));

  return {
    http: { host, port: callers },
    metrics: figures.port,
    links: linkPort === undefined ? undefined : { host, port: ownPort },
    reload: async () => {
      if (tls.isServing) await tls.reload(log);
      await authentication.reload?.(log);
    },
    stop: () => {
      life.stopping();
      return lifecycle.stop();
    },
  };
}
