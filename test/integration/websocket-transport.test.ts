/** The SDK's WebSocket transport, on the WebSocket that Node.js and browsers have in common. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { type WebSocket, WebSocketServer } from 'ws';
import { webSocketTransport } from '../../src/client/sdk/browser/websocket-transport.ts';
import type { ByteStream } from '../../src/client/sdk/platform.ts';
import { onTeardown } from '../support/teardown.ts';
import { waitUntil } from '../support/wait-until.ts';

interface Pair {
  readonly stream: ByteStream;
  readonly peer: WebSocket;
  readonly received: Uint8Array[];
  readonly ends: string[];
}

async function startServer(protocol = 'cim.v2'): Promise<WebSocketServer> {
  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    handleProtocols: (offered) => offered.has(protocol) && protocol,
  });
  onTeardown(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  await once(server, 'listening');
  return server;
}

function dial(webSocket: string | undefined, ends: string[], received: Uint8Array[] = []) {
  const opened = Promise.withResolvers<void>();
  const stream = webSocketTransport.open(
    { host: '127.0.0.1', port: 1, tls: false, ...(webSocket !== undefined && { webSocket }) },
    {
      opened: () => opened.resolve(),
      received: (bytes) => received.push(bytes),
      ended: (reason) => ends.push(reason),
    },
  );
  onTeardown(() => stream.close());
  return { stream, opened: opened.promise };
}

const urlOf = (server: WebSocketServer) =>
  `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`;

async function connect(): Promise<Pair> {
  const server = await startServer();
  const [received, ends]: [Uint8Array[], string[]] = [[], []];
  const { stream, opened } = dial(urlOf(server), ends, received);
  const [[peer]] = await Promise.all([once(server, 'connection'), opened]);
  return { stream, peer, received, ends };
}

test('bytes go both ways; what is written in one turn leaves in one message', async () => {
  const { stream, peer, received } = await connect();
  const messages: Buffer[] = [];
  peer.on('message', (message: Buffer) => messages.push(message));
  stream.write(Uint8Array.of(1, 2));
  stream.write(Uint8Array.of(3));
  expect(stream.bufferedBytes).toBe(3);
  await waitUntil('it has come', () => messages.length > 0);
  stream.write(Uint8Array.of(4));
  await waitUntil('the next has come', () => messages.length > 1);
  expect(messages.map((message) => [...message])).toEqual([[1, 2, 3], [4]]);
  peer.send(Uint8Array.of(5, 6));
  await waitUntil('the answer is there', () => received.length > 0);
  expect(received).toEqual([Uint8Array.of(5, 6)]);
});

test('closing takes until the other side has everything that was written', async () => {
  const { stream, peer, ends } = await connect();
  let bytes = 0;
  peer.on('message', (message: Buffer) => {
    bytes += message.length;
  });
  stream.write(new Uint8Array(8 * 1024 * 1024));
  await stream.close();
  expect(bytes).toBe(8 * 1024 * 1024);
  expect(ends).toEqual([]);
});

test('closing does not wait for ever for one that does not read', async () => {
  const { stream, peer } = await connect();
  peer.pause();
  stream.write(new Uint8Array(32 * 1024 * 1024));
  await stream.close();
});

test('it ends once, and says why: closed, broken, text, refused, or nobody there', async () => {
  const closing = await connect();
  closing.peer.close(4001, 'go elsewhere');
  await waitUntil('it has ended', () => closing.ends.length > 0);
  expect(closing.ends[0]).toContain('4001: go elsewhere');
  const broken = await connect();
  broken.peer.terminate();
  await waitUntil('it has ended', () => broken.ends.length > 0);
  const text = await connect();
  text.peer.send('hello');
  await waitUntil('it has ended', () => text.ends.length > 0);
  expect(text.received).toEqual([]);
  const other = await startServer('mqtt');
  const ends: string[] = [];
  dial(urlOf(other), ends);
  dial('ws://127.0.0.1:1/ws', ends);
  dial(undefined, ends);
  dial('ws://not a host', ends);
  await waitUntil('all have ended', () => ends.length === 4);
  expect(ends).toContainEqual('127.0.0.1:1 has no WebSocket: its --ws-port is off');
  const all = [closing, broken, text].map((pair) => pair.ends.length);
  expect(all).toEqual([1, 1, 1]);
});

test('it speaks TLS where the address says so, whatever the port for TCP does', () => {
  const server = { host: 'chat.example', port: 11211, tls: false };
  expect(webSocketTransport.isTls?.({ ...server, webSocket: 'wss://chat.example/ws' })).toBe(true);
  const plain = { ...server, tls: true, webSocket: 'ws://chat.example/ws' };
  expect(webSocketTransport.isTls?.(plain)).toBe(false);
});
