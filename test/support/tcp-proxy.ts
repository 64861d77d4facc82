/** Networks that can be cut, and that break by themselves, gone at teardown. */
import type { Socket } from 'node:net';
import { TcpProxy } from '../../src/processes/tcp-proxy.ts';
import { onTeardown } from './teardown.ts';

/** Forwards connections to `target`, a port on loopback. */
export async function startTcpProxy(target: number): Promise<BreakableProxy> {
  const proxy = new BreakableProxy(target);
  await proxy.listen();
  onTeardown(() => proxy.stop());
  return proxy;
}

/** Forwards, and listens in. */
export async function startRecordingProxy(target: number): Promise<RecordingProxy> {
  const proxy = new RecordingProxy(target);
  await proxy.listen();
  onTeardown(() => proxy.stop());
  return proxy;
}

/** Forwards, and can be closed to some callers, by their addresses. */
export async function startPartedProxy(target: number): Promise<PartedProxy> {
  const proxy = new PartedProxy(target);
  await proxy.listen();
  onTeardown(() => proxy.stop());
  return proxy;
}

export class PartedProxy extends TcpProxy {
  readonly #pairs = new Set<{ readonly caller: string; readonly sockets: readonly Socket[] }>();
  #isCutOff: (caller: string) => boolean = () => false;

  /** No byte passes any more from or to these callers, and nobody is told. */
  cutOff(isCutOff: (caller: string) => boolean): void {
    this.#isCutOff = isCutOff;
    for (const { caller, sockets } of this.#pairs)
      for (const socket of sockets) isCutOff(caller) ? socket.pause() : socket.resume();
  }

  protected override onForwarding(near: Socket, far: Socket): void {
    const pair = { caller: near.remoteAddress ?? '', sockets: [near, far] };
    this.#pairs.add(pair);
    near.on('close', () => this.#pairs.delete(pair));
    if (this.#isCutOff(pair.caller)) for (const socket of pair.sockets) socket.pause();
  }
}

export class RecordingProxy extends TcpProxy {
  readonly #chunks: Buffer[] = [];

  /** All that has passed, in either direction, in the order in which it did. */
  get heard(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  protected override onForwarding(near: Socket, far: Socket): void {
    for (const socket of [near, far])
      socket.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
  }
}

export class BreakableProxy extends TcpProxy {
  #bytesMax = Number.POSITIVE_INFINITY;
  #stepBytes = 0;
  #broken = 0;

  /**
   * The next connection breaks at the first answer, each further one after so many more bytes of
   * answers.
   */
  breakEarly(stepBytes: number): void {
    this.#stepBytes = stepBytes;
    this.#bytesMax = 0;
  }

  /** New connections go there, as with a service address whose server was replaced. */
  leadTo(port: number): void {
    this.target = port;
  }

  /** How many connections `breakEarly` has broken. */
  get broken(): number {
    return this.#broken;
  }

  protected override onForwarding(near: Socket, far: Socket): void {
    far.on('data', () => {
      if (near.destroyed || far.bytesRead <= this.#bytesMax) return;
      this.#broken += 1;
      this.#bytesMax += this.#stepBytes;
      near.destroy();
      far.destroy();
    });
  }
}
