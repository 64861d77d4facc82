/** The SDK's TCP transport over real sockets: how it ends. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { nodePlatform } from '../../src/client/sdk/node/node-platform.ts';
import type { ByteStream } from '../../src/client/sdk/platform.ts';
import { onTeardown } from '../support/teardown.ts';

/** A stream to a server in this process, and the other end of it. */
async function connect(): Promise<{ stream: ByteStream; socket: Socket }> {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const opened = Promise.withResolvers<void>();
  const { port } = server.address() as AddressInfo;
  const stream = nodePlatform().transport.open(
    { host: '127.0.0.1', port, tls: false },
    {
      opened: () => opened.resolve(),
      received: () => {},
      ended: (reason) => opened.reject(new Error(reason)),
    },
  );
  const [[socket]] = await Promise.all([once(server, 'connection'), opened.promise]);
  onTeardown(() => {
    socket.destroy();
    server.close();
  });
  return { stream, socket };
}

test('closing takes until the other side has everything that was written', async () => {
  const { stream, socket } = await connect();
  const bytes = 8 * 1024 * 1024;
  let received = 0;
  socket.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  stream.write(new Uint8Array(bytes));
  expect(stream.bufferedBytes).toBeGreaterThan(0);
  socket.resume();
  await stream.close();
  expect(received).toBe(bytes);
});

test('closing does not wait for ever for one that does not read', async () => {
  const { stream } = await connect();
  stream.write(new Uint8Array(32 * 1024 * 1024));
  await stream.close();
});
