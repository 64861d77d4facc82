/**
 * Who is there: live servers, which of them may be chosen at login, and routes. Two
 * implementations, one contract (test/contract/registry.ts): `zookeeper/` for a cluster, `local/`
 * within one process. Choosing among the servers is src/balance; a recorded session's push goes to
 * its recorded address whatever is said here.
 */

/**
 * A server process that is alive. Two may bear one address for a while: one that crashed, and its
 * successor.
 */
export interface LiveServer {
  /** Drawn by the process at its start, and kept for its life. */
  readonly instance: string;
  readonly ip: string;
  readonly tcpPort: number;
  readonly httpPort: number;
  /** Both of its ports speak TLS. */
  readonly tls: boolean;
  readonly version: string;
  /** Open connections; it lags by a few seconds. */
  readonly connections: number;
}

/** A route process that is alive; one per address. */
export interface LiveRoute {
  readonly instance: string;
  readonly ip: string;
  readonly port: number;
  /** Its port speaks HTTPS. */
  readonly tls: boolean;
  readonly version: string;
}

/** An immutable picture: a change makes a new one. */
export interface RegistryView {
  /** By instance. */
  readonly servers: ReadonlyMap<string, LiveServer>;
  /**
   * What a login may be sent to: announced and alive, one per address (the newest), in the order of
   * their addresses.
   */
  readonly choosable: readonly LiveServer[];
  /** In the order of their addresses. */
  readonly routes: readonly LiveRoute[];
}

/**
 * `connecting`: not reached yet, the view is empty. `connected`: the view is current and what this
 * process announced is in place. `lost`: the view is the last known, and the registry is being
 * looked for.
 */
export type RegistryState = 'connecting' | 'connected' | 'lost' | 'closed';

export interface Registry {
  readonly state: RegistryState;

  /**
   * Always answers, at once. While the registry itself is out of reach this is what was last known,
   * not an empty picture.
   */
  readonly view: RegistryView;

  /**
   * Called after the view has changed; several changes may be one call. Returns how to stop that.
   */
  onChange(listener: () => void): () => void;

  /**
   * Resolves when the registry is reached for the first time: from then on the view can be relied
   * on.
   */
  whenConnected(): Promise<void>;

  /**
   * Makes a server known: first alive, then choosable. Waits for the registry as long as it takes.
   * From then on it stays known, through any failure of the registry, until the announcement is
   * taken back or the process ends. A predecessor on the same address, whose end nobody has noticed
   * yet, is no longer chosen.
   */
  announceServer(server: LiveServer): Promise<ServerAnnouncement>;

  /** As announceServer, for a route; a predecessor on the same address is replaced. */
  announceRoute(route: LiveRoute): Promise<RouteAnnouncement>;

  /**
   * One secret for all who ask: the one that is there, else the one that `draw` gives. Waits for
   * the registry.
   */
  agreeOnSecret(draw: () => string): Promise<string>;

  /**
   * Takes back what this process announced, and ends promptly even when the registry is out of
   * reach. Idempotent.
   */
  close(): Promise<void>;
}

/**
 * The verbs do not fail: out of reach of the registry they count at once for this process, and
 * there when it is reached again.
 */
export interface ServerAnnouncement {
  /** New connections are told to the others, at most every few seconds. */
  updateLoad(load: { readonly connections: number }): void;
  /** Out of choice, but alive. */
  withdraw(): Promise<void>;
  /** No longer alive. */
  leave(): Promise<void>;
}

export interface RouteAnnouncement {
  leave(): Promise<void>;
}

/** What a server is called in the registry and on the hash ring (J4, J6). */
export function serverAddress({
  ip,
  tcpPort,
  httpPort,
}: Pick<LiveServer, 'ip' | 'tcpPort' | 'httpPort'>): string {
  return `${ip}:${tcpPort}:${httpPort}`;
}

/**
 * What sessions are recorded with: how routes reach the server, also when the registry does not know
 * it. `ip:tcpPort:httpPort`, and `:tls` behind it if it speaks TLS.
 */
export function pushAddress(
  server: Pick<LiveServer, 'ip' | 'tcpPort' | 'httpPort' | 'tls'>,
): string {
  return server.tls ? `${serverAddress(server)}:tls` : serverAddress(server);
}

/** Where the HTTP port of a server is, by its pushAddress. */
export function originOfServer(pushedTo: string): string {
  const [ip, , httpPort, tls] = pushedTo.split(':');
  return `${tls === undefined ? 'http' : 'https'}://${ip}:${httpPort}`;
}

/** The base URL of a route. */
export function originOfRoute(route: Pick<LiveRoute, 'ip' | 'port' | 'tls'>): string {
  return `${route.tls ? 'https' : 'http'}://${routeAddress(route)}`;
}

export function routeAddress({ ip, port }: Pick<LiveRoute, 'ip' | 'port'>): string {
  return `${ip}:${port}`;
}
