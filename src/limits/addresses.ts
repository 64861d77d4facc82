/**
 * Addresses of clients, as far as limits are concerned: which is whose, which are never limited, and
 * whose word on another's address is taken.
 */
import { BlockList, isIP, isIPv4 } from 'node:net';
import { canonicalHost, parseHostPort } from '../base/network/host-port.ts';

export interface AddressSettings {
  /** Networks (`10.0.0.0/8`) or addresses of proxies that say whom they speak for. */
  readonly trustProxy: readonly string[];
  /** Clients on this machine are limited, too. */
  readonly limitLoopback: boolean;
}

export class ClientAddresses {
  readonly #proxies: BlockList;
  readonly #limitLoopback: boolean;

  constructor({ trustProxy, limitLoopback }: AddressSettings) {
    this.#proxies = blockListOf(trustProxy);
    this.#limitLoopback = limitLoopback;
  }

  isTrustedProxy(address: string): boolean {
    return isIn(this.#proxies, address);
  }

  /** Not to be limited by its address. One that is not known (no socket, as in tests) is nobody's. */
  isExempt(address: string): boolean {
    return address === '' || (!this.#limitLoopback && isIn(loopback, address));
  }
}

/**
 * What counts as one address: an IPv6 client has at least a whole /64 to choose from, and is not to
 * escape by choosing. An IPv4 client is the same one in whatever IPv6 address a network translates
 * its own to. What is no address at all (a proxy may pass on anything) is one, too.
 */
export function groupOf(address: string): string {
  const numeric = numericOf(address);
  if (numeric === '') return 'unknown';
  return isIPv4(numeric) ? numeric : networkOf(numeric);
}

/** As proxies write it: with brackets, a port, or both; '' if it is no address. */
function numericOf(address: string): string {
  const host = canonicalHost(address) ?? parseHostPort(address)?.host ?? '';
  const numeric = host.replace(/%.*/, '');
  return isIP(numeric) === 0 ? '' : numeric;
}

/** The first 64 bits; of an IPv4 address behind NAT64's prefix (RFC 6052) that address. */
function networkOf(address: string): string {
  const groups = groupsOf(address);
  const isTranslated = groups.slice(0, 6).join(':') === '64:ff9b:0:0:0:0';
  if (isTranslated) return canonicalHost(`::ffff:${groups.slice(6).join(':')}`) ?? 'unknown';
  return `${groups.slice(0, 4).join(':')}::/64`;
}

/** All eight; in the canonical form none is written as IPv4. */
function groupsOf(address: string): string[] {
  const [left = [], right] = address
    .split('::')
    .map((part) => (part === '' ? [] : part.split(':')));
  const missing = right === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array.from({ length: missing }, () => '0'), ...(right ?? [])];
}

function isIn(list: BlockList, address: string): boolean {
  const numeric = numericOf(address);
  return numeric !== '' && list.check(numeric, isIPv4(numeric) ? 'ipv4' : 'ipv6');
}

function blockListOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const family = isIPv4(address) ? 'ipv4' : 'ipv6';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

const loopback = blockListOf(['127.0.0.0/8', '::1/128']);
