/** Ports that are listened on: every address of the machine, and why one cannot be had. */
import { CimError } from '../errors.ts';
import { type HostPort, isLinkLocal } from './host-port.ts';

/** What to do about it, by the code that the system gives. */
const reasons: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL:
    'this machine does not have that address: --host takes one of its own (ip address lists them), what others connect to is --advertise',
  EACCES:
    'that is not permitted: ports below 1024 are for root, or for who has CAP_NET_BIND_SERVICE; others are free to take',
  EPERM: 'that is not permitted to this process',
  EMFILE: 'this process has no file descriptors left: raise ulimit -n',
  ENFILE: 'this machine has no file descriptors left: raise fs.file-max',
  ENOBUFS: 'this machine has no memory left for sockets',
  ENOMEM: 'this machine has no memory left for sockets',
  EAFNOSUPPORT: 'this machine does not speak that kind of address: IPv6 is switched off',
  ENODEV: 'this machine has no link of that name (ip link lists them)',
  ENXIO: 'this machine has no link of that name (ip link lists them)',
  ENOTFOUND: 'no address is known for that name',
  EAI_AGAIN: 'no name server answers: give an address instead of a name',
};

/** A place to listen at. */
export interface ListeningAddress extends HostPort {
  /** What the port is set by, `--http-port`. */
  readonly option?: string;
}

/** `port-taken`, with what was wrong and what to do. */
export function listenFailure(
  what: 'TCP' | 'HTTP',
  address: ListeningAddress,
  cause: unknown,
): CimError {
  const { host, port } = address;
  const code = codeOf(cause);
  const where = `${what} port ${port} on ${host} cannot be listened on`;
  const needsZone = code === 'EINVAL' && isLinkLocal(host);
  const reason = needsZone
    ? `an address of one link needs the name of that link behind it, like ${host.split('%')[0]}%eth0`
    : code === 'EADDRINUSE'
      ? inUse(address)
      : reasons[code];
  if (reason === undefined) return new CimError('port-taken', where, { cause });
  return new CimError('port-taken', `${where}: ${reason} (${code})`);
}

function inUse({ option }: ListeningAddress): string {
  const instead = option === undefined ? '' : ` with ${option}`;
  return (
    'something else listens there already, perhaps another cim (ss -ltnp tells what): ' +
    `stop it, or choose another port${instead} (0 takes a free one)`
  );
}

/**
 * Listens on `::`, which is every address, where the machine has IPv6, and else on every address of
 * IPv4; on any other host as it is.
 */
export async function listenOn<Result>(
  host: string,
  listen: (host: string) => Promise<Result>,
): Promise<Result> {
  try {
    return await listen(host);
  } catch (error) {
    if (host !== '::' || !lacksIPv6(error)) throw error;
    return listen('0.0.0.0');
  }
}

function lacksIPv6(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL';
}

function codeOf(error: unknown): string {
  const hasCode = typeof error === 'object' && error !== null && 'code' in error;
  const code: unknown = hasCode ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}
