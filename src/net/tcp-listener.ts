/**
 * A TCP port that hands over sockets once they have something to say (arrivals.ts), and never has
 * more of them than it may.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { CimError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { TlsPort } from '../base/tls.ts';
import { Arrivals, type ArrivalsOptions } from './arrivals.ts';
import { ignore } from './stream-owner.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface TcpListenerOptions extends Address, ArrivalsOptions {
  /** Connections at a time. A few more are handed over, to be told that they are too many. */
  readonly connectionsMax: number;
  readonly tls?: TlsPort | undefined;
}

export interface TcpListener {
  readonly port: number;
  /** No more connections; those handed over are their owner's. */
  close(): void;
}

/** Connections that wait to be accepted: a crowd that lost its server comes back all at once. */
const backlog = 4_096;

/**
 * With `tls`, sockets are handed over before the handshake, which is then a part of what their owner
 * bounds: until it is done nothing comes, and what is written waits. Rejects with `port-taken`,
 * naming the port.
 */
export function listenTcp(options: TcpListenerOptions): Promise<TcpListener> {
  const { host, port, connectionsMax, counters, tls } = options;
  const arrivals = new Arrivals(
    tls ? { ...options, onArrival: encrypting(tls, options) } : options,
  );
  const open = new Set<Socket>();
  // One for all sockets, as is what the arrivals listen with: a closure for each would stay as long
  // as the socket.
  function onClose(this: Socket): void {
    open.delete(this);
    arrivals.remove(this);
  }
  const onSocket = (socket: Socket) => {
    if (open.size >= connectionsMax) {
      const evicted = arrivals.makeRoom();
      if (evicted) open.delete(evicted);
    }
    if (open.size >= connectionsMax + limits.connectionsOverMax) {
      counters.refused.value += 1;
      socket.destroy();
      return;
    }
    const isOver = open.size >= connectionsMax;
    open.add(socket);
    socket.on('close', onClose);
    arrivals.add(socket, isOver);
  };
  const server = createServer({ noDelay: true, keepAlive: true }, onSocket);
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      arrivals.stop();
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
          arrivals.stop();
        },
      });
    });
  });
}

/** A proxy's word comes in the clear; what follows is the client's handshake. */
function encrypting(tls: TlsPort, { onArrival }: ArrivalsOptions): ArrivalsOptions['onArrival'] {
  return (socket, arrival) => {
    socket.on('error', ignore);
    onArrival(new TLSSocket(socket, { isServer: true, secureContext: tls.context }), arrival);
  };
}
