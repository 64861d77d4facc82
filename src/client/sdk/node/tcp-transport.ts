/**
 * TCP as a Transport, with TLS where the server speaks it. What is written in one turn of the event
 * loop leaves in one system call, and in one TLS record.
 */
import { createConnection, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { formatHostPort } from '../../../base/network/host-port.ts';
import type { TlsDialling } from '../../../base/network/tls.ts';
import { describeTlsFailure } from '../../../base/network/tls-failures.ts';
import type { ByteStream, ByteStreamEvents, ServerPort, Transport } from '../platform.ts';

/** What has not left by then is not waited for: a frozen server must not hold the process. */
const lingerMs = 1_000;

/** Checks the certificates of servers as `tls` says. */
export function createTcpTransport(
  tls: TlsDialling,
  refusalOf: (socket: Socket) => Error | undefined = () => undefined,
): Transport {
  return { open: (server, events) => open(dial(server, tls), server, events, refusalOf) };
}

function dial({ host, port, tls: isTls }: ServerPort, tls: TlsDialling): Socket {
  const refusal = isTls ? undefined : tls.refusalOfPlain(formatHostPort({ host, port }));
  if (refusal) return new Socket().destroy(refusal);
  if (!isTls) return createConnection({ host, port, noDelay: true });
  return connectTls({ host, port, ...tls.dialOptions }).setNoDelay(true);
}

function open(
  socket: Socket,
  { host, port, tls: isTls }: ServerPort,
  events: ByteStreamEvents,
  refusalOf: (socket: Socket) => Error | undefined,
): ByteStream {
  let opened = false;
  let closed = false;
  let failure = 'the connection was closed by the other side';
  socket.on(isTls ? 'secureConnect' : 'connect', () => {
    const refusal = isTls ? undefined : refusalOf(socket);
    if (refusal) {
      socket.destroy(refusal);
      return;
    }
    opened = true;
    if (!closed) events.opened();
  });
  socket.on('data', (bytes) => {
    if (!closed) events.received(bytes);
  });
  socket.on('error', (error) => {
    const tlsFailure = describeTlsFailure(error);
    failure =
      tlsFailure === undefined ? error.message : `${formatHostPort({ host, port })}: ${tlsFailure}`;
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
      if (!opened) socket.destroy();
      if (socket.closed) return;
      const ended = new Promise((resolve) => socket.once('close', resolve));
      socket.end();
      const timer = setTimeout(() => socket.destroy(), lingerMs);
      await ended;
      clearTimeout(timer);
    },
  };
}
