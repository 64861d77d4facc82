/**
 * Addresses of clients, as far as limits are concerned: which is whose, which are never limited, and
 * whose word on another's address is taken.
 */
import { BlockList, isIP, isIPv4 } from 'node:net';

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
 * escape by choosing. What is no address at all (a proxy may pass on anything) is one, too.
 */
export function groupOf(address: string): string {
  if (isIP(address) === 0) return 'unknown';
  if (isIPv4(address)) return address;
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  return mapped ?? networkOf(address);
}

/** The first 64 bits. */
function networkOf(address: string): string {
  const [head = '', tail] = address.replace(/%.*/, '').split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail ? tail.split(':') : [];
  // An IPv4 address at the end stands for two groups, which are not among the first four here.
  const missing = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array.from({ length: missing }, () => '0'), ...right];
  const first = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${first.join(':')}::/64`;
}

function isIn(list: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
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
