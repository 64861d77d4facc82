/**
 * `cim dev` at IPv6 addresses, and told to others under another one. What a cluster does there is in
 * cluster.test.ts. Method: the packaged executable.
 */
import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { freePort } from '../support/free-port.ts';
import { javaPost } from '../support/java-peer.ts';
import { Client, executable, startDevelopment, startRole } from '../support/roles.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';

async function chat(routes: readonly string[], server: string | undefined) {
  const [amy, bob] = [
    await Client.ready({ userId: 1, name: 'amy', routes: routes.slice(0, 1) }),
    await Client.ready({ userId: 2, name: 'bob', routes: routes.slice(-1) }),
  ];
  for (const { events } of [amy, bob])
    expect(events.find(({ event }) => event === 'ready')).toMatchObject({ server });
  amy.say('2;;over IPv6');
  await bob.whenText('over IPv6');
}

test('--host ::1: people chat there, and a Java caller is told it as Java takes it', async () => {
  const args = ['--data', ':memory:', '--host', '::1', '--auth', 'open'];
  const { addresses } = await startDevelopment(args);
  const hosts = Object.entries(addresses).map(([name, at]) => [name, at.replace(/:\d+$/, '')]);
  const names = ['tcp', 'ws', 'mqtt', 'http', 'route'];
  expect(hosts).toEqual(names.map((name) => [name, '[::1]']));
  const route = `http://${addresses['route']}`;
  await chat([route], addresses['tcp']);
  const { dataBody } = await javaPost(route, '/login', { userId: 1, userName: 'amy' });
  expect(dataBody).toMatchObject({ ip: '::1' });
});

test('--host ::, told others as --advertise says: both kinds of address, through a mapped port', async () => {
  const [port, httpPort, routePort] = [await freePort(), await freePort(), await freePort()];
  const outside = await startTcpProxy(port);
  const dev = await startRole('dev', [
    ...['--data', ':memory:', '--host', '::', '--advertise', '127.0.0.1'],
    ...['--port', `${port}`, '--advertise-port', `${outside.port}`],
    ...['--http-port', `${httpPort}`, '--advertise-http-port', '8'],
    ...['--route-port', `${routePort}`, '--advertise-route-port', '9'],
  ]);
  expect(dev.addresses).toMatchObject({
    tcp: `127.0.0.1:${outside.port}`,
    http: '127.0.0.1:8',
    route: '127.0.0.1:9',
  });
  const routes = [`http://[::1]:${routePort}`, `http://127.0.0.1:${routePort}`];
  await chat(routes, dev.addresses['tcp']);
  expect(outside.connections).toBeGreaterThan(0);
});

test.each([
  [['--host', 'fe80::1%lo'], 78, 'say what others connect to by --advertise'],
  [['--host', 'fe80::1', '--advertise', '::1'], 69, 'needs the name of that link behind it'],
  [['--advertise', 'fe80::1%lo'], 64, 'that others can connect to'],
  [['--host', '2001:db8::1'], 69, 'this machine does not have that address'],
])('%j is refused: %i, and says why', (args, code, reason) => {
  const ports = ['--port', '0', '--http-port', '0', '--route-port', '0'];
  const flags = ['dev', '--data', ':memory:', ...ports, ...args];
  const ended = spawnSync(executable, flags, { encoding: 'utf8', timeout: 60_000 });
  expect(ended.stderr).toContain(reason);
  expect(ended.status).toBe(code);
});
