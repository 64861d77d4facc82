/** The WebSocket port of `cim dev` in this process: the SDK on it, strangers, and pages of others. */
import { once } from 'node:events';
import { beforeAll, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { limits } from '../../src/base/limits.ts';
import { CimClient, type Message } from '../../src/client/sdk/index.ts';
import { nodePlatform } from '../../src/client/sdk/node/node-platform.ts';
import type { Platform } from '../../src/client/sdk/platform.ts';
import { type DevInProcess, startDevInProcess } from '../support/dev-in-process.ts';
import { RawConnection } from '../support/raw-connection.ts';
import { secretOf } from '../support/secret-of.ts';
import { onTeardown } from '../support/teardown.ts';
import { waitUntil } from '../support/wait-until.ts';
import { webSocketTransport } from '../support/web-socket-transport.ts';

function startSystem(given: Readonly<Record<string, string | number>> = {}): Promise<DevInProcess> {
  return startDevInProcess({ data: ':memory:', auth: 'open', ...given });
}

/** Of all tests that need nothing of their own. */
let system: DevInProcess;

beforeAll(async () => {
  system = await startSystem();
});

const overWebSocket: Platform = { ...nodePlatform(), transport: webSocketTransport() };

async function open(
  { route }: DevInProcess,
  userId: number,
  platform: Platform,
): Promise<{ client: CimClient; texts: string[] }> {
  const client = new CimClient({
    userId,
    userName: `user${userId}`,
    routes: [`http://127.0.0.1:${route.port}`],
    platform,
    credentials: { secret: secretOf(userId) },
  });
  onTeardown(() => client.close({ timeoutMs: 0 }));
  const texts: string[] = [];
  client.on('message', ({ text }: Message) => void texts.push(text));
  await client.start();
  return { client, texts };
}

/** A socket that is open, or was refused: then its status is an error. */
async function dial(
  { ws }: DevInProcess,
  {
    protocol = 'cim.v2',
    path = '/ws',
    origin,
    headers = {},
  }: {
    protocol?: string;
    path?: string;
    origin?: string;
    headers?: Readonly<Record<string, string>>;
  } = {},
): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${ws.port}${path}`, protocol, {
    ...(origin !== undefined && { origin }),
    headers,
    perMessageDeflate: true,
  });
  onTeardown(() => socket.terminate());
  await once(socket, 'open');
  return socket;
}

async function closing(socket: WebSocket): Promise<{ code: number; reason: string }> {
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
  return { code, reason: reason.toString() };
}

test('the SDK speaks over it, with others on TCP, in both directions', async () => {
  const amy = await open(system, 1, overWebSocket);
  const bob = await open(system, 2, nodePlatform());
  for (let number = 0; number < 50; number++) {
    await amy.client.send({ to: 2 }, `to bob ${number}`);
    await bob.client.send({ to: 1 }, `to amy ${number}`);
  }
  await waitUntil('all has come', () => amy.texts.length === 50 && bob.texts.length === 50);
  expect(amy.texts[49]).toBe('to amy 49');
  const long = 'x'.repeat(limits.textBytesMax);
  await amy.client.send({ to: 2 }, long);
  await bob.client.send({ to: 1 }, long);
  await waitUntil('long ones come', () => amy.texts.at(-1) === long && bob.texts.at(-1) === long);
});

test('the sub-protocol is echoed, and no compression agreed on', async () => {
  const socket = await dial(system);
  expect(socket.protocol).toBe('cim.v2');
  expect(socket.extensions).toBe('');
});

test.each([
  ['another sub-protocol', { protocol: 'chat' }, 400],
  ['another path', { path: '/' }, 404],
  ['a query, which could hold a secret', { path: '/ws?token=x' }, 404],
  ['a page of somebody else', { origin: 'https://evil.example' }, 403],
  ['a page without a name', { origin: 'null' }, 403],
  [
    'a page whose host is only the beginning of ours',
    { origin: 'http://127.0.0.1.evil.example' },
    403,
  ],
])('%s is refused', async (_what, how, status) => {
  await expect(dial(system, how)).rejects.toThrow(`${status}`);
});

test.each([['http://127.0.0.1:8083'], ['http://localhost:9'], ['https://127.0.0.1']])(
  'a page of the same host may connect, whatever its port: %s',
  async (origin) => {
    const socket = await dial(system, { origin });
    expect(socket.readyState).toBe(WebSocket.OPEN);
  },
);

test('a page that is allowed may connect', async () => {
  const other = await startSystem({ 'allow-origin': 'https://chat.example.org' });
  const socket = await dial(other, { origin: 'https://chat.example.org' });
  expect(socket.readyState).toBe(WebSocket.OPEN);
});

test('text is refused with its code', async () => {
  const socket = await dial(system);
  socket.send('hello');
  expect(await closing(socket)).toEqual({ code: 1003, reason: 'messages are to be binary' });
});

test('a message that is too long is refused by its length', async () => {
  const socket = await dial(system);
  socket.send(Buffer.alloc(limits.webSocketMessageBytesMax + 1), { fin: true });
  expect((await closing(socket)).code).toBe(1009);
});

test('fragments are bounded', async () => {
  const socket = await dial(system);
  for (let number = 0; number <= limits.webSocketFragmentsMax; number++)
    socket.send(Buffer.alloc(0), { binary: true, fin: false });
  expect((await closing(socket)).code).toBe(1008);
});

test('a frame of cim that makes no sense has the code of cim, and its reason', async () => {
  const socket = await dial(system);
  socket.send(Buffer.from([1, 0]));
  const { code, reason } = await closing(socket);
  expect(code).toBe(4302);
  expect(reason).not.toBe('');
});

test('a close is answered', async () => {
  const socket = await dial(system);
  socket.close(3_999, 'enough');
  expect((await closing(socket)).code).toBe(3_999);
});

test('a ping is answered with what it holds', async () => {
  const socket = await dial(system);
  socket.ping('are you there?');
  const [data] = (await once(socket, 'pong')) as [Buffer];
  expect(data.toString()).toBe('are you there?');
});

const request = [
  'GET /ws HTTP/1.1',
  'Host: 127.0.0.1',
  'Upgrade: websocket',
  'Connection: keep-alive, Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Protocol: other, cim.v2',
];
const without = (name: string) => request.filter((line) => !line.startsWith(name));

function raw({ ws }: DevInProcess, lines: readonly string[], behind = ''): RawConnection {
  const bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n${behind}`, 'latin1');
  return new RawConnection(`127.0.0.1:${ws.port}`).send(bytes);
}

