/**
 * The connections of an HTTP server, for its end: Node's server.close() waits for whoever has
 * connected and never asked anything, and for upgraded streams.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

export class ServerSockets {
  readonly #all = new Set<Socket>();
  /** By peer: with TLS, the socket of a request is another object than the one it runs over. */
  readonly #silent = new Map<string, Socket>();

  constructor(server: Server) {
    server.on('connection', (socket) => {
      const peer = peerOf(socket);
      this.#all.add(socket);
      this.#silent.set(peer, socket);
      socket.on('close', () => {
        this.#all.delete(socket);
        if (this.#silent.get(peer) === socket) this.#silent.delete(peer);
      });
    });
    server.on('request', ({ socket }) => this.#silent.delete(peerOf(socket)));
  }

  /** Those over which no request ever came, upgrades included: nobody waits for an answer there. */
  destroySilent(): void {
    for (const socket of this.#silent.values()) socket.destroy();
  }

  destroyAll(): void {
    for (const socket of this.#all) socket.destroy();
  }
}

/** One connection at a time has it. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
