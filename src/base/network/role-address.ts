/**
 * The address of a role: a list of endpoints, each with what is spoken there. One text for all who
 * pass it on (the registry, sessions in the store, links), like
 *
 *     kind=tcp host=fd00::1 port=9000 tls=true kind=http host=fd00::1 port=8081 tls=true
 *
 * `kind` begins the next endpoint. Keys and kinds of newer versions are no mistake: keys that are not
 * known are passed over, and whoever does not speak a kind takes another. Answers over HTTP have the
 * same as JSON. What comes from others may be anything, and is bounded before it is looked at.
 */

import { limits } from '../limits.ts';
import { canonicalHost, formatHostPort, type HostPort, isPort } from './host-port.ts';

export interface RoleEndpoint extends HostPort {
  /**
   * What is spoken there: `tcp` is the frames of clients, `ws` the same over WebSocket, `http` is HTTP, and
   * links between roles.
   */
  readonly kind: string;
  /** In its canonical form, without a zone. */
  readonly host: string;
  readonly tls: boolean;
  /** What those outside call instead of host and port, where something stands in front. */
  readonly url?: string;
}

/** Where a server is asked for a WebSocket. */
export const webSocketPath = '/ws';

/** In the order in which they are to be tried; there is at least one. */
export type RoleAddress = readonly RoleEndpoint[];

export function formatRoleAddress(address: RoleAddress): string {
  return address
    .map(({ kind, host, port, tls, url }) => {
      const rest = `${tls ? ' tls=true' : ''}${url === undefined ? '' : ` url=${url}`}`;
      return `kind=${kind} host=${host} port=${port}${rest}`;
    })
    .join(' ');
}

/** Undefined for what is no address. */
export function parseRoleAddress(text: string): RoleAddress | undefined {
  if (text.length > limits.roleAddressCharactersMax) return undefined;
  const found: Map<string, string>[] = [];
  for (const field of text.split(' ')) {
    const [, key = '', value = ''] = /^([^=]+)=(.*)$/s.exec(field) ?? [];
    if (key === 'kind') found.push(new Map());
    const endpoint = found.at(-1);
    if (key === '' || !endpoint || endpoint.has(key)) return undefined;
    endpoint.set(key, value);
  }
  return allOf(found.map(endpointOfText));
}

/** The same from JSON that somebody has answered. */
export function roleAddressOfJson(value: unknown): RoleAddress | undefined {
  if (!Array.isArray(value) || value.length > limits.roleEndpointsMax) return undefined;
  return allOf(
    value.map((each: unknown) =>
      typeof each === 'object' && each !== null ? checked({ ...each }) : undefined,
    ),
  );
}

/** The first endpoint of a kind. */
export function endpointOf(address: RoleAddress, kind: string): RoleEndpoint | undefined {
  return address.find((endpoint) => endpoint.kind === kind);
}

/** Of an endpoint that speaks HTTP: `https://[fd00::1]:8081`. */
export function originOf(endpoint: Pick<RoleEndpoint, 'host' | 'port' | 'tls'>): string {
  return `${endpoint.tls ? 'https' : 'http'}://${formatHostPort(endpoint)}`;
}

/** Where browsers reach a server: `ws://127.0.0.1:8082/ws`. Undefined: it has no WebSocket. */
export function webSocketUrlOf(address: RoleAddress): string | undefined {
  const endpoint = endpointOf(address, 'ws');
  if (!endpoint) return undefined;
  const own = () => `${endpoint.tls ? 'wss' : 'ws'}://${formatHostPort(endpoint)}${webSocketPath}`;
  return endpoint.url ?? own();
}

function allOf(found: readonly (RoleEndpoint | undefined)[]): RoleAddress | undefined {
  const endpoints = found.filter((endpoint) => endpoint !== undefined);
  const { length } = endpoints;
  const isWhole = length === found.length && length > 0 && length <= limits.roleEndpointsMax;
  return isWhole ? endpoints : undefined;
}

function endpointOfText(fields: ReadonlyMap<string, string>): RoleEndpoint | undefined {
  const digits = fields.get('port') ?? '';
  return checked({
    kind: fields.get('kind'),
    host: fields.get('host'),
    port: /^[1-9]\d{0,4}$/.test(digits) ? Number(digits) : undefined,
    tls: booleanOf(fields.get('tls') ?? 'false'),
    url: fields.get('url'),
  });
}

function booleanOf(text: string): boolean | undefined {
  return text === 'true' || (text === 'false' ? false : undefined);
}

type Unchecked = Readonly<Partial<Record<keyof RoleEndpoint, unknown>>>;

function checked({ kind, host, port, tls, url }: Unchecked): RoleEndpoint | undefined {
  if (typeof kind !== 'string' || !/^[a-z][a-z\d-]{0,15}$/.test(kind)) return undefined;
  const canonical = typeof host === 'string' ? canonicalHost(host) : undefined;
  // A zone names a link of the machine where it was written.
  if (canonical === undefined || canonical.includes('%')) return undefined;
  if (!isPort(port) || typeof tls !== 'boolean') return undefined;
  const endpoint = { kind, host: canonical, port, tls };
  if (url === undefined) return endpoint;
  return isPublicUrl(url) ? { ...endpoint, url } : undefined;
}

/** In the one form that a URL has, which holds no space; nor may it hold a password. */
function isPublicUrl(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > limits.publicUrlCharactersMax) return false;
  const url = URL.parse(value);
  return url?.href === value && url.host !== '' && url.username === '' && url.password === '';
}
