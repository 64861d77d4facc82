/**
 * A server without its surroundings: given routes and a registry, a gateway behind its two ports,
 * and how it makes itself known. `cim server` and `cim dev` put it between what they have.
 */
import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { RouteApi } from '../api/route-api.ts';
import type { ServerApi } from '../api/server-api.ts';
import { Tokens } from '../auth/tokens.ts';
import type { Clock } from '../base/clock.ts';
import { countCollections } from '../base/collections.ts';
import { Counters } from '../base/counters.ts';
import type { Lifecycle } from '../base/lifecycle.ts';
import { limits as bounds } from '../base/limits.ts';
import type { Logger } from '../base/log.ts';
import type { TlsPort } from '../base/tls.ts';
import { version } from '../base/version.ts';
import type { ConnectionShares } from '../limits/descriptors.ts';
import { PortLimits } from '../limits/port-limits.ts';
import { type ServerLimitSettings, ServerLimits } from '../limits/server-limits.ts';
import { type Address, listenTcp } from '../net/tcp-listener.ts';
import { pushAddress, type Registry, type ServerAnnouncement } from '../registry/registry.ts';
import { buildServerApp } from './app.ts';
import { Gateway } from './gateway.ts';
import { createServerOperations } from './server-operations.ts';

export interface ServerCoreOptions {
  readonly routes: RouteApi;
  /** Routes that can be asked, as far as is known. */
  readonly usableRoutes: () => number;
  readonly registry: Registry;
  /** What is listened on; port 0 takes a free one. */
  readonly host: string;
  readonly port: number;
  readonly httpPort: number;
  /** What others connect to; the ports are those listened on, unless they are given. */
  readonly ip: string;
  readonly advertisePort?: number | undefined;
  readonly advertiseHttpPort?: number | undefined;
  /** Those that internal callers may bear. */
  readonly clusterSecrets: () => readonly string[];
  /** Both ports speak TLS. */
  readonly tls?: TlsPort | undefined;
  /** Lets routes in that call over links; returns how to end those. */
  readonly acceptLinks?: (httpServer: Server, api: ServerApi) => () => void;
  readonly limits: ServerLimitSettings;
  /** Connections at a time. */
  readonly shares: ConnectionShares;
  readonly clock: Clock;
  readonly log: Logger;
  /** Gets a step for everything that is opened. */
  readonly lifecycle: Lifecycle;
}

export interface ServerCore {
  readonly api: ServerApi;
  /** As others connect to it. */
  readonly tcp: Address;
  readonly http: Address;
  /** From now on logins may be sent here. Returns how to take that back. */
  announce(): Promise<() => Promise<void>>;
}

/** How often the registry is told how many connections there are. */
const loadMs = 2_000;

/** Rejects with `port-taken`. */
export async function openServerCore(options: ServerCoreOptions): Promise<ServerCore> {
  const { routes, usableRoutes, registry, host, ip, acceptLinks, clock, log, lifecycle } = options;
  const { tls } = options;
  const instance = randomBytes(8).toString('hex');
  // As others know them. Nobody asks before both are listened on.
  const ports = { tcp: 0, http: 0 };
  const addresses = () => ({
    ip,
    tcpPort: ports.tcp,
    httpPort: ports.http,
    tls: tls !== undefined,
  });
  const address = () => pushAddress(addresses());
  const counters = new Counters();
  lifecycle.onStop('counting of collections', countCollections(counters));
  let announcement: ServerAnnouncement | undefined;
  // A registry that does not answer must not keep people here: it sees the end of the process.
  const withdraw = async () => {
    const isDue = new Promise<void>((resolve) => clock.setTimeout(resolve, bounds.withdrawMsMax));
    await Promise.race([announcement?.withdraw(), isDue]);
  };
  const tokens = new Tokens({
    secrets: options.clusterSecrets,
    // A server makes none.
    lifetimeMs: 0,
    now: () => clock.now(),
  });
  const limits = new ServerLimits(options.limits, () => clock.monotonic());
  const gateway = new Gateway({
    routes,
    tokens,
    limits,
    instance,
    address,
    withdraw,
    counters,
    clock,
    log,
  });

  const portLimits = new PortLimits(options.limits, options.shares.http, counters);
  const operations = createServerOperations({ gateway, registry, usableRoutes });
  const app = buildServerApp(operations, { ...options, portLimits, counters, version });
  lifecycle.onStop('HTTP port of the server', () => app.close());
  if (acceptLinks) lifecycle.onStop('links from routes', acceptLinks(app.server, gateway.api));
  const http = await app.listen({ host, port: options.httpPort });
  ports.http = options.advertiseHttpPort ?? http.port;
  // Ended before the links: until the last has gone, its messages are pushed.
  lifecycle.onStop('connections', () => gateway.stop());
  const tcp = await listenTcp({
    host,
    port: options.port,
    connectionsMax: options.shares.tcp,
    tls,
    clock,
    isTrustedProxy: (peer) => limits.addresses.isTrustedProxy(peer),
    onArrival: (socket, arrival) => gateway.accept(socket, arrival),
    counters: gateway.counters.arrivals,
  });
  lifecycle.onStop('TCP port', () => tcp.close());
  ports.tcp = options.advertisePort ?? tcp.port;

  return {
    api: gateway.api,
    tcp: { host: ip, port: ports.tcp },
    http: { host: ip, port: ports.http },
    async announce() {
      const server = { instance, ...addresses(), version, connections: 0 };
      announcement = await registry.announceServer(server);
      const tellLoad = () => announcement?.updateLoad({ connections: gateway.connectionCount });
      const load = clock.setInterval(tellLoad, loadMs);
      lifecycle.onStop('load', () => load.cancel());
      log.info({ instance, address: address() }, 'the server is announced');
      return withdraw;
    },
  };
}
