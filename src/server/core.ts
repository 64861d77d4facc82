/**
 * A server without its surroundings: given routes and a registry, a gateway behind its ports, and
 * how it makes itself known. `cim server` and `cim dev` put it between what they have.
 */
import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { RouteApi } from '../api/route-api.ts';
import type { ServerApi } from '../api/server-api.ts';
import { Tokens } from '../auth/tokens.ts';
import type { Clock } from '../base/clock.ts';
import { limits as bounds } from '../base/limits.ts';
import type { Logger } from '../base/log.ts';
import type { HostPort } from '../base/network/host-port.ts';
import { formatRoleAddress, type RoleEndpoint } from '../base/network/role-address.ts';
import type { TlsPort } from '../base/network/tls.ts';
import type { Counters } from '../base/process/counters.ts';
import type { Health } from '../base/process/health.ts';
import type { Lifecycle } from '../base/process/lifecycle.ts';
import { version } from '../base/process/version.ts';
import type { ClusterKey } from '../base/secrets/cluster-key.ts';
import { webSocketProtocol } from '../codec/web-socket-request.ts';
import type { Figures } from '../http/metrics.ts';
import type { RoleIdentity, RoleSource } from '../http/status.ts';
import { refusalOfWebSocket, type WebPageRules } from '../http/web-pages.ts';
import type { ConnectionShares } from '../limits/descriptors.ts';
import { PortLimits } from '../limits/port-limits.ts';
import type { ProcessBudget } from '../limits/process-budget.ts';
import { ServerLimits } from '../limits/server-limits.ts';
import type { Arrival, OnArrival } from '../net/arrivals.ts';
import type { ClientStream } from '../net/client-stream.ts';
import { assertFree, TcpPorts } from '../net/tcp-ports.ts';
import { WebSocketHandshakes } from '../net/web-socket-handshakes.ts';
import {
  originOfServer,
  pushAddress,
  type Registry,
  type ServerAnnouncement,
  serverName,
} from '../registry/registry.ts';
import { buildServerApp } from './app.ts';
import { Gateway } from './gateway.ts';
import { type ListenerSettings, listeners } from './listeners.ts';
import { watchServer } from './server-health.ts';

export interface ServerCoreOptions {
  readonly routes: RouteApi;
  /** Routes that can be asked, as far as is known. */
  readonly usableRoutes: () => number;
  readonly registry: Registry;
  /** Its ports and limits. */
  readonly settings: ListenerSettings;
  /** The host that others connect to. */
  readonly advertise: string;
  /** Of the secrets that internal callers may know. */
  readonly clusterKeys: () => readonly ClusterKey[];
  /** All ports speak TLS. */
  readonly tls?: TlsPort | undefined;
  /** Of the HTTP port, and of WebSockets. */
  readonly webPages: WebPageRules;
  /** Resolves when people may be let in; at once, if absent. Until then the HTTP port tells how it is. */
  readonly whenReady?: () => Promise<void>;
  /** Lets routes in that call over links to `origin`; returns how to end those. */
  readonly acceptLinks?: (httpServer: Server, api: ServerApi, origin: () => string) => () => void;
  /** Connections at a time. */
  readonly shares: ConnectionShares;
  /** Of the process. */
  readonly budget: ProcessBudget;
  readonly clock: Clock;
  readonly log: Logger;
  readonly counters: Counters;
  readonly figures: (identity: RoleIdentity) => Figures;
  readonly health: Health;
  /** Gets a step for everything that is opened. */
  readonly lifecycle: Lifecycle;
}

export interface ServerCore {
  readonly api: ServerApi;
  readonly status: RoleSource;
  /** Random id of this process. */
  readonly instance: string;
  /** As others connect to it, by kind. */
  readonly addresses: Readonly<Record<string, HostPort>>;
  /** From now on logins may be sent here. Returns how to take that back. */
  announce(): Promise<() => Promise<void>>;
}

type Accept = (stream: ClientStream, arrival: Arrival, subProtocol?: string) => void;

/** How often the registry is told how many connections there are. */
const loadMs = 2_000;

