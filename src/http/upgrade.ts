/**
 * A long-lived byte stream between two roles, opened as an HTTP upgrade: it shares the role's port.
 * Both ends prove to know the cluster secret (src/auth/link-proof.ts): the nonces and the dialled
 * end's proofs are in headers, the dialler's proof is the first that it writes on the stream. What
 * the bytes after that mean is src/link/'s business.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Agent } from 'undici';
import {
  answerAsDialler,
  drawNonce,
  isNonce,
  isProofOfDialler,
  type LinkHandshake,
  proofCharacters,
  proveAsDialled,
} from '../auth/link-proof.ts';
import { CimError, describeError } from '../base/errors.ts';
import { ignore } from '../base/ignore.ts';
import { limits } from '../base/limits.ts';
import type { TlsDialling } from '../base/network/tls.ts';
import { describeTlsFailure } from '../base/network/tls-failures.ts';
import type { Counter, Counters } from '../base/process/counters.ts';
import type { ClusterKey } from '../base/secrets/cluster-key.ts';
import { groupOf } from '../limits/addresses.ts';
import { tlsAgent } from './tls-agent.ts';

const protocol = 'cim-link/2';
const path = '/internal/link';
const nonceHeader = 'cim-nonce';
const proofsHeader = 'cim-proofs';
/** A peer whose network vanished without a sign is found out, at the end that only answers. */
const keepAliveMs = 30_000;

/**
 * Other protocols are not ours to refuse: a JDK's HTTP client offers h2c with every request, and
 * means to be answered in HTTP/1.1. No role runs in a web page: what one asks for is a request, and
 * refused as such.
 */
export function isOwnUpgrade({ headers }: IncomingMessage): boolean {
  return headers.upgrade === protocol && headers.origin === undefined;
}

/** Why a role refuses a link. */
const refusals: Readonly<Record<number, string>> = {
  401: 'it takes only roles with a certificate (--tls-cert) that its --tls-ca has signed',
  403: 'it does not know its cluster secret yet',
  421: 'it is not announced at that address',
};

/** The role that is dialled, and what it is dialled with. */
export interface LinkTarget {
  /** `http://host:port` or `https://`, as it is announced. */
  readonly origin: string;
  readonly role: LinkHandshake['role'];
  /** Undefined until the roles have agreed on a secret. */
  readonly key: ClusterKey | undefined;
  readonly tls: TlsDialling;
}

/**
 * Opens a stream to a role. Rejects with `unavailable`, or `not-allowed` when the role there refuses
 * us, or does not prove to be of this cluster.
 */
export async function dialUpgrade({ origin, role, key, tls }: LinkTarget): Promise<Duplex> {
  if (!key)
    throw new CimError('unavailable', `no link to ${origin}: no cluster secret is known yet`);
  const agent = tlsAgent(tls);
  try {
    const diallerNonce = drawNonce();
    const { socket, dialledNonce, proofs } = await upgrade(agent, origin, diallerNonce);
    const handshake = { role, host: hostOf(origin), diallerNonce, dialledNonce };
    const proof = answerAsDialler(key, handshake, proofs);
    if (proof === undefined) {
      socket.destroy();
      throw refused(origin, 'its cluster secret is another one: it was sent nothing');
    }
    (socket as Socket).setNoDelay(true);
    socket.write(proof);
    return socket;
  } catch (cause) {
    if (cause instanceof CimError) throw cause;
    const tlsFailure = describeTlsFailure(cause);
    const message = `no link to ${origin}: ${tlsFailure ?? describeError(cause)}`;
    // What OpenSSL says of it is for nobody to read.
    throw new CimError('unavailable', message, tlsFailure === undefined ? { cause } : {});
  } finally {
    // The stream is not its any more.
    void agent.destroy();
  }
}

function refused(origin: string, reason: string): CimError {
  return new CimError('not-allowed', `no link to ${origin}: ${reason}`);
}

/** As both ends write it, whatever the port and the case. */
function hostOf(origin: string): string {
  return new URL(origin).host;
}

interface Upgraded {
  readonly socket: Duplex;
  readonly dialledNonce: string;
  readonly proofs: readonly string[];
}

/** undici's own `upgrade` does not tell with what status it was refused. */
function upgrade(agent: Agent, origin: string, diallerNonce: string): Promise<Upgraded> {
  const { promise, resolve, reject } = Promise.withResolvers<Upgraded>();
  const overdue = setTimeout(
    () => reject(new Error(`no answer within ${limits.linkHandshakeMsMax / 1000} s`)),
    limits.linkHandshakeMsMax,
  );
  const headers = { [nonceHeader]: diallerNonce };
  agent.dispatch(
    { origin, path, method: 'GET', upgrade: protocol, headers },
    {
      onRequestStart: () => {},
      onRequestUpgrade: (_controller, _status, answered, socket) => {
        const dialledNonce = answered[nonceHeader];
        const proofs = String(answered[proofsHeader] ?? '').split(' ');
        resolve({ socket, dialledNonce: isNonce(dialledNonce) ? dialledNonce : '', proofs });
      },
      onResponseStart: (_controller, status) => {
        const refusal = refusals[status];
        reject(
          refusal === undefined ? new Error(`it answers ${status}`) : refused(origin, refusal),
        );
      },
      onResponseError: (_controller, error) => reject(error),
    },
  );
  return promise.finally(() => clearTimeout(overdue));
}

