/**
 * What the nodes are called and what is in them (J4 for `/cim`; the others are ours). Other
 * versions of cim read them too.
 */
import { type LiveRoute, type LiveServer, routeAddress, serverAddress } from '../registry.ts';

/** Below the chroot of `--zk`. Ephemeral children of … */
export const folders = {
  /** … `<ip>:<tcpPort>:<httpPort>`, empty: may be chosen at login. */
  choosable: '/cim',
  /** … `<instance>`, JSON: is alive. */
  live: '/cim-live',
  /** … `<ip>:<port>`, JSON: a route. */
  routes: '/cim-route',
} as const;

/** Persistent: the cluster's secret, if it was not set. */
export const secretNode = '/cim-secret';

export function choosablePath(server: LiveServer): string {
  return `${folders.choosable}/${serverAddress(server)}`;
}

export function livePath(server: LiveServer): string {
  return `${folders.live}/${server.instance}`;
}

export function routePath(route: LiveRoute): string {
  return `${folders.routes}/${routeAddress(route)}`;
}

export function encodeServer(server: LiveServer): string {
  const { ip, tcpPort, httpPort, tls, version, connections } = server;
  return JSON.stringify({ ip, tcpPort, httpPort, tls, version, connections });
}

/** Undefined for what is not a server's node. */
export function decodeServer(instance: string, data: string): LiveServer | undefined {
  const fields = parseObject(data);
  if (!fields) return undefined;
  const { ip, tcpPort, httpPort, tls, version, connections } = fields;
  if (!isHost(ip) || !isPort(tcpPort) || !isPort(httpPort)) return undefined;
  return {
    instance,
    ip,
    tcpPort,
    httpPort,
    tls: tls === true,
    version: typeof version === 'string' ? version : '',
    connections: typeof connections === 'number' ? connections : 0,
  };
}

export function encodeRoute({ ip, port, tls, instance, version }: LiveRoute): string {
  return JSON.stringify({ ip, port, tls, instance, version });
}

/** Undefined for what is not a route's node. */
export function decodeRoute(data: string): LiveRoute | undefined {
  const fields = parseObject(data);
  if (!fields) return undefined;
  const { ip, port, tls, instance, version } = fields;
  if (!isHost(ip) || !isPort(port) || typeof instance !== 'string') return undefined;
  return {
    ip,
    port,
    tls: tls === true,
    instance,
    version: typeof version === 'string' ? version : '',
  };
}

function parseObject(data: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined; // somebody else's node
  }
}

function isHost(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= 65_535;
}
