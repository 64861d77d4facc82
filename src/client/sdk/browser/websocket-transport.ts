/**
 * WebSocket as a Transport: binary messages hold the same stream of frames as TCP does. It uses what
 * browsers and Node.js have in common.
 */
import { formatHostPort } from '../../../base/network/host-port.ts';
import type { ByteStream, ByteStreamEvents, ServerPort, Transport } from '../platform.ts';

/** What the messages hold; a server that speaks something else does not echo it. */
const subProtocol = 'cim.v2';
const normalClosure = 1000;
/** What has not left by then is not waited for. */
const lingerMs = 1_000;

export const webSocketTransport: Transport = {
  open,
  isTls: ({ webSocket }) => webSocket?.startsWith('wss:') ?? false,
};

function open(server: ServerPort, events: ByteStreamEvents): ByteStream {
  const url = server.webSocket;
  if (url === undefined)
    return failing(`${formatHostPort(server)} has no WebSocket: its --ws-port is off`, events);
  let socket: WebSocket;
  try {
    socket = new WebSocket(url, subProtocol);
  } catch (error) {
    // A page on https may not speak plain ws://.
    return failing(`${url} cannot be opened: ${(error as Error).message}`, events);
  }
  return new WebSocketStream(socket, url, events);
}

/** As an address that cannot be reached. */
function failing(reason: string, events: ByteStreamEvents): ByteStream {
  const ending = setTimeout(() => events.ended(reason), 0);
  return {
    write: () => {},
    bufferedBytes: 0,
    close: async () => clearTimeout(ending),
  };
}

class WebSocketStream implements ByteStream {
  readonly #socket: WebSocket;
  readonly #hasEnded: Promise<void>;
  /** Written in this turn of the event loop: leaves in one message. */
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #closed = false;

  constructor(socket: WebSocket, url: string, events: ByteStreamEvents) {
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('open', () => {
      if (!this.#closed) events.opened();
    });
    socket.addEventListener('message', ({ data }) => {
      if (this.#closed) return;
      if (data instanceof ArrayBuffer) events.received(new Uint8Array(data));
      else socket.close(normalClosure);
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#hasEnded = promise;
    socket.addEventListener('close', ({ code, reason }) => {
      resolve();
      if (this.#closed) return;
      this.#closed = true;
      const why = reason === '' ? `code ${code}` : `code ${code}: ${reason}`;
      events.ended(`${url} closed the connection (${why})`);
    });
  }

  write(bytes: Uint8Array): void {
    if (this.#gathered.length === 0) queueMicrotask(() => this.#flush());
    this.#gathered.push(bytes);
    this.#gatheredBytes += bytes.length;
  }

  get bufferedBytes(): number {
    return this.#gatheredBytes + this.#socket.bufferedAmount;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#flush();
    this.#socket.close(normalClosure);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const isLate = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, lingerMs);
    });
    await Promise.race([this.#hasEnded, isLate]);
    clearTimeout(timer);
  }

  #flush(): void {
    const gathered = this.#gathered;
    if (gathered.length === 0) return;
    const message = new Uint8Array(this.#gatheredBytes);
    let filled = 0;
    for (const bytes of gathered) {
      message.set(bytes, filled);
      filled += bytes.length;
    }
    this.#gathered = [];
    this.#gatheredBytes = 0;
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(message);
  }
}