export interface UpgradesOptions {
  /** What is listened on. */
  readonly role: LinkHandshake['role'];
  /** As it is announced: `http://host:port` or `https://`. Nobody asks before it is listened on. */
  readonly origin: () => string;
  /** Empty while no secret is known: all are refused. */
  readonly keys: () => readonly ClusterKey[];
  /** Refuses those, too, who have not shown a certificate that the port believes. */
  readonly needsCertificate?: boolean;
  readonly onStream: (stream: Duplex) => void;
  /** Of callers who said a proof that is none; not counted, if absent. */
  readonly wrongProofs?: Pick<Counter, 'value'>;
}

/** For `wrongProofs`: one of a role, for all its ports. */
export function countWrongProofs(counters: Counters): Counter {
  return counters.add('links.wrong-proofs', 'links whose caller did not know the cluster secret');
}

/**
 * Hands every upgrade whose caller has proven to know a secret to `onStream`; refuses the others
 * with one line of HTTP, or by the end of the stream. Returns how to end all streams.
 */
export function acceptUpgrades(server: Server, options: UpgradesOptions): () => void {
  const { role, origin, keys, needsCertificate = false, onStream } = options;
  const { wrongProofs = { value: 0 } } = options;
  const streams = new Set<Duplex>();
  /** With the address from which each came, the oldest first. */
  const unproven = new Map<Duplex, string>();
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on('error', ignore('a broken link is seen, and told, by its calling end'));
    const { [nonceHeader]: diallerNonce, host } = request.headers;
    if (request.url !== path || request.headers.upgrade !== protocol || !isNonce(diallerNonce)) {
      refuse(stream, '404 Not Found', 'there is no such upgrade here');
    } else if (needsCertificate && !(stream instanceof TLSSocket && stream.authorized)) {
      refuse(
        stream,
        '401 Unauthorized',
        'a certificate signed by the authority of roles is needed',
      );
    } else if (keys().length === 0) {
      refuse(stream, '403 Forbidden', 'the cluster secret is not known yet');
    } else if (host !== hostOf(origin())) {
      refuse(stream, '421 Misdirected Request', 'no role is announced here by that address');
    } else {
      streams.add(stream);
      // A socket of an HTTP server stays half open when its peer has ended; nobody wants that here.
      stream.on('end', () => stream.destroy());
      stream.on('close', () => {
        streams.delete(stream);
        unproven.delete(stream);
      });
      makeRoom(unproven);
      unproven.set(stream, groupOf((stream as Socket).remoteAddress ?? ''));
      (stream as Socket).setNoDelay(true).setKeepAlive(true, keepAliveMs);
      const handshake = { role, host, diallerNonce, dialledNonce: drawNonce() };
      stream.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n` +
          `${nonceHeader}: ${handshake.dialledNonce}\r\n` +
          `${proofsHeader}: ${proveAsDialled(keys(), handshake).join(' ')}\r\n\r\n`,
      );
      if (head.length > 0) stream.unshift(head);
      takeProof(stream, (proof) => {
        unproven.delete(stream);
        if (isProofOfDialler(keys(), handshake, proof)) return onStream(stream);
        wrongProofs.value += 1;
        stream.destroy();
      });
    }
  });
  return () => {
    for (const stream of streams) stream.destroy();
  };
}

/**
 * Roles prove themselves at once: of the address that has most of the places, the one goes who has
 * not for longest. So a crowd pushes out its own, and not a role that is about to.
 */
function makeRoom(unproven: Map<Duplex, string>): void {
  if (unproven.size < limits.linkHandshakesMax) return;
  const counts = new Map<string, number>();
  for (const address of unproven.values()) counts.set(address, (counts.get(address) ?? 0) + 1);
  const most = Math.max(...counts.values());
  for (const [stream, address] of unproven) {
    if (counts.get(address) !== most) continue;
    unproven.delete(stream);
    stream.destroy();
    return;
  }
}

/** The first that comes; what follows stays in the stream. */
function takeProof(stream: Duplex, take: (proof: string) => void): void {
  const overdue = setTimeout(() => stream.destroy(), limits.linkHandshakeMsMax);
  stream.once('close', () => clearTimeout(overdue));
  const look = () => {
    const proof: Buffer | null = stream.read(proofCharacters);
    if (proof === null) return;
    clearTimeout(overdue);
    stream.off('readable', look);
    take(proof.toString('latin1'));
  };
  stream.on('readable', look);
}

function refuse(stream: Duplex, status: string, message: string): void {
  const response = `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\nX-Content-Type-Options: nosniff\r\nContent-Length: ${message.length}\r\n\r\n${message}`;
  stream.end(response, () => stream.destroy());
  // A peer that does not read does not stay for that.
  const overdue = setTimeout(() => stream.destroy(), limits.linkHandshakeMsMax);
  stream.on('close', () => clearTimeout(overdue));
}
