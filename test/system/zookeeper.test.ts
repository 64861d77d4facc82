/**
 * People on a cluster whose registry fails: ZooKeeper restarts, a server is frozen past its
 * session, or restarted at once on its old address.
 */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis.ts';
import { Client, type Role, startRole, startRoute, startServer } from '../support/roles.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startZooKeeper, type TestZooKeeper } from '../support/zookeeper.ts';

const shortSession = ['--zk-session-timeout-ms', '2000'];

let zookeeper: TestZooKeeper;
let route: Role;
let url: string;

beforeEach(async () => {
  const [registry, redis] = await Promise.all([startZooKeeper(), startRedis()]);
  zookeeper = registry;
  route = await startRoute(zookeeper.address, redis.address, [
    ...shortSession,
    '--cluster-secret',
    'test',
  ]);
  url = `http://${route.addresses['http']}`;
});

interface ServerStatus {
  readonly instance: string;
  readonly choosable: boolean;
}

async function servers(): Promise<ServerStatus[]> {
  const response = await fetch(`${url}/servers`, {
    method: 'POST',
    headers: { authorization: 'Bearer test', 'content-type': 'application/json' },
    body: '{}',
  });
  return ((await response.json()) as { dataBody: ServerStatus[] }).dataBody;
}

function person(userId: number, name: string): Promise<Client> {
  return Client.ready({ userId, name, routes: [url] });
}

async function chat(from: Client, to: Client, text: string): Promise<void> {
  from.say(`${to.userId};;${text}`);
  await to.whenText(text);
}

describe('the registry fails', () => {
  test('ZooKeeper stops and starts again: people chat on meanwhile, and new ones can log in afterwards', async () => {
    await startServer(zookeeper.address, [...shortSession, '--cluster-secret', 'test']);
    const [amy, bob] = [await person(1, 'amy'), await person(2, 'bob')];
    await chat(amy, bob, 'before');
    await zookeeper.kill();
    await chat(amy, bob, 'without ZooKeeper');
    await zookeeper.start();
    await waitUntil('the server is known again', async () =>
      (await servers()).some(({ choosable }) => choosable),
    );
    await chat(bob, await person(3, 'cat'), 'welcome');
    expect(amy.events.filter(({ event }) => event === 'offline')).toEqual([]);
  });

  test('a server frozen past its session comes back by itself, and its people miss nothing', async () => {
    const server = await startServer(zookeeper.address, [
      ...shortSession,
      '--cluster-secret',
      'test',
    ]);
    const [amy, bob] = [await person(1, 'amy'), await person(2, 'bob')];
    await chat(amy, bob, 'before');
    server.process.freeze();
    await waitUntil('its session has expired', async () => (await servers()).length === 0);
    amy.say('2;;said to a frozen server');
    server.process.thaw();
    await bob.whenText('said to a frozen server');
    await waitUntil('it may be chosen again', async () =>
      (await servers()).some(({ choosable }) => choosable),
    );
    await chat(bob, await person(3, 'cat'), 'welcome');
  });

  test('a server killed and restarted at once on its old address is the new one, and stays it', async () => {
    // Not what port 0 gives: the kernel may give that to somebody's connection before the restart.
    const [port, httpPort] = [await freePort(), await freePort()];
    const args = [
      ...['--port', `${port}`, '--http-port', `${httpPort}`, '--host', '127.0.0.1'],
      ...['--zk', zookeeper.address, ...shortSession, '--cluster-secret', 'test'],
    ];
    const first = await startRole('server', args);
    const [old] = await waitUntil('the first is known', async () =>
      (await servers()).length === 1 ? servers() : undefined,
    );
    const [amy, bob] = [await person(1, 'amy'), await person(2, 'bob')];
    await first.process.kill();
    await startRole('server', args);
    await waitUntil('only the second is left, and may be chosen', async () => {
      const known = await servers();
      return known.length === 1 && known[0]?.choosable && known[0].instance !== old?.instance;
    });
    await waitUntil('people are back', () =>
      [amy, bob].every(
        (client) => client.events.filter(({ event }) => event === 'ready').length >= 2,
      ),
    );
    await chat(amy, bob, 'after the restart');
    expect((await servers()).map(({ choosable }) => choosable)).toEqual([true]);
  });
});
