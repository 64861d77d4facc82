/**
 * Hosts and ports as text: `[fd00::1]:9000` ↔ the host `fd00::1` and the port 9000. Everything that
 * reads or writes such a pair does it here, so an IPv6 address has its brackets everywhere, and one
 * address has one form.
 */
import { limits } from '../limits.ts';

const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

export interface HostPort {
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
}

/** With brackets around an IPv6 address. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * `host:port`, or `host` where there is a port to take instead. An IPv6 address needs its brackets.
 * Undefined for anything else.
 */
export function parseHostPort(text: string, portIfNone?: number): HostPort | undefined {
  const [, given = '', digits] = /^(\[[^[\]]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = canonicalHost(given);
  const port = digits === undefined ? portIfNone : Number(digits);
  return host !== undefined && isPort(port) ? { host, port } : undefined;
}

/**
 * The one form of a host: `FD00:0::1` and `[fd00::1]` are `fd00::1`, an IPv4 address that is mapped
 * to IPv6 is that of IPv4. A name stays as it is. Undefined: it is none.
 */
export function canonicalHost(text: string): string | undefined {
  if (text.length > limits.hostCharactersMax) return undefined;
  const host = /^\[(.*:.*)\]$/.exec(text)?.[1] ?? text;
  if (host.includes(':')) return canonicalIPv6(host);
  // What looks like an IPv4 address has to be one, or it would go to the name server.
  if (/^[\d.]+$/.test(host)) return ipv4.test(host) ? host : undefined;
  return /^\w([\w.-]*\w)?$/.test(host) ? host : undefined;
}

export function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= 65_535;
}

/**
 * Whether others can connect to this host when they are told it: not to "every address", and not to
 * an address that is good on one link only, as which link that is differs from machine to machine.
 */
export function mayBeTold(host: string): boolean {
  return host !== '::' && host !== '0.0.0.0' && !isLinkLocal(host);
}

/** `fe80::/10`, or anything with a zone behind it, like `fe80::1%eth0`. */
export function isLinkLocal(host: string): boolean {
  return host.includes('%') || /^fe[89ab][\da-f]:/i.test(host);
}

function canonicalIPv6(host: string): string | undefined {
  const [, address = '', zone] = /^([\da-f:.]+)(?:%([\w.-]+))?$/i.exec(host) ?? [];
  const canonical = URL.parse(`http://[${address}]`)?.hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(canonical ?? '') ?? [];
  if (high !== undefined && low !== undefined) return ipv4Of(high, low);
  return zone === undefined || canonical === undefined ? canonical : `${canonical}%${zone}`;
}

function ipv4Of(...groups: readonly string[]): string {
  return groups
    .map((group) => Number.parseInt(group, 16))
    .flatMap((group) => [group >> 8, group & 0xff])
    .join('.');
}
