/** However many connect to an HTTP port: there is room for those who ask something. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import { Tls } from '../../../src/base/network/tls.ts';
import { Counters } from '../../../src/base/process/counters.ts';
import { anyone } from '../../../src/http/access.ts';
import { requestJson } from '../../../src/http/client.ts';
import { endpoint } from '../../../src/http/endpoint.ts';
import { requestAsOperator } from '../../../src/http/operator-call.ts';
import type { StreamEndpoint } from '../../../src/http/stream-endpoint.ts';
import { acceptUpgrades, dialUpgrade } from '../../../src/http/upgrade.ts';
import { PortLimits } from '../../../src/limits/port-limits.ts';
import { clusterKeyOf, clusterKeysOf } from '../../support/cluster-key.ts';
import { freePort } from '../../support/free-port.ts';
import { onTeardown } from '../../support/teardown.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { echo, RawConnection, testApp } from './test-app.ts';

const getHealth = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';
const getSlow = 'GET /slow HTTP/1.1\r\nHost: x\r\n\r\n';

async function start({ connectionsMax = 100, connectionsPerIp = 100, host = '127.0.0.1' }) {
  const counters = new Counters();
  const settings = { trustProxy: [], limitLoopback: true, connectionsPerIp };
  const asked: ((answer?: string) => void)[] = [];
  const slow = endpoint({
    method: 'GET',
    path: '/slow',
    access: anyone,
    summary: 'Answers when it is told to',
    handle: () => new Promise<string | undefined>((resolve) => asked.push(resolve)),
  });
  const streams: readonly StreamEndpoint[] = [
    {
      ...{ method: 'PUT', path: '/blobs', summary: 'Takes bytes', parameters: {}, headers: {} },
      handle: async (request) => {
        for await (const _ of request.body()) asked.push(() => {});
        return { dataBody: null };
      },
    },
  ];
  const { app } = testApp({
    ...{ endpoints: [echo, slow], streams },
    portLimits: new PortLimits(settings, connectionsMax, counters),
  });
  const { port } = await app.listen({ host, port: 0 });
  const ended = () => counters.list().find(({ name }) => name === 'http.connections.ended')?.value;
  return { app, port, asked, ended };
}

async function open(port: number): Promise<RawConnection> {
  const connection = new RawConnection(port);
  await once(connection.socket, 'connect');
  return connection;
}

test('the connection that has been idle for longest makes room', async () => {
  const { port, asked, ended } = await start({ connectionsMax: 3 });
  const working = (await open(port)).send(getSlow);
  await waitUntil('it is asked', () => asked.length === 1);
  const used = await open(port);
  const silent = await open(port);
  used.send(getHealth);
  await waitUntil('it is answered', () => used.received.includes('9.9.9'));
  const next = (await open(port)).send(getHealth);
  await silent.ended;
  await waitUntil('it is answered', () => next.received.includes('9.9.9'));
  expect(used.socket.destroyed).toBe(false);
  expect(ended()).toBe(1);
  asked[0]?.();
  await waitUntil('the first is answered', () => working.received.includes('200 OK'));
});

test('when all are being answered, the next is ended', async () => {
  const { port, asked, ended } = await start({ connectionsMax: 2 });
  const working = [(await open(port)).send(getSlow), (await open(port)).send(getSlow)];
  await waitUntil('they are asked', () => asked.length === 2);
  await (await open(port)).ended;
  expect(ended()).toBe(1);
  for (const answer of asked) answer();
  await waitUntil('they are answered', () =>
    working.every(({ received }) => received.includes('200 OK')),
  );
  const next = (await open(port)).send(getHealth);
  await waitUntil('there is room again', () => next.received.includes('9.9.9'));
});

const tenBytes = 'Content-Length: 10\r\n\r\n';
const slowBody =
  'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{';

test('first go the silent, then unfinished requests, the unread, the idle, and last who uploads', async () => {
  const { app, port, asked } = await start({ connectionsMax: 6 });
  const requested: unknown[] = [];
  const uploading = (await open(port)).send(`PUT /blobs HTTP/1.1\r\nHost: x\r\n${tenBytes}1`);
  await waitUntil('some of it is taken', () => asked.length === 1);
  asked.length = 0;
  app.server.on('request', ({ url }) => requested.push(url));
  const idle = (await open(port)).send(getHealth);
  await waitUntil('it is answered', () => idle.received.includes('9.9.9'));
  const unread = (await open(port)).send(getSlow);
  await waitUntil('it is asked', () => asked.length === 1);
  unread.socket.pause();
  asked[0]?.('x'.repeat(8 * 1024 * 1024));
  const sending = (await open(port)).send(slowBody);
  const working = (await open(port)).send(getSlow);
  await waitUntil('they are known', () => requested.length === 4);
  const silent = await open(port);
  const victims = [silent, sending, unread, idle, uploading];
  for (const [index, victim] of victims.entries()) {
    const next = (await open(port)).send(getSlow);
    await waitUntil('the next is worked for', () => asked.length === index + 3);
    victim.socket.resume();
    await victim.ended;
    const spared = victims.slice(index + 1);
    expect([...spared, working, next].map(({ socket }) => socket.destroyed)).not.toContain(true);
  }
});

test('however many begin a request and do not end it, others are served', async () => {
  const { port } = await start({ connectionsMax: 40 });
  for (let round = 0; round < 10; round++) {
    for (let count = 0; count < 20; count++) (await open(port)).send(slowBody);
    const honest = (await open(port)).send(getHealth);
    await waitUntil('it is answered', () => honest.received.includes('9.9.9'));
  }
});

test('a crowd that says nothing pushes out nobody who has', async () => {
  const { port } = await start({ connectionsMax: 40 });
  const kept = await Promise.all(Array.from({ length: 30 }, () => open(port)));
  for (const each of kept) each.send(getHealth);
  await waitUntil('they are answered', () =>
    kept.every(({ received }) => received.includes('9.9.9')),
  );
  for (let count = 0; count < 200; count++) await open(port);
  expect(kept.map(({ socket }) => socket.destroyed)).not.toContain(true);
});

test('a request with too many headers, behind one that is being worked for, ends the connection', async () => {
  const { port, asked } = await start({});
  const connection = (await open(port)).send(getSlow);
  await waitUntil('it is asked', () => asked.length === 1);
  const many = 'X-Many: x\r\n'.repeat(limits.httpHeadersMax);
  connection.send(getHealth.replace('Host', `${many}Host`));
  await connection.ended;
  asked[0]?.();
});

test('one who comes to two addresses from the same port has two connections', async () => {
  const { port } = await start({ host: '0.0.0.0' });
  const local = { localAddress: '127.0.0.1', localPort: await freePort() };
  let received = '';
  const first = connect({ host: '127.0.0.1', port, ...local });
  onTeardown(() => first.destroy());
  first.on('data', (chunk) => {
    received += chunk;
  });
  await once(first, 'connect');
  const second = connect({ host: '127.0.0.2', port, ...local });
  await once(second, 'connect');
  second.destroy();
  await once(second, 'close');
  // Its end is known to the server by the time that a later connection is served.
  const later = (await open(port)).send(getHealth);
  await waitUntil('it is answered', () => later.received.includes('9.9.9'));
  first.write(getHealth);
  await waitUntil('it is answered', () => received.includes('9.9.9'));
});

test('where all are being worked for, strangers hear so, and operators and links get in', async () => {
  const { app, port, asked } = await start({ connectionsMax: 16 });
  const links: unknown[] = [];
  const origin = `http://127.0.0.1:${port}`;
  acceptUpgrades(app.server, {
    role: 'route',
    origin: () => origin,
    keys: clusterKeysOf('shared'),
    onStream: (stream) => links.push(stream),
  });
  for (let count = 0; count < 14; count++) (await open(port)).send(getSlow);
  await waitUntil('they are asked', () => asked.length === 14);
  for (let count = 0; count < 20; count++) await open(port);
  const stranger = (await open(port)).send(getHealth);
  await stranger.ended;
  expect(stranger.received).toMatch(/^HTTP\/1.1 503 .*"code":"8100"/s);
  const operator = (await open(port)).send(
    getHealth.replace('Host', 'Authorization: Bearer the secret\r\nHost'),
  );
  await waitUntil('it is answered', () => operator.received.includes('9.9.9'));
  const health = { method: 'GET', timeoutMs: 5_000 } as const;
  const proven = clusterKeyOf('the secret');
  expect(
    await requestAsOperator(requestJson, proven, `http://127.0.0.1:${port}`, '/healthz', health),
  ).toEqual({ version: '9.9.9' });
  const key = clusterKeyOf('shared');
  const link = await dialUpgrade({ origin, role: 'route', key, tls: Tls.ofSystem() });
  await waitUntil('it is let in', () => links.length === 1);
  link.destroy();
  for (const answer of asked) answer();
});

test('where all are being worked for, guesses at the cluster secret are counted as ever', async () => {
  const { port, asked } = await start({ connectionsMax: 16 });
  for (let count = 0; count < 14; count++) (await open(port)).send(getSlow);
  await waitUntil('they are asked', () => asked.length === 14);
  const answerTo = async (secret: string) => {
    const caller = (await open(port)).send(
      getHealth.replace('Host', `Authorization: Bearer ${secret}\r\nHost`),
    );
    await waitUntil('it is answered', () => caller.received !== '');
    return caller.received.slice(0, 'HTTP/1.1 200'.length);
  };
  for (let count = 0; count < limits.clusterGuessesPerMinuteMax; count++)
    expect(await answerTo(`guess ${count}`)).toBe('HTTP/1.1 503');
  expect(await answerTo('the secret')).toBe('HTTP/1.1 429');
  for (const answer of asked) answer();
});

test('links between roles stay, and new ones come, whatever crowd is there', async () => {
  const { app, port } = await start({ connectionsMax: 4 });
  const links: { destroyed: boolean }[] = [];
  const origin = `http://127.0.0.1:${port}`;
  acceptUpgrades(app.server, {
    role: 'route',
    origin: () => origin,
    keys: clusterKeysOf('shared'),
    onStream: (stream) => links.push(stream),
  });
  const target = {
    origin,
    role: 'route',
    key: clusterKeyOf('shared'),
    tls: Tls.ofSystem(),
  } as const;
  const first = await dialUpgrade(target);
  for (let count = 0; count < 20; count++) await open(port);
  const second = await dialUpgrade(target);
  for (let count = 0; count < 20; count++) await open(port);
  await waitUntil('both are let in', () => links.length === 2);
  expect(links.map(({ destroyed }) => destroyed)).toEqual([false, false]);
  for (const link of [first, second]) link.destroy();
});

test('a link is ended where nobody takes any', async () => {
  const { port } = await start({});
  const connection = (await open(port)).send(
    'GET /internal/link HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: cim-link/2\r\n\r\n',
  );
  await connection.ended;
  expect(connection.received).toBe('');
});

test('an address has so many, and may have others when they have gone', async () => {
  const { port, ended } = await start({ connectionsPerIp: 2 });
  const connections = [await open(port), await open(port)];
  await (await open(port)).ended;
  expect(ended()).toBe(1);
  for (const { socket } of connections) socket.destroy();
  await waitUntil('there is room again', async () => {
    const next = (await open(port)).send(getHealth);
    await waitUntil('it is answered or ended', () => next.received !== '' || next.socket.destroyed);
    return next.received.includes('9.9.9');
  });
});
