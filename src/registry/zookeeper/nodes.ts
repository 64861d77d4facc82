/**
 * What the nodes are called and what is in them (`/cim` is the Java system's; the others are ours).
 * Other versions of cim read them too.
 */
import { limits } from '../../base/limits.ts';
import {
  endpointOf,
  formatRoleAddress,
  parseRoleAddress,
  type RoleAddress,
} from '../../base/network/role-address.ts';
import { javaName, type LiveRoute, type LiveServer, routeName } from '../registry.ts';

/** Below the chroot of `--zk`. Ephemeral children of … */
export const folders = {
  /** … `<host>:<tcpPort>:<httpPort>`, empty: may be chosen at login. */
  choosable: '/cim',
  /** … `<instance>`, JSON: is alive. */
  live: '/cim-live',
  /** … `<host>:<port>`, JSON: a route. */
  routes: '/cim-route',
} as const;

/** Persistent: the cluster's secret, if it was not set. */
export const secretNode = '/cim-secret';

export function choosablePath(server: LiveServer): string {
  return `${folders.choosable}/${javaName(server)}`;
}

export function livePath(server: LiveServer): string {
  return `${folders.live}/${server.instance}`;
}

export function routePath(route: LiveRoute): string {
  return `${folders.routes}/${routeName(route)}`;
}

export function encodeServer({ address, version, connections }: LiveServer): string {
  return JSON.stringify({ address: formatRoleAddress(address), version, connections });
}

/** Undefined for what is not a server's node. */
export function decodeServer(instance: string, data: string): LiveServer | undefined {
  const fields = parseObject(data);
  const address = addressIn(fields, ['tcp', 'http']);
  if (!fields || !address || !isName(instance)) return undefined;
  const { version, connections } = fields;
  return {
    instance,
    address,
    version: isName(version) ? version : '',
    connections: typeof connections === 'number' ? connections : 0,
  };
}

export function encodeRoute({ address, instance, version }: LiveRoute): string {
  return JSON.stringify({ address: formatRoleAddress(address), instance, version });
}

/** Undefined for what is not a route's node. */
export function decodeRoute(data: string): LiveRoute | undefined {
  const fields = parseObject(data);
  const address = addressIn(fields, ['http']);
  if (!fields || !address || !isName(fields['instance'])) return undefined;
  const { instance, version } = fields;
  return { instance, address, version: isName(version) ? version : '' };
}

/** One that has endpoints of these kinds. */
function addressIn(
  fields: Record<string, unknown> | undefined,
  kinds: readonly string[],
): RoleAddress | undefined {
  const text = fields?.['address'];
  const address = typeof text === 'string' ? parseRoleAddress(text) : undefined;
  return address && kinds.every((kind) => endpointOf(address, kind)) ? address : undefined;
}

function parseObject(data: string): Record<string, unknown> | undefined {
  if (data.length > limits.registryNodeCharactersMax) return undefined;
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined; // somebody else's node
  }
}

/** An instance, or a version. */
function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= limits.instanceCharactersMax;
}
