/**
 * `--workers`: several processes of a role that one looks after. People on all of them chat, a
 * worker that dies is replaced where it was, and none outlives the one that looks after it.
 */
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from '@jest/globals';
import { freePort } from '../support/free-port.ts';
import { startProcess } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { executable, type Role, startRole, startRoute, startServer } from '../support/roles.ts';
import { peopleOn, Talk } from '../support/talk.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startZooKeeper, type TestZooKeeper } from '../support/zookeeper.ts';

let redis: TestRedis;
let zookeeper: TestZooKeeper;

beforeAll(async () => {
  [redis, zookeeper] = await Promise.all([startRedis(), startZooKeeper()]);
});

/** The processes that look after is had by. */
function workersOf({ process: { pid } }: Role): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children.split(' ').filter(Boolean).map(Number);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function addressesOf(role: Role, name: string): string[] {
  return role.addresses[name]?.split(',') ?? [];
}

test('people on all workers chat; one that is killed is replaced on its ports', async () => {
  const route = await startRoute(zookeeper.address, redis.address, [
    ...['--workers', '2', '--strategy', 'round-robin'],
  ]);
  const server = await startServer(zookeeper.address, ['--workers', '3']);
  const routes = addressesOf(route, 'http').map((address) => `http://${address}`);
  expect(routes).toHaveLength(1);
  expect(new Set(addressesOf(route, 'links')).size).toBe(2);
  const tcp = addressesOf(server, 'tcp');
  expect(new Set(tcp).size).toBe(3);
  expect(new Set(addressesOf(server, 'http')).size).toBe(3);

  const people = await peopleOn(tcp, routes);
  const talk = new Talk(people);
  talk.say(5);
  await talk.complete();
  const [victim = 0] = workersOf(server);
  process.kill(victim, 'SIGKILL');
  talk.say(5);
  await talk.complete();
  await waitUntil('there are three workers again', () => workersOf(server).length === 3);
  await peopleOn(tcp, routes);

  const workers = [...workersOf(server), ...workersOf(route)];
  expect(workers).toHaveLength(5);
  await Promise.all([server.process.stop(), route.process.stop()]);
  await waitUntil('all have ended', () => !workers.some(isAlive));
});

test('workers do not outlive the process that looks after them', async () => {
  const server = await startServer(zookeeper.address, ['--workers', '2']);
  const workers = workersOf(server);
  expect(workers).toHaveLength(2);
  process.kill(server.process.pid, 'SIGKILL');
  await waitUntil('both have ended', () => !workers.some(isAlive));
});

test('that one cannot come up is said once, and no other stays', async () => {
  const server = await startServer(zookeeper.address);
  const [host = '', port = ''] = server.addresses['tcp']?.split(':') ?? [];
  expect(host).toBe('127.0.0.1');
  const flags = ['--host', '127.0.0.1', '--zk', zookeeper.address, '--http-port', '0'];
  const second = startRole('server', [...flags, '--workers', '2', '--port', port]);
  await expect(second).rejects.toThrow(/TCP port .* cannot be listened on/);
});

test.each<[role: 'server' | 'route', workers: number, signal: NodeJS.Signals]>([
  ['server', 1, 'SIGTERM'],
  ['server', 2, 'SIGTERM'],
  ['route', 1, 'SIGINT'],
  ['route', 2, 'SIGINT'],
])(
  'a %s of %d that waits for ZooKeeper ends when it is told to (%s)',
  async (role, count, signal) => {
    const nobody = `127.0.0.1:${await freePort()}`;
    const ports = role === 'route' ? ['--port', '0'] : ['--port', '0', '--http-port', '0'];
    const store = role === 'route' ? ['--redis', redis.address] : [];
    const flags = ['--zk', nobody, '--workers', `${count}`, '--log-level', 'info'];
    const args = [role, ...flags, ...ports, ...store];
    const starting = await startProcess({
      name: `cim ${role}`,
      command: executable,
      args,
      ready: ({ output }) => /ECONNREFUSED/.test(output),
    });
    const workers = count > 1 ? workersOf({ process: starting, addresses: {} }) : [];
    starting.signal(signal);
    expect(await starting.exited).toBe(0);
    await waitUntil('all have ended', () => !workers.some(isAlive));
  },
);
