/** A network that can be cut, between somebody and a TCP service. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { ignore } from '../base/ignore.ts';

/** Forwards connections to `target`, a port on loopback. */
export class TcpProxy {
  /** Where new connections lead. */
  protected target: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #resetting = new WeakSet<Socket>();
  #isSilent = false;
  #port = 0;

  constructor(target: number) {
    this.target = target;
    this.#server = createServer((near) => this.#forward(near));
  }

  get port(): number {
    return this.#port;
  }

  /** How many are open. */
  get connections(): number {
    return this.#sockets.size / 2;
  }

  /**
   * No byte passes any more, in either direction, and nobody is told: as if a cable were pulled.
   */
  silence(): void {
    this.#isSilent = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** What was held back passes. */
  restore(): void {
    this.#isSilent = false;
    for (const socket of this.#sockets) socket.resume();
  }

  /** Ends every connection; new ones are forwarded. */
  reset(): void {
    for (const socket of this.#sockets) {
      this.#resetting.add(socket);
      // What is being shut down cannot be reset (EINVAL), and Node.js would never close it then.
      if (socket.writable) socket.resetAndDestroy();
      else socket.destroy();
    }
  }

  async listen(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address && typeof address === 'object') this.#port = address.port;
  }

  async stop(): Promise<void> {
    this.reset();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  #forward(near: Socket): void {
    const far = connect(this.target, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      if (this.#isSilent) from.pause();
      from.on('data', (chunk) => to.write(chunk));
      from.on('error', ignore('both ends go together, below'));
      from.on('close', () => {
        this.#sockets.delete(from);
        // Node.js shuts down before it resets: destroyed in between it would meet the same.
        if (!this.#resetting.has(to)) to.destroy();
      });
    }
    this.onForwarding(near, far);
  }

  /** For those who want to do more to a connection: `near` is the caller's end. */
  protected onForwarding(_near: Socket, _far: Socket): void {}
}