/** Rejects with `port-taken`. */
export async function openServerCore(options: ServerCoreOptions): Promise<ServerCore> {
  const { routes, usableRoutes, registry, settings, acceptLinks, clock, log, lifecycle } = options;
  const { host } = settings;
  const instance = randomBytes(8).toString('hex');
  const told = { host: options.advertise, tls: options.tls !== undefined };
  // As others know it. Nobody asks before it is listened on.
  let httpPort = 0;
  const pushedTo = () => pushAddress({ address: [{ kind: 'http', ...told, port: httpPort }] });
  const { counters, health } = options;
  /** Complete when it listens everywhere. */
  const address: RoleEndpoint[] = [];
  let announcement: ServerAnnouncement | undefined;
  // A registry that does not answer must not keep people here: it sees the end of the process.
  const withdraw = async () => {
    const isDue = new Promise<void>((resolve) => clock.setTimeout(resolve, bounds.withdrawMsMax));
    await Promise.race([announcement?.withdraw(), isDue]);
  };
  const tokens = new Tokens({
    clusterKeys: options.clusterKeys,
    // A server makes none.
    lifetimeMs: 0,
    now: () => clock.now(),
  });
  const limits = new ServerLimits(settings, () => clock.monotonic());
  const gateway = new Gateway({
    routes,
    tokens,
    limits,
    budget: options.budget,
    topicsOpen: settings.topicsOpen,
    instance,
    address: pushedTo,
    withdraw,
    counters,
    clock,
    log,
  });

  const ports = listeners.flatMap((listener) => {
    const port = listener.port(settings);
    return port === undefined
      ? []
      : {
          ...listener,
          port,
          wire: listener.wire(gateway),
          others: listener.others?.(settings, gateway) ?? {},
        };
  });
  const portLimits = new PortLimits(settings, options.shares.http, counters);
  counters.gauge(
    'outbox.bytes',
    'bytes that others make the process hold: what waits for readers, pages, half read frames',
    () => options.budget.heldBytes,
  );
  counters.gauge(
    'connections.behind',
    'connections that do not keep up with reading, as it is',
    () => gateway.behindCount,
  );
  watchServer(health, { gateway, registry, usableRoutes, clock });
  const figures = options.figures({
    about: () => ({
      role: 'server',
      instance,
      address: serverName({ address }),
      version,
      talkers: gateway.talkers.most(bounds.talkersToldMax),
      warnings: [],
    }),
    health,
  });
  let isOpen = false;
  const app = buildServerApp(
    ports.flatMap(({ wire }) => wire.endpoints),
    { ...options, ...{ portLimits, health, figures, version }, isOpen: () => isOpen },
  );
  lifecycle.onStop('HTTP port of the server', () => app.close());
  const origin = () => originOfServer(pushedTo());
  if (acceptLinks)
    lifecycle.onStop('links from routes', acceptLinks(app.server, gateway.api, origin));
  const http = await app.listen({ host, port: settings.httpPort, option: '--http-port' });
  // What is wrong with the other ports is told now, not when everybody else has been found.
  for (const { port, option } of ports) await assertFree({ host, port, option });
  await options.whenReady?.();
  isOpen = true;
  httpPort = settings.advertiseHttpPort ?? http.port;
  // Ended before the links: until the last has gone, its messages are pushed.
  lifecycle.onStop('connections', () => gateway.stop());
  const isTrustedProxy = (peer: string) => limits.addresses.isTrustedProxy(peer);
  const tcpPorts = new TcpPorts({
    connectionsMax: options.shares.tcp,
    tls: options.tls,
    clock,
    isTrustedProxy,
    counters: gateway.counters.arrivals,
  });
  lifecycle.onStop('TCP ports', () => tcpPorts.close());
  const handshakes = new WebSocketHandshakes({
    clock,
    isTrustedProxy,
    crowd: limits.crowd,
    pageRefusal: (request, isFromHere) => refusalOfWebSocket(request, options.webPages, isFromHere),
    counters: gateway.counters.arrivals,
  });
  lifecycle.onStop('handshakes', () => handshakes.stop());
  for (const {
    kind,
    isWebSocket,
    port,
    option,
    advertisedPort,
    publicUrl,
    wire,
    others,
  } of ports) {
    const accept: Accept = (stream, arrival, protocol) =>
      gateway.accept(stream, arrival, others[protocol ?? webSocketProtocol] ?? wire);
    const onArrival: OnArrival = isWebSocket
      ? (socket, arrival) =>
          handshakes.take(socket, arrival, [webSocketProtocol, ...Object.keys(others)], accept)
      : accept;
    const open = await tcpPorts.listen({ host, port, option }, onArrival);
    const url = publicUrl(settings);
    const endpoint = { kind, ...told, port: advertisedPort(settings) ?? open };
    address.push(url === undefined ? endpoint : { ...endpoint, url });
  }
  address.push({ kind: 'http', ...told, port: httpPort });

  return {
    api: gateway.api,
    status: figures.status,
    instance,
    addresses: Object.fromEntries(address.map(({ kind, host, port }) => [kind, { host, port }])),
    async announce() {
      const server = { instance, address, version, connections: 0 };
      announcement = await registry.announceServer(server);
      gateway.begin();
      const tellLoad = () => announcement?.updateLoad({ connections: gateway.connectionCount });
      const load = clock.setInterval(tellLoad, loadMs);
      lifecycle.onStop('load', () => load.cancel());
      log.info({ instance, address: formatRoleAddress(server.address) }, 'the server is announced');
      return withdraw;
    },
  };
}
