/** However many connect to an HTTP port: there is room for those who ask something. */
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { Counters } from '../../../src/base/counters.ts';
import { Tls } from '../../../src/base/tls.ts';
import { anyone } from '../../../src/http/access.ts';
import { endpoint } from '../../../src/http/endpoint.ts';
import { acceptUpgrades, dialUpgrade } from '../../../src/http/upgrade.ts';
import { PortLimits } from '../../../src/limits/port-limits.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { RawConnection, testApp } from './test-app.ts';

const getHealth = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';
const getSlow = 'GET /slow HTTP/1.1\r\nHost: x\r\n\r\n';

async function start({ connectionsMax = 100, connectionsPerIp = 100 }) {
  const counters = new Counters();
  const settings = { trustProxy: [], limitLoopback: true, connectionsPerIp };
  const asked: (() => void)[] = [];
  const slow = endpoint({
    method: 'GET',
    path: '/slow',
    access: anyone,
    summary: 'Answers when it is told to',
    handle: () => new Promise<void>((resolve) => asked.push(resolve)),
  });
  const { app } = testApp({
    endpoints: [slow],
    portLimits: new PortLimits(settings, connectionsMax, counters),
  });
  const { port } = await app.listen({ host: '127.0.0.1', port: 0 });
  const ended = () => counters.list()[0]?.value;
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

test('links between roles stay, and new ones come, whatever crowd is there', async () => {
  const { app, port } = await start({ connectionsMax: 4 });
  const links: { destroyed: boolean }[] = [];
  acceptUpgrades(
    app.server,
    () => ['shared'],
    (stream) => links.push(stream),
  );
  const origin = `http://127.0.0.1:${port}`;
  const first = await dialUpgrade(origin, 'shared', Tls.ofSystem());
  for (let count = 0; count < 20; count++) await open(port);
  const second = await dialUpgrade(origin, 'shared', Tls.ofSystem());
  for (let count = 0; count < 20; count++) await open(port);
  expect(links.map(({ destroyed }) => destroyed)).toEqual([false, false]);
  for (const link of [first, second]) link.destroy();
});

test('a link is ended where nobody takes any', async () => {
  const { port } = await start({});
  const connection = (await open(port)).send(
    'GET /internal/link HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: cim-link/1\r\n\r\n',
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
