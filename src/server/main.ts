/**
 * `cim server`: holds connections of clients. It needs ZooKeeper alone, finds the routes there, and
 * never opens Redis. Serves when it knows the routes, and announces itself last, so whoever hears of it can use it; stops in
 * the opposite order, so nobody is sent to a server that is going.
 */

import { serverMethods } from '../api/server-api.ts';
import { systemClock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { HostPort } from '../base/network/host-port.ts';
import { openTls } from '../base/network/tls.ts';
import { Bugs } from '../base/process/bugs.ts';
import { ClockWatch } from '../base/process/clock-watch.ts';
import { Counters } from '../base/process/counters.ts';
import { Health, watchLife } from '../base/process/health.ts';
import { type Lifecycle, type ReloadableService, startWith } from '../base/process/lifecycle.ts';
import { ClusterSecret } from '../base/secrets/cluster-secret.ts';
import type { ServerSettings } from '../config/settings.ts';
import { shownSettings } from '../config/shown-settings.ts';
import { openFigures } from '../http/open-figures.ts';
import { acceptUpgrades, countWrongProofs } from '../http/upgrade.ts';
import { webPageRulesOf } from '../http/web-pages.ts';
import { descriptorLimit, shareDescriptors } from '../limits/descriptors.ts';
import { openProcessBudget } from '../limits/process-budget.ts';
import { serveLink } from '../link/link-host.ts';
import { advertisedAddress } from '../registry/advertised-address.ts';
import { openRegistry } from '../registry/open-registry.ts';
import { originOfRoute } from '../registry/registry.ts';
import { openServerCore } from './core.ts';
import { routeLinks } from './routes/route-links.ts';
import { RoutePool } from './routes/route-pool.ts';
import { storeTime } from './routes/store-time.ts';

export interface RunningServer extends ReloadableService {
  /** By kind. */
  readonly addresses: Readonly<Record<string, HostPort>>;
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
  const budget = openProcessBudget(settings, clock);
  const secret = await ClusterSecret.open(settings.clusterSecret, settings.clusterSecretAlso);
  const clusterKeys = () => secret.accepted;
  const shares = shareDescriptors(descriptorLimit(), 1, settings.connectionsMax);
  const tls = await openTls(settings, log);
  const counters = new Counters();
  const figures = await openFigures({
    roles: { server: counters },
    clock,
    settings,
    tls: tls.port,
    log,
    lifecycle,
  });
  const health = new Health({ counters, log });
  const life = watchLife(health);
  const bugs = new Bugs(counters, log);
  const wrongProofs = countWrongProofs(counters);

  const registry = await openRegistry({
    zookeeper,
    auth: settings.zkAuth,
    sessionTimeoutMs: settings.zkSessionTimeoutMs,
    follow: ['routes'],
    log,
  });
  lifecycle.onStop('registry', () => registry.close());
  const connect = routeLinks({ clusterKey: () => secret.key, tls, clock, budget, bugs, log });
  const routes = new RoutePool({ connect, clock });
  counters.gauge(
    'link.in-flight',
    'calls to other roles that wait for an answer',
    () => routes.inFlight,
  );
  lifecycle.onStop('links to routes', () => routes.stop());
  const followRoutes = () => routes.update(registry.view.routes.map(originOfRoute));
  lifecycle.onStop('following routes', registry.onChange(followRoutes));
  followRoutes();

  const shown = shownSettings('server', settings);
  const core = await openServerCore({
    routes: routes.api,
    usableRoutes: () => routes.countUsable(),
    registry,
    settings,
    clusterKeys,
    tls: tls.port,
    webPages: webPageRulesOf(settings, { isOpen: false }),
    shares,
    budget,
    clock,
    log,
    counters,
    figures: (identity) => figures.of('server', { ...identity, settings: shown }),
    health,
    lifecycle,
    advertise: await advertisedAddress({ advertise, host, zookeeper }),
    // Whoever connects is let in by the secret, and served by routes: first both are known.
    whenReady: async () => {
      await registry.whenConnected();
      await secret.agree(registry, log);
    },
    acceptLinks: (httpServer, api, origin) =>
      acceptUpgrades(httpServer, {
        role: 'server',
        origin,
        keys: clusterKeys,
        needsCertificate: settings.tlsClientCerts,
        onStream: (stream) => serveLink(stream, serverMethods, api, budget, bugs),
        wrongProofs,
      }),
  });

  // Out of choice first; the live node goes with the registry, when the last connection has gone.
  lifecycle.onStop('announcement', await core.announce());
  const clockWatch = new ClockWatch({
    storeNow: () => storeTime(routes.api, core.instance),
    clock,
    health,
    log,
  });
  lifecycle.onStop('clock', () => clockWatch.stop());
  // Not waited for: there may be no route yet.
  void clockWatch.start();
  life.started();
  lifecycle.onStop('health', health.run(clock));
  return {
    addresses: { ...core.addresses, ...(figures.port && { metrics: figures.port }) },
    reload: tls.isServing ? () => tls.reload(log) : undefined,
    stop: () => {
      life.stopping();
      return lifecycle.stop();
    },
  };
}
