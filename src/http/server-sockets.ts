/**
 * The connections of an HTTP server: never more than there may be, so that links between roles, which
 * come by the same port, always find room; and all of them at its end, as Node's server.close() waits
 * for whoever has connected and never asked anything, and for upgraded streams.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { PortLimits } from '../limits/port-limits.ts';

export class ServerSockets {
  readonly #limits: PortLimits | undefined;
  readonly #all = new Set<Socket>();
  /** By peer: with TLS, the socket of a request is another object than the one it runs over. */
  readonly #silent = new Map<string, Socket>();
  /** Over which nothing is being answered: the one for which that is longest comes first. */
  readonly #idle = new Map<string, Socket>();

  constructor(server: Server, limits?: PortLimits) {
    this.#limits = limits;
    server.on('connection', (socket) => this.#add(socket));
    server.on('request', ({ socket }, response) => {
      const peer = peerOf(socket);
      const idle = this.#idle.get(peer);
      this.#silent.delete(peer);
      this.#idle.delete(peer);
      if (idle) response.on('close', () => this.#rest(peer, idle));
    });
    server.on('upgrade', ({ socket }) => {
      this.#idle.delete(peerOf(socket));
      // Where nobody takes links, Node.js would have ended it if we did not listen.
      if (server.listenerCount('upgrade') === 1) socket.destroy();
    });
  }

  #add(socket: Socket): void {
    const peer = peerOf(socket);
    const { remoteAddress = '' } = socket;
    if (!this.#hasRoom(remoteAddress)) {
      socket.destroy();
      return;
    }
    this.#all.add(socket);
    this.#silent.set(peer, socket);
    this.#idle.set(peer, socket);
    socket.on('close', () => {
      this.#limits?.leave(remoteAddress);
      this.#forget(peer, socket);
    });
  }

  /** An idle connection makes room for a new one; its peer opens another when it needs one. */
  #hasRoom(address: string): boolean {
    const limits = this.#limits;
    if (!limits) return true;
    const [longestIdle] = this.#idle;
    if (this.#all.size >= limits.connectionsMax) {
      limits.ended.value += 1;
      if (!longestIdle) return false;
      const [peer, socket] = longestIdle;
      this.#forget(peer, socket);
      socket.destroy();
    }
    if (limits.enter(address)) return true;
    limits.ended.value += 1;
    return false;
  }

  #rest(peer: string, socket: Socket): void {
    if (this.#all.has(socket)) this.#idle.set(peer, socket);
  }

  #forget(peer: string, socket: Socket): void {
    this.#all.delete(socket);
    if (this.#silent.get(peer) === socket) this.#silent.delete(peer);
    if (this.#idle.get(peer) === socket) this.#idle.delete(peer);
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
