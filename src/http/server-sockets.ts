/**
 * The connections of an HTTP server, for its end: Node's server.close() waits for whoever has
 * connected and never asked anything, and for upgraded streams.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

export class ServerSockets {
  readonly #all = new Set<Socket>();
  readonly #silent = new Set<Socket>();

  constructor(server: Server) {
    server.on('connection', (socket) => {
      this.#all.add(socket);
      this.#silent.add(socket);
      socket.on('close', () => {
        this.#all.delete(socket);
        this.#silent.delete(socket);
      });
    });
    server.on('request', ({ socket }) => this.#silent.delete(socket));
  }

  /** Those over which no request ever came, upgrades included: nobody waits for an answer there. */
  destroySilent(): void {
    for (const socket of this.#silent) socket.destroy();
  }

  destroyAll(): void {
    for (const socket of this.#all) socket.destroy();
  }
}
