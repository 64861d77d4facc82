/**
 * Where ZooKeeper is: the addresses of `--zk`, their resolution, and whether somebody accepts
 * connections there.
 */
import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import { CimError } from '../../base/errors.ts';
import { ignore } from '../../base/ignore.ts';
import { type HostPort, parseHostPort } from '../../base/network/host-port.ts';

export interface Ensemble {
  readonly servers: readonly HostPort[];
  /** A path that is put before all nodes: '' or '/…'. */
  readonly chroot: string;
}

const defaultPort = 2181;

/** `host[:port],…[/chroot]`; a numeric IPv6 host is in brackets. */
export function parseEnsemble(text: string): Ensemble {
  const [, hosts = '', chroot = ''] = /^([^/]*)((?:\/[^/]+)*)$/.exec(text) ?? [];
  if (chroot.includes(','))
    throw refused(text, 'the path comes once, behind the last host: it is the same for all');
  if (/\/\.{1,2}(\/|$)|[\p{Cc}\p{Cs}]/u.test(chroot))
    throw refused(text, 'the path may have no . or .. and no control characters');
  const servers = hosts.split(',').map((each) => {
    const server = parseHostPort(each.trim(), defaultPort);
    if (!server)
      throw refused(text, 'host[:port], separated by commas, and perhaps a path are expected');
    return server;
  });
  return { servers, chroot };
}

function refused(text: string, why: string): CimError {
  return new CimError('bad-config', `not a ZooKeeper address: ${JSON.stringify(text)}: ${why}`);
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
  const socket = connect(endpointOf(server));
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

/**
 * Why a ZooKeeper that accepts connections does not keep them, by its answer to `srvr` (of its four
 * letter words the one that is always allowed); null if that does not tell.
 */
export async function diagnose(server: string, timeoutMs: number): Promise<string | null> {
  const socket = connect(endpointOf(server));
  let answer = '';
  let isAccepted = false;
  const { promise, resolve } = Promise.withResolvers<'closed' | 'silent'>();
  socket.setTimeout(timeoutMs, () => resolve('silent'));
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
  });
  socket.once('connect', () => {
    isAccepted = true;
    socket.write('srvr');
  });
  // `close` follows.
  socket.once('error', ignore('the event close follows'));
  socket.once('close', () => resolve('closed'));
  const end = await promise;
  socket.destroy();
  if (answer.includes('not currently serving requests'))
    return `${server} serves nobody: its ensemble has no quorum`;
  if (isAccepted && end === 'closed' && answer === '')
    return `${server} closes each connection at once: this machine may have as many as ZooKeeper lets one address have (maxClientCnxns)`;
  return null;
}

function endpointOf(server: string): { readonly host: string; readonly port: number } {
  const colon = server.lastIndexOf(':');
  return { host: server.slice(0, colon), port: Number(server.slice(colon + 1)) };
}

function shuffle<T>(items: T[]): T[] {
  return items
    .map((item) => ({ item, key: Math.random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
