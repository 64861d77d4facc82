/**
 * The TCP ports of a server. They hand over sockets once these have something to say (arrivals.ts),
 * and all together never have more of them than they may.
 */
import {
  type AddressInfo,
  createServer,
  type ListenOptions,
  type Server,
  type Socket,
} from 'node:net';
import { TLSSocket } from 'node:tls';
import { ignore } from '../base/ignore.ts';
import { limits } from '../base/limits.ts';
import { type ListeningAddress, listenFailure, listenOn } from '../base/network/listening.ts';
import type { TlsPort } from '../base/network/tls.ts';
import { Arrivals, type ArrivalsOptions, type OnArrival } from './arrivals.ts';
import { closeFollows } from './stream-owner.ts';

export interface TcpPortsOptions extends ArrivalsOptions {
  /** Connections at a time. A few more are handed over, to be told that they are too many. */
  readonly connectionsMax: number;
  readonly tls?: TlsPort | undefined;
}

/** Connections that wait to be accepted: a crowd that lost its server comes back all at once. */
const backlog = 4_096;

/** Rejects with `port-taken` if the port cannot be listened on, as `listen` would. */
export async function assertFree(address: ListeningAddress): Promise<void> {
  const { host, port } = address;
  const server = createServer((socket) => socket.destroy());
  try {
    await listenOn(host, (each) => listening(server, { host: each, port, backlog: 1 }));
  } catch (cause) {
    throw listenFailure('TCP', address, cause);
  }
  await new Promise((resolve) => server.close(resolve));
}

export class TcpPorts {
  readonly #options: TcpPortsOptions;
  readonly #arrivals: Arrivals;
  readonly #open = new Set<Socket>();
  readonly #servers: Server[] = [];
  /** One for all sockets, as is what the arrivals listen with: a closure for each would stay as long. */
  readonly #onClose: (this: Socket) => void;

  constructor(options: TcpPortsOptions) {
    this.#options = options;
    this.#arrivals = new Arrivals(options);
    const remove = (socket: Socket) => {
      this.#open.delete(socket);
      this.#arrivals.remove(socket);
    };
    this.#onClose = function () {
      remove(this);
    };
  }

  /**
   * With `tls`, sockets are handed over before the handshake, which is then a part of what their
   * owner bounds: until it is done nothing comes, and what is written waits. Returns the port.
   * Rejects with `port-taken`, naming the port and why.
   */
  async listen(address: ListeningAddress, onArrival: OnArrival): Promise<number> {
    const { host, port } = address;
    const { tls } = this.#options;
    const onSocket = tls ? encrypting(tls, onArrival) : onArrival;
    const server = createServer({ noDelay: true, keepAlive: true }, (socket) =>
      this.#add(socket, onSocket),
    );
    try {
      await listenOn(host, (each) => listening(server, { host: each, port, backlog }));
    } catch (cause) {
      throw listenFailure('TCP', address, cause);
    }
    server.on(
      'error',
      ignore(
        'an accept that failed (no descriptors left, say) concerns one connection that never was',
      ),
    );
    this.#servers.push(server);
    return (server.address() as AddressInfo).port;
  }

  /**
   * No more connections; those handed over are their owner's. Not waited for: that would be until
   * the last connection has ended, and who ends those waits for this.
   */
  close(): void {
    for (const server of this.#servers) server.close();
    this.#arrivals.stop();
  }

  #add(socket: Socket, onArrival: OnArrival): void {
    const { connectionsMax, counters } = this.#options;
    if (this.#open.size >= connectionsMax) {
      const evicted = this.#arrivals.makeRoom();
      if (evicted) this.#open.delete(evicted);
    }
    if (this.#open.size >= connectionsMax + limits.connectionsOverMax) {
      counters.refused.value += 1;
      socket.destroy();
      return;
    }
    const isOver = this.#open.size >= connectionsMax;
    this.#open.add(socket);
    socket.on('close', this.#onClose);
    this.#arrivals.add(socket, isOver, onArrival);
  }
}

function listening(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** A proxy's word comes in the clear; what follows is the client's handshake. */
function encrypting(tls: TlsPort, onArrival: OnArrival): OnArrival {
  return (socket, arrival) => {
    socket.on('error', closeFollows);
    onArrival(new TLSSocket(socket, { isServer: true, secureContext: tls.context }), arrival);
  };
}
