/**
 * Where ZooKeeper is: the addresses of `--zk`, their resolution, and whether somebody accepts
 * connections there.
 */
import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import { CimError } from '../../base/errors.ts';

export interface Ensemble {
  readonly servers: readonly { readonly host: string; readonly port: number }[];
  /** A path that is put before all nodes: '' or '/…'. */
  readonly chroot: string;
}

const defaultPort = 2181;

/** `host[:port],…[/chroot]`; a numeric IPv6 host is in brackets. */
export function parseEnsemble(text: string): Ensemble {
  const [, hosts = '', chroot = ''] = /^([^/]*)((?:\/[^/]+)*)$/.exec(text) ?? [];
  const servers = hosts.split(',').map((each) => {
    const [, ipv6, name, port] =
      /^(?:\[([\da-f:.]+)\]|([^:[\]\s]+))(?::(\d+))?$/i.exec(each.trim()) ?? [];
    const host = ipv6 ?? name;
    if (!host) throw new CimError('bad-config', `not a ZooKeeper address: ${JSON.stringify(text)}`);
    return { host, port: Number(port ?? defaultPort) };
  });
  return { servers, chroot };
}

/**
 * Numeric addresses with port, in random order, so that a crowd spreads over the ensemble. Empty
 * when no name can be resolved.
 */
export async function resolveEnsemble({ servers }: Ensemble): Promise<readonly string[]> {
  const resolved = await Promise.all(
    servers.map(async ({ host, port }) => {
      try {
        const addresses = await lookup(host, { all: true });
        return addresses.map(({ address }) => `${address}:${port}`);
      } catch {
        return []; // one unknown name must not hide the others; none at all is told by the caller
      }
    }),
  );
  return shuffle(resolved.flat());
}

/**
 * Rejects unless a TCP connection to `server`, a numeric address and port, can be made in time and
 * before `signal`.
 */
export async function reach(server: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const colon = server.lastIndexOf(':');
  const socket = connect({ host: server.slice(0, colon), port: Number(server.slice(colon + 1)) });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  socket.setTimeout(timeoutMs, () =>
    reject(new CimError('unavailable', `connect ${server}: no answer`)),
  );
  socket.once('connect', resolve);
  socket.once('error', (cause) => reject(new CimError('unavailable', cause.message, { cause })));
  try {
    await promise;
  } finally {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  }
}

function shuffle<T>(items: T[]): T[] {
  return items
    .map((item) => ({ item, key: Math.random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
