/**
 * Who is there: live servers, which of them may be chosen at login, and routes. Two
 * implementations, one contract (test/contract/registry.ts): `zookeeper/` for a cluster, `local/`
 * within one process. Choosing among the servers is src/balance; a recorded session's push goes to
 * its recorded address whatever is said here.
 */
import { CimError } from '../base/errors.ts';
import { formatHostPort } from '../base/network/host-port.ts';
import {
  endpointOf,
  formatRoleAddress,
  originOf,
  parseRoleAddress,
  type RoleAddress,
  type RoleEndpoint,
} from '../base/network/role-address.ts';

/**
 * A server process that is alive. Two may bear one address for a while: one that crashed, and its
 * successor.
 */
export interface LiveServer {
  /** Drawn by the process at its start, and kept for its life. */
  readonly instance: string;
  /** With an endpoint of kind `tcp` and one of kind `http`. */
  readonly address: RoleAddress;
  readonly version: string;
  /** Open connections; it lags by a few seconds. */
  readonly connections: number;
}

/** A route process that is alive; one per address. */
export interface LiveRoute {
  readonly instance: string;
  /** With an endpoint of kind `http`. */
  readonly address: RoleAddress;
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

  /** Null while it is connected; otherwise what is the matter, in words that strangers may read. */
  readonly problem: string | null;

  /**
   * Always answers, at once. While the registry itself is out of reach this is what was last known,
   * not an empty picture.
   */
  readonly view: RegistryView;

  /**
   * Whether this server process has ended, for all that can be known. False is no proof that it lives:
   * while the registry is out of reach nobody is known to have gone, nor just after it was lost, as
   * those who live may not have come back yet. What is recorded of a server is corrected on this word
   * alone, never because a view does not have it.
   */
  isGone(instance: string): boolean;

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

/** The endpoint of a kind that everybody who is announced has. */
export function endpointOfRole(
  { address }: Pick<LiveServer | LiveRoute, 'address'>,
  kind: 'tcp' | 'http',
): RoleEndpoint {
  const endpoint = endpointOf(address, kind);
  if (!endpoint) throw new Error(`an announced role has an endpoint of kind ${kind}`);
  return endpoint;
}

/**
 * What a server is called below `/cim` and on the hash ring: `host:tcpPort:httpPort`, the Java
 * system's form, with brackets around an IPv6 address, which the Java system does not know.
 */
export function javaName(server: Pick<LiveServer, 'address'>): string {
  return `${formatHostPort(endpointOfRole(server, 'tcp'))}:${endpointOfRole(server, 'http').port}`;
}

/** What people call a server: `host:port` of its port for clients. */
export function serverName(server: Pick<LiveServer, 'address'>): string {
  return formatHostPort(endpointOfRole(server, 'tcp'));
}

/**
 * What sessions are recorded with: how routes reach the server, also when the registry does not know
 * it. The address as text, of the endpoint for routes alone.
 */
export function pushAddress(server: Pick<LiveServer, 'address'>): string {
  return formatRoleAddress([endpointOfRole(server, 'http')]);
}

/** Where routes call a server, by its pushAddress. Throws `unavailable` for what is none. */
export function originOfServer(pushedTo: string): string {
  const endpoint = endpointOf(parseRoleAddress(pushedTo) ?? [], 'http');
  if (endpoint) return originOf(endpoint);
  throw new CimError('unavailable', `${JSON.stringify(pushedTo)} is no address of a server`);
}

/** The base URL of a route. */
export function originOfRoute(route: Pick<LiveRoute, 'address'>): string {
  return originOf(endpointOfRole(route, 'http'));
}

/** What a route is called in the registry: `host:port`. */
export function routeName(route: Pick<LiveRoute, 'address'>): string {
  return formatHostPort(endpointOfRole(route, 'http'));
}
