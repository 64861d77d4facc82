/**
 * A long-lived byte stream between two roles, opened as an HTTP upgrade: it shares the role's port,
 * passes proxies that pass upgrades, and carries the cluster secret in a header like every internal
 * call. What the bytes mean is src/link/'s business.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Agent } from 'undici';
import { CimError, describeError } from '../base/errors.ts';
import { bearerOf, isOneOf } from '../base/secret.ts';
import type { TlsDialling } from '../base/tls.ts';
import { describeTlsFailure } from '../base/tls-failures.ts';
import { tlsAgent } from './tls-agent.ts';

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

/** Why a role refuses a link. */
const refusals: Readonly<Record<number, string>> = {
  401: 'it takes only roles with a certificate (--tls-cert) that its --tls-ca has signed',
  403: 'its cluster secret is another one, or not known yet',
};

/**
 * Opens a stream to the role at `origin` (`http://host:port` or `https://`). Rejects with
 * `unavailable`, or `not-allowed` when the role there refuses us.
 */
export async function dialUpgrade(
  origin: string,
  secret: string,
  tls: TlsDialling,
): Promise<Duplex> {
  const agent = tlsAgent(tls);
  try {
    const socket = await upgrade(agent, origin, secret);
    (socket as Socket).setNoDelay(true);
    return socket;
  } catch (cause) {
    if (cause instanceof CimError) throw cause;
    const reason = describeTlsFailure(cause) ?? describeError(cause);
    throw new CimError('unavailable', `no link to ${origin}: ${reason}`, { cause });
  } finally {
    // The stream is not its any more.
    void agent.destroy();
  }
}

/** undici's own `upgrade` does not tell with what status it was refused. */
function upgrade(agent: Agent, origin: string, secret: string): Promise<Duplex> {
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  const overdue = setTimeout(
    () => reject(new Error(`no answer within ${dialMsMax / 1000} s`)),
    dialMsMax,
  );
  const headers = { authorization: `Bearer ${secret}` };
  agent.dispatch(
    { origin, path, method: 'GET', upgrade: protocol, headers },
    {
      onRequestStart: () => {},
      onRequestUpgrade: (_controller, _status, _headers, socket) => resolve(socket),
      onResponseStart: (_controller, status) => {
        const refusal = refusals[status];
        reject(
          refusal === undefined
            ? new Error(`it answers ${status}`)
            : new CimError('not-allowed', `no link to ${origin}: ${refusal}`),
        );
      },
      onResponseError: (_controller, error) => reject(error),
    },
  );
  return promise.finally(() => clearTimeout(overdue));
}

/**
 * Hands every upgrade that carries one of the secrets to `onStream`; refuses the others, and all
 * while none is known, with one line of HTTP. `needsCertificate`: and those who have not shown a
 * certificate that the port believes. Returns how to end all streams.
 */
export function acceptUpgrades(
  server: Server,
  secrets: () => readonly string[],
  onStream: (stream: Duplex) => void,
  { needsCertificate = false }: { readonly needsCertificate?: boolean } = {},
): () => void {
  const streams = new Set<Duplex>();
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on('error', () => {
      // A broken link is seen, and told, by its calling end.
    });
    if (request.url !== path || request.headers.upgrade !== protocol) {
      refuse(stream, '404 Not Found', 'there is no such upgrade here');
    } else if (needsCertificate && !(stream instanceof TLSSocket && stream.authorized)) {
      refuse(
        stream,
        '401 Unauthorized',
        'a certificate signed by the authority of roles is needed',
      );
    } else if (!isOneOf(bearerOf(request.headers.authorization), secrets())) {
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
