/** Where Redis is: the forms that `--redis` takes. */
import { CimError } from '../../../base/errors.ts';
import { formatHostPort, type HostPort, parseHostPort } from '../../../base/network/host-port.ts';

export interface RedisTarget {
  /** The Redis server, or one node of a Redis Cluster; with `masterName` the sentinels that know it. */
  readonly addresses: readonly [HostPort, ...HostPort[]];
  readonly masterName?: string;
  readonly username?: string;
  readonly password?: string;
  readonly database: number;
  readonly tls: boolean;
  /** For people: without the password. */
  readonly description: string;
}

const portDefault = 6379;
const sentinelPortDefault = 26379;

/**
 * `host`, `host:port`, `redis://[user:password@]host[:port][/database]` or
 * `sentinel://[user:password@]host[:port][,host[:port]…]/master-name`; with `rediss://` and `sentinels://` all connections are TLS.
 * User and password are those of Redis, percent-encoded.
 * Throws `bad-config`; the message never holds the password.
 */
export function parseRedisUrl(text: string): RedisTarget {
  const [, scheme = 'redis', rest = ''] = /^(?:([a-z]+):\/\/)?(.*)$/s.exec(text) ?? [];
  if (!['redis', 'rediss', 'sentinel', 'sentinels'].includes(scheme)) {
    throw refused(
      `the scheme ${scheme}:// is not one of redis://, rediss://, sentinel://, sentinels://`,
    );
  }
  const sentinel = scheme.startsWith('sentinel');
  // The last @ and the first slash after it: a password may hold either.
  const at = rest.lastIndexOf('@');
  const [hosts = '', ...path] = rest.slice(at + 1).split('/');
  const addresses = hosts
    .split(',')
    .map((host) => parseAddress(host, sentinel ? sentinelPortDefault : portDefault));
  const [address, ...others] = addresses;
  if (!address || (others.length > 0 && !sentinel)) {
    throw refused('one host is expected; the other nodes of a Redis Cluster are found through it');
  }
  const where = addresses.map(formatHostPort).join(',');
  const name = path.join('/');
  return {
    addresses: [address, ...others],
    ...parseCredentials(at < 0 ? '' : rest.slice(0, at)),
    ...(sentinel ? { masterName: parseMasterName(name) } : {}),
    database: sentinel ? 0 : parseDatabase(name),
    tls: scheme === 'rediss' || scheme === 'sentinels',
    description: `${scheme}://${where}${name === '' ? '' : `/${name}`}`,
  };
}

function parseAddress(text: string, portIfNone: number): HostPort {
  const address = parseHostPort(text, portIfNone);
  if (!address) throw refused('a host, or host:port, is expected');
  return address;
}

function parseCredentials(text: string): Pick<RedisTarget, 'username' | 'password'> {
  if (text === '') return {};
  const colon = text.indexOf(':');
  try {
    const username = decodeURIComponent(colon < 0 ? text : text.slice(0, colon));
    const password = colon < 0 ? '' : decodeURIComponent(text.slice(colon + 1));
    return { ...(username === '' ? {} : { username }), ...(password === '' ? {} : { password }) };
  } catch {
    throw refused('user and password are to be percent-encoded');
  }
}

function parseMasterName(text: string): string {
  if (!/^[^/\s]+$/.test(text)) throw refused('sentinel:// and sentinels:// end with /master-name');
  return text;
}

function parseDatabase(text: string): number {
  if (!/^\d{0,4}$/.test(text)) throw refused('the path is the number of a database');
  return Number(text);
}

function refused(detail: string): CimError {
  return new CimError('bad-config', `redis: ${detail}`);
}
