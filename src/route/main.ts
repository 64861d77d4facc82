/**
 * `cim route`: logins, routing, storage, operations. It has no state of its own: everything is in
 * Redis, and what ZooKeeper knows. Listens first and announces last; stops in the opposite order.
 */
import { randomBytes } from 'node:crypto';
import { strategies } from '../balance/strategies.ts';
import { systemClock } from '../base/clock.ts';
import { countCollections } from '../base/collections.ts';
import { type Lifecycle, type ReloadableService, startWith } from '../base/lifecycle.ts';
import type { Logger } from '../base/log.ts';
import { ClusterSecret } from '../base/secret.ts';
import { openTls } from '../base/tls.ts';
import { version } from '../base/version.ts';
import type { RouteSettings } from '../config/settings.ts';
import type { Address } from '../http/app.ts';
import { acceptUpgrades } from '../http/upgrade.ts';
import { CallerLimits } from '../limits/caller-limits.ts';
import { descriptorLimit, httpConnections } from '../limits/descriptors.ts';
import { PortLimits } from '../limits/port-limits.ts';
import { serveLink } from '../link/link-host.ts';
import { routeMethods } from '../link/methods.ts';
import { advertisedAddress } from '../registry/advertised-address.ts';
import { openRegistry } from '../registry/open-registry.ts';
import { openStore } from '../store/open-store.ts';
import { retentionOf } from '../store/retention.ts';
import { buildRouteApp } from './app.ts';
import { openAuthentication } from './authentication.ts';
import { createRouteCore } from './core.ts';
import { openDoors } from './open-doors.ts';
import { ServerPool } from './server-directory.ts';

export interface RunningRoute extends ReloadableService {
  readonly http: Address;
  /** Where servers reach this route alone; undefined: at the same address. */
  readonly links: Address | undefined;
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
  const secret = new ClusterSecret(settings.clusterSecret, settings.clusterSecretAlso);
  const clusterSecrets = () => secret.accepted;
  const authentication = await openAuthentication(settings, clusterSecrets, clock);
  const warnings = openDoors(settings);
  for (const warning of warnings) log.warn(warning);
  const tls = await openTls(settings, log);

  const store = await openStore({
    kind: 'redis',
    url: settings.redis,
    caFile: settings.redisCa,
    prefix: settings.redisPrefix,
    ackReplicas: settings.ackReplicas,
    retention: retentionOf(settings),
    log,
  });
  lifecycle.onStop('store', () => store.close());
  const registry = await openRegistry({
    zookeeper: settings.zk,
    auth: settings.zkAuth,
    sessionTimeoutMs: settings.zkSessionTimeoutMs,
    follow: ['servers'],
    log,
  });
  lifecycle.onStop('registry', () => registry.close());

  const servers = new ServerPool({ secret: () => secret.value, tls, clock, log });
  lifecycle.onStop('links to servers', () => servers.stop());
  const core = createRouteCore({
    store,
    registry,
    servers,
    strategy: strategies[settings.strategy](),
    authentication,
    clock,
    log,
  });
  lifecycle.onStop('core', () => core.stop());
  lifecycle.onStop('counting of collections', countCollections(core.counters));

  const ip = await advertisedAddress({
    advertise: settings.advertise,
    host: settings.host,
    zookeeper: settings.zk,
  });
  const connectionsMax = httpConnections(descriptorLimit(), settings.connectionsMax);
  const portCount = settings.linkPort === undefined ? 1 : 2;
  const portLimits = new PortLimits(settings, Math.ceil(connectionsMax / portCount), core.counters);
  const callerLimits = new CallerLimits(settings, core.counters, () => clock.monotonic());
  const listen = async (port: number, isShared: boolean): Promise<number> => {
    const app = buildRouteApp(core.operations, {
      mode: authentication.mode,
      proofs: { clusterSecrets, users: core.callers },
      warnings,
      counters: core.counters,
      tls: tls.port,
      portLimits,
      callerLimits,
      log,
      version,
    });
    const endLinks = acceptUpgrades(
      app.server,
      clusterSecrets,
      (stream) => serveLink(stream, routeMethods, core.api),
      { needsCertificate: settings.tlsClientCerts },
    );
    const listening = await app.listen({ host: settings.host, port, isShared });
    lifecycle.onStop('HTTP port', () => app.close());
    lifecycle.onStop('links from servers', endLinks);
    return listening.port;
  };
  const { linkPort } = settings;
  // A port that routes share is for callers, any of them serves; a server's link is to one of them.
  const ownPort = await listen(settings.port, linkPort !== undefined);
  const links = linkPort === undefined ? undefined : await listen(linkPort, false);

  await secret.agree(registry, log);
  const callers = settings.advertisePort ?? ownPort;
  const port = links ?? callers;
  const instance = randomBytes(8).toString('hex');
  const announcement = await registry.announceRoute({
    instance,
    ip,
    port,
    tls: tls.isServing,
    version,
  });
  lifecycle.onStop('announcement', () => announcement.leave());
  log.info({ instance, address: `${ip}:${port}` }, 'the route is announced');

  return {
    http: { host: ip, port: callers },
    links: links === undefined ? undefined : { host: ip, port: links },
    reload: tls.isServing ? () => tls.reload(log) : undefined,
    stop: () => lifecycle.stop(),
  };
}
