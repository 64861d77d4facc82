/** TCP as a Transport. What is written in one turn of the event loop leaves in one system call. */
import { createConnection } from 'node:net';
import type { ByteStream, ByteStreamEvents, Transport } from '../platform.ts';

/** What has not left by then is not waited for: a frozen server must not hold the process. */
const lingerMs = 1_000;

export const tcpTransport: Transport = { open };

function open(host: string, port: number, events: ByteStreamEvents): ByteStream {
  const socket = createConnection({ host, port, noDelay: true });
  let closed = false;
  let failure = 'the connection was closed by the other side';
  socket.on('connect', () => {
    if (!closed) events.opened();
  });
  socket.on('data', (bytes) => {
    if (!closed) events.received(bytes);
  });
  socket.on('error', (error) => {
    failure = error.message;
  });
  socket.on('close', () => {
    if (!closed) events.ended(failure);
    closed = true;
  });
  return {
    write(bytes) {
      if (socket.writableCorked === 0) {
        socket.cork();
        process.nextTick(() => socket.uncork());
      }
      socket.write(bytes);
    },
    get bufferedBytes() {
      return socket.writableLength;
    },
    // Until the other side has ended it, too: a process that exits earlier resets the connection, and
    // that may take along what is on its way.
    async close() {
      closed = true;
      if (socket.connecting) socket.destroy();
      if (socket.closed) return;
      const ended = new Promise((resolve) => socket.once('close', resolve));
      socket.end();
      const timer = setTimeout(() => socket.destroy(), lingerMs);
      await ended;
      clearTimeout(timer);
    },
  };
}