test('what is accepted is what RFC 6455 gives as its example', async () => {
  const connection = raw(system, request);
  await connection.whenAnswered();
  expect(connection.received).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n');
});

test.each<[string, readonly string[], number]>([
  ['no upgrade', without('Upgrade'), 426],
  ['no key', without('Sec-WebSocket-Key'), 400],
  ['another version', [...without('Sec-WebSocket-Version'), 'Sec-WebSocket-Version: 8'], 426],
  ['two versions', [...request, 'Sec-WebSocket-Version: 13'], 400],
  ['no sub-protocol', without('Sec-WebSocket-Protocol'), 400],
  ['no host', without('Host'), 400],
  ['two origins', [...request, 'Origin: http://127.0.0.1', 'Origin: http://evil'], 400],
  ['a body', [...request, 'Content-Length: 5'], 400],
  ['a folded field', [...request, 'X: 1', ' 2'], 400],
  ['a lone line feed', [...request, 'X: 1\nY: 2'], 400],
  ['POST', ['POST /ws HTTP/1.1', ...request.slice(1)], 426],
  ['HTTP/1.0', ['GET /ws HTTP/1.0', ...request.slice(1)], 400],
  ['too many fields', [...request, ...Array<string>(100).fill('X: 1')], 431],
  ['too long a head', [...request, `X: ${'x'.repeat(10_000)}`], 431],
  ['no HTTP', ['\x16\x03\x01'], 400],
])('a request with %s is refused, and the connection ended', async (_what, lines, status) => {
  const connection = raw(system, lines);
  await connection.whenClosed();
  expect(connection.statuses).toEqual([status]);
});

test('what comes behind the request, in the same piece, is read', async () => {
  const connection = raw(system, request, '\x88\x82\0\0\0\0\x03\xe8');
  await connection.whenClosed();
  expect(connection.statuses).toEqual([101]);
  expect(connection.received.endsWith('\x88\x02\x03\xe8')).toBe(true);
});

test('a frame that is not masked is refused', async () => {
  const connection = raw(system, request, '\x82\x01x');
  await connection.whenClosed();
  expect(connection.received).toContain('\x03\xeaa frame of a client is to be masked');
});

test('a page at localhost may connect by another address of its machine, and not by a proxy', async () => {
  const origin = 'http://localhost:8083';
  const host = '10.0.0.5:8082';
  // What is a proxy may have a browser of anywhere behind it: as it is set, all on this machine are.
  await expect(dial(system, { origin, headers: { host } })).rejects.toThrow('403');
  const direct = await startSystem({ 'trust-proxy': '10.0.0.1' });
  const socket = await dial(direct, { origin, headers: { host } });
  expect(socket.protocol).toBe('cim.v2');
  const forwarded = { host, 'x-forwarded-for': '10.0.0.9' };
  await expect(dial(direct, { origin, headers: forwarded })).rejects.toThrow('403');
});
