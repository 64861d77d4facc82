/**
 * A long-lived byte stream between two roles, opened as an HTTP upgrade: it shares the role's port,
 * passes proxies that pass upgrades, and carries the cluster secret in a header like every internal
 * call. What the bytes mean is src/link/'s business.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { upgrade } from 'undici';
import { CimError } from '../base/errors.ts';
import { bearsSecret } from '../base/secret.ts';

const protocol = 'cim-link/1';
const path = '/internal/link';
const dialMsMax = 2_000;
/** A peer whose network vanished without a sign is found out, at the end that only answers. */
const keepAliveMs = 30_000;

/**
 * Other protocols are not ours to refuse: a JDK's HTTP client offers h2c with every request, and
 * means to be answered in HTTP/1.1.
 */
export function isOwnUpgrade({ headers }: IncomingMessage): boolean {
  return headers.upgrade === protocol;
}

/**
 * Opens a stream to the role at `origin` (`http://host:port`). Rejects with `unavailable`, or
 * `not-allowed` when the secret is another one.
 */
export async function dialUpgrade(origin: string, secret: string): Promise<Duplex> {
  try {
    const { socket } = await upgrade(`${origin}${path}`, {
      protocol,
      headers: { authorization: `Bearer ${secret}` },
      signal: AbortSignal.timeout(dialMsMax),
    });
    (socket as Socket).setNoDelay(true);
    return socket;
  } catch (error) {
    throw new CimError('unavailable', `no link to ${origin}`, { cause: error });
  }
}

/**
 * Hands every upgrade that carries the secret to `onStream`; refuses the others, and all while no
 * secret is known, with one line of HTTP. Returns how to end all streams.
 */
export function acceptUpgrades(
  server: Server,
  secret: () => string | undefined,
  onStream: (stream: Duplex) => void,
): () => void {
  const streams = new Set<Duplex>();
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on('error', () => {
      // A broken link is seen, and told, by its calling end.
    });
    if (request.url !== path || request.headers.upgrade !== protocol) {
      refuse(stream, '404 Not Found', 'there is no such upgrade here');
    } else if (!bearsSecret(request.headers.authorization, secret())) {
      refuse(stream, '403 Forbidden', 'the cluster secret is missing or another one');
    } else {
      streams.add(stream);
      // A socket of an HTTP server stays half open when its peer has ended; nobody wants that here.
      stream.on('end', () => stream.destroy());
      stream.on('close', () => streams.delete(stream));
      (stream as Socket).setNoDelay(true).setKeepAlive(true, keepAliveMs);
      stream.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`,
      );
      if (head.length > 0) stream.unshift(head);
      onStream(stream);
    }
  });
  return () => {
    for (const stream of streams) stream.destroy();
  };
}

function refuse(stream: Duplex, status: string, message: string): void {
  const response = `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\nX-Content-Type-Options: nosniff\r\nContent-Length: ${message.length}\r\n\r\n${message}`;
  stream.end(response, () => stream.destroy());
}
