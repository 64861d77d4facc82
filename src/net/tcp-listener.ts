/** A TCP port that hands over streams. */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { CimError } from '../base/errors.ts';
import type { TlsPort } from '../base/tls.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface TcpListener {
  readonly port: number;
  /** No more connections; those handed over are their owner's. */
  close(): void;
}

/** Connections that wait to be accepted: a crowd that lost its server comes back all at once. */
const backlog = 4_096;

/**
 * With `tls`, streams are handed over before the handshake, which is then a part of what their owner
 * bounds: until it is done nothing comes, and what is written waits. Rejects with `port-taken`,
 * naming the port.
 */
export function listenTcp(
  { host, port }: { host: string; port: number },
  onStream: (stream: Socket) => void,
  tls?: TlsPort,
): Promise<TcpListener> {
  const onSocket = tls ? (socket: Socket) => onStream(encrypted(socket, tls)) : onStream;
  const server = createServer({ noDelay: true, keepAlive: true }, onSocket);
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new CimError('port-taken', `TCP port ${port} on ${host} cannot be listened on`, { cause }),
      );
    });
    server.listen({ host, port, backlog }, () => {
      server.removeAllListeners('error');
      server.on('error', () => {
        // An accept that failed (no descriptors left, say) concerns one connection that never was.
      });
      resolve({
        port: (server.address() as AddressInfo).port,
        close() {
          // Not waited for: that would be until the last connection has ended, and who ends those
          // waits for this.
          server.close();
        },
      });
    });
  });
}

function encrypted(socket: Socket, { context }: TlsPort): Socket {
  return new TLSSocket(socket, { isServer: true, secureContext: context });
}
