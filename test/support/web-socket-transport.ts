/** A transport of the SDK over WebSocket in Node.js, by a library that is not ours. */
import { WebSocket } from 'ws';
import type { ByteStream, ByteStreamEvents, Transport } from '../../src/client/sdk/platform.ts';

/** `ca`: whose certificates it believes. */
export function webSocketTransport(ca?: string): Transport {
  return { open: ({ webSocket = '' }, events) => new Stream(webSocket, ca, events) };
}

class Stream implements ByteStream {
  readonly #socket: WebSocket;
  #isOver = false;

  constructor(url: string, ca: string | undefined, events: ByteStreamEvents) {
    this.#socket = new WebSocket(url, 'cim.v2', {
      perMessageDeflate: false,
      ...(ca !== undefined && { ca }),
    });
    const end = (reason: string) => {
      if (!this.#isOver) events.ended(reason);
      this.#isOver = true;
    };
    this.#socket.on('open', () => events.opened());
    this.#socket.on('message', (data: Buffer) => {
      if (!this.#isOver) events.received(data);
    });
    this.#socket.on('error', ({ message }) => end(message));
    this.#socket.on('close', (code) => end(`closed with ${code}`));
  }

  write(bytes: Uint8Array): void {
    this.#socket.send(bytes);
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  async close(): Promise<void> {
    this.#isOver = true;
    const closed = new Promise((resolve) => this.#socket.on('close', resolve));
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    this.#socket.close();
    await closed;
  }
}
