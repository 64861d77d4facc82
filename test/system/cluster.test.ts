/**
 * A cluster of packaged executables on real Redis, ZooKeeper and nginx: people on two servers and
 * two routes, and what happens to them when parts come and go.
 */
import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { ignore } from '../../src/base/ignore.ts';
import { freePort } from '../support/free-port.ts';
import { openIpv6Door } from '../support/ipv6-door.ts';
import { JavaPeer, javaPost, javaRegister } from '../support/java-peer.ts';
import { startNginx } from '../support/nginx.ts';
import { startProcess } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import {
  Client,
  type ClientEvent,
  executable,
  type Role,
  startRole,
  startRoute,
  startServer,
} from '../support/roles.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startZooKeeper, type TestZooKeeper } from '../support/zookeeper.ts';

let redis: TestRedis;
let zookeeper: TestZooKeeper;
let userIds = 100;

beforeAll(async () => {
  [redis, zookeeper] = await Promise.all([startRedis(), startZooKeeper()]);
});

const roundRobin = ['--strategy', 'round-robin'];
/** What Java clients need: they have no secret to prove anything by. */
const open = ['--auth', 'open'];

async function listensAt(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.once('connect', () => resolve(true));
  socket.once('error', () => resolve(false));
  const listens = await promise;
  socket.destroy();
  return listens;
}

function url(route: Role): string {
  return `http://${route.addresses['http']}`;
}

async function person(name: string, routes: readonly string[]): Promise<Client> {
  userIds += 1;
  return Client.ready({ userId: userIds, name: `${name}-${userIds}`, routes });
}

function serverOf(client: Client): unknown {
  return client.events.filter(({ event }) => event === 'ready').at(-1)?.['server'];
}

function readyAgain(client: Client, times: number): Promise<ClientEvent> {
  return waitUntil(`${client.name} is back`, () => {
    const readies = client.events.filter(({ event }) => event === 'ready');
    return readies.length >= times ? readies.at(-1) : undefined;
  });
}

describe('two servers and two routes', () => {
  test('people on either chat with each other, through nginx, and a killed route is not noticed', async () => {
    const [one, two] = await Promise.all([
      startRoute(zookeeper.address, redis.address, roundRobin),
      startRoute(zookeeper.address, redis.address, roundRobin),
    ]);
    const servers = await Promise.all([
      startServer(zookeeper.address),
      startServer(zookeeper.address),
    ]);
    const nginx = await startNginx({
      routes: [one, two].map(({ addresses }) => addresses['http'] as string),
    });
    await waitUntil('both servers are chosen', async () => {
      const response = await fetch(`${nginx.url}/readyz`);
      return response.ok;
    });
    const people: Client[] = [];
    // Round-robin per route: enough people to have some on each server.
    for (const name of ['amy', 'bob', 'cat', 'dan']) people.push(await person(name, [nginx.url]));
    expect(new Set(people.map(serverOf)).size).toBe(servers.length);
    const [amy, bob, cat, dan] = people as [Client, Client, Client, Client];

    amy.say('hello everybody');
    await Promise.all([bob, cat, dan].map((client) => client.whenText('hello everybody')));
    for (let index = 1; index <= 20; index++) amy.say(`${bob.userId};;before ${index}`);
    await one.process.kill();
    for (let index = 1; index <= 20; index++) amy.say(`${bob.userId};;after ${index}`);
    await amy.whenSent(41);
    await bob.whenText('after 20');
    const expected = ['before', 'after'].flatMap((when) =>
      Array.from({ length: 20 }, (_, index) => `${when} ${index + 1}`),
    );
    expect(bob.texts.filter((text) => text !== 'hello everybody')).toEqual(expected);

    // Logins and lists go on through nginx.
    const eve = await person('eve', [nginx.url]);
    eve.say(`${dan.userId};;new here`);
    await dan.whenText('new here');
    expect((await eve.ask(':olu')) as unknown[]).toHaveLength(5);
    for (const client of people)
      expect(client.events.filter(({ event }) => event === 'closed')).toEqual([]);
  });
});

test('who is removed from a group by somebody on another server is out at once, and what they still send is refused', async () => {
  const route = await startRoute(zookeeper.address, redis.address, roundRobin);
  await Promise.all([startServer(zookeeper.address), startServer(zookeeper.address)]);
  await waitUntil('both servers are known', async () => {
    const people = await Promise.all([person('any', [url(route)]), person('any', [url(route)])]);
    return new Set(people.map(serverOf)).size === 2;
  });
  const [amy, bob] = [await person('amy', [url(route)]), await person('bob', [url(route)])];
  expect(serverOf(amy)).not.toBe(serverOf(bob));
  await amy.ask(':create cooks');
  await bob.ask(':join cooks');
  bob.say('#cooks;;hello');
  await amy.whenText('hello');
  await amy.ask(':title cooks The cooks');
  await bob.whenEvent('hears the title', ({ event, title }) => {
    return event === 'groupChanged' && title === 'The cooks';
  });
  await amy.ask(`:remove cooks ${bob.userId}`);
  const left = await bob.whenEvent('is out', ({ event }) => event === 'left');
  expect(left).toMatchObject({ group: 'cooks', reason: 'removed' });
  amy.say('#cooks;;bob is gone');
  bob.say('#cooks;;one more thing');
  const refused = await bob.whenEvent('is refused', ({ event }) => event === 'error');
  expect(refused).toMatchObject({ code: 'removed-from-group' });
  await amy.ask(`:invite cooks ${bob.userId}`);
  await bob.ask(':join cooks');
  bob.say('#cooks;;back again');
  await amy.whenText('back again');
  amy.say('#cooks;;welcome');
  await bob.whenText('welcome');
  expect(bob.texts).toEqual(['welcome']);
  expect(amy.texts).toEqual(['hello', 'back again']);
});

describe('scaling', () => {
  test('out: a third server gets new logins; in: people of a stopped server are elsewhere within seconds', async () => {
    const route = await startRoute(zookeeper.address, redis.address, [
      '--strategy',
      'least-connections',
    ]);
    const [one] = await Promise.all([
      startServer(zookeeper.address),
      startServer(zookeeper.address),
    ]);
    const first = [
      await person('amy', [url(route)]),
      await person('bob', [url(route)]),
      await person('cat', [url(route)]),
    ];
    const third = await startServer(zookeeper.address);
    await waitUntil('somebody lands on the third server', async () => {
      const newcomer = await person('new', [url(route)]);
      return serverOf(newcomer) === third.addresses['tcp'];
    });

    const moved = first.filter((client) => serverOf(client) === one.addresses['tcp']);
    expect(moved.length).toBeGreaterThan(0);
    const stopping = one.process.stop(15_000);
    for (const client of moved) {
      await readyAgain(client, 2);
      expect(serverOf(client)).not.toBe(one.addresses['tcp']);
    }
    expect(await stopping).toBe(0);
    const [amy, bob] = first as [Client, Client];
    amy.say(`${bob.userId};;still here`);
    await bob.whenText('still here');
  });

  test('a crashed server: its people come back elsewhere and miss nothing', async () => {
    const route = await startRoute(zookeeper.address, redis.address, roundRobin);
    const servers = await Promise.all([
      startServer(zookeeper.address),
      startServer(zookeeper.address),
    ]);
    const [amy, bob] = [await person('amy', [url(route)]), await person('bob', [url(route)])];
    await waitUntil('they are on different servers', () => serverOf(amy) !== serverOf(bob), {
      timeoutMs: 100,
    }).catch(ignore('the strategy is no business of this test'));
    const crashing = servers.find(({ addresses }) => addresses['tcp'] === serverOf(bob)) as Role;
    await crashing.process.kill();
    for (let index = 1; index <= 10; index++) amy.say(`${bob.userId};;while away ${index}`);
    await readyAgain(bob, 2);
    await bob.whenText('while away 10');
    expect(bob.texts).toEqual(Array.from({ length: 10 }, (_, index) => `while away ${index + 1}`));
  });
});

describe('cim admin', () => {
  test('finds the routes and the agreed secret through ZooKeeper, and is refused without the secret', async () => {
    const route = await startRoute(zookeeper.address, redis.address);
    const server = await startServer(zookeeper.address);
    const admin = (...args: string[]) =>
      spawnSync(executable, ['admin', 'servers', ...args], { encoding: 'utf8' });
    await waitUntil('the server is listed', () => {
      return admin('--zk', zookeeper.address).stdout.includes(server.addresses['tcp'] as string);
    });
    const refused = admin('--route', url(route));
    expect(refused.status).toBe(77);
    expect(refused.stderr).toContain('--cluster-secret');
  });
});

describe('behind NAT', () => {
  test('roles tell others the ports that lead to them, and are reached there alone', async () => {
    const inside = { route: await freePort(), tcp: await freePort(), http: await freePort() };
    const outside = {
      route: await startTcpProxy(inside.route),
      tcp: await startTcpProxy(inside.tcp),
      http: await startTcpProxy(inside.http),
    };
    const local = ['--host', '127.0.0.1', '--zk', zookeeper.address, '--cluster-secret', 'nat'];
    const route = await startRole('route', [
      ...[...local, '--redis', redis.address, '--redis-prefix', 'nat'],
      ...['--port', `${inside.route}`, '--advertise-port', `${outside.route.port}`],
    ]);
    expect(route.addresses).toEqual({ http: `127.0.0.1:${outside.route.port}` });
    const server = await startRole('server', [
      ...[...local, '--port', `${inside.tcp}`, '--http-port', `${inside.http}`],
      ...['--advertise-port', `${outside.tcp.port}`],
      ...['--advertise-http-port', `${outside.http.port}`],
    ]);
    expect(server.addresses).toMatchObject({
      tcp: `127.0.0.1:${outside.tcp.port}`,
      http: `127.0.0.1:${outside.http.port}`,
    });

    // They come to the route from inside: what goes through its outer port is its server's.
    const routes = [`http://127.0.0.1:${inside.route}`];
    const [amy, bob] = [await person('amy', routes), await person('bob', routes)];
    expect(serverOf(amy)).toBe(server.addresses['tcp']);
    amy.say(`${bob.userId};;through the holes`);
    await bob.whenText('through the holes');
    expect(outside.route.connections).toBeGreaterThan(0);
    expect(outside.http.connections).toBeGreaterThan(0);
  });
});

describe('on IPv6', () => {
  test('roles that listen on ::1 alone, and one on 127.0.0.1, serve one cluster', async () => {
    const [zk, redisAddress] = await Promise.all(
      [zookeeper.port, redis.port].map((port) => openIpv6Door(port)),
    );
    const there = ['--host', '::1', '--zk', `${zk}/ipv6`];
    const route = await startRole('route', [
      ...[...there, '--port', '0', '--redis', `${redisAddress}`, '--redis-prefix', 'ipv6'],
      ...roundRobin,
    ]);
    const server = await startRole('server', [...there, '--port', '0', '--http-port', '0']);
    const other = await startServer(`${zookeeper.address}/ipv6`);
    const admin = async (...args: string[]) => {
      const words = ['admin', ...args, '--zk', `${zk}/ipv6`];
      const run = await startProcess({ name: 'cim admin', command: executable, args: words });
      await run.exited;
      return run.stdout;
    };
    const [six = '', four = ''] = [server.addresses['tcp'], other.addresses['tcp']];
    expect(six).toMatch(/^\[::1\]:\d+$/);
    await waitUntil('the route knows both', async () => {
      const listed = await admin('servers');
      return listed.includes(six) && listed.includes(four);
    });

    expect(url(route)).toMatch(/^http:\/\/\[::1\]:\d+$/);
    const people = [await person('amy', [url(route)]), await person('bob', [url(route)])];
    expect(people.map(serverOf).toSorted()).toEqual([four, six].toSorted());
    const onSix = people.find((each) => serverOf(each) === six) as Client;
    const onFour = people.find((each) => serverOf(each) === four) as Client;
    onSix.say(`${onFour.userId};;from the one to the other`);
    await onFour.whenText('from the one to the other');
    onFour.say(`${onSix.userId};;and back`);
    await onSix.whenText('and back');

    expect(await admin('drain', six.replace('::1', '0:0::1'))).toContain('takes no more logins');
    await readyAgain(onSix, 2);
    expect(serverOf(onSix)).toBe(four);
  });
});

describe('what a cluster needs', () => {
  test('a Java client moves from a stopped server to another, as its SDK does it', async () => {
    const route = await startRoute(zookeeper.address, redis.address, open);
    const servers = [await startServer(zookeeper.address)];
    const account = { userId: await javaRegister(url(route), 'java-zs'), userName: 'java-zs' };
    const before = await waitUntil('the first login', () =>
      JavaPeer.login(url(route), account.userId, account.userName).catch(
        ignore('asked again until it works'),
      ),
    );
    servers.push(await startServer(zookeeper.address));
    const stopping = servers[0]?.process.stop(15_000);
    await before.whenClosed();
    const after = await waitUntil(
      'the second login',
      async () => {
        await before.close(url(route));
        return JavaPeer.login(url(route), account.userId, account.userName).catch(
          ignore('asked again until it works'),
        );
      },
      { pollMs: 500 },
    );
    await stopping;
    const amy = await person('amy', [url(route)]);
    amy.say('to the group');
    await after.whenTexts('to the group');
  });

  test('Java clients miss nothing that was answered in the lobby while their server stands still, and a route dies', async () => {
    const args = [...open, '--lobby-share', '100'];
    const routes = [
      await startRoute(zookeeper.address, redis.address, args),
      await startRoute(zookeeper.address, redis.address, args),
    ] as const;
    const server = await startServer(zookeeper.address);
    const [one, two] = routes;
    const peers: JavaPeer[] = [];
    for (const userName of ['java-a', 'java-b', 'java-c']) {
      const userId = await javaRegister(url(one), userName);
      const login = () =>
        JavaPeer.login(url(one), userId, userName).catch(ignore('asked again until it works'));
      peers.push(await waitUntil('a login', login));
    }
    const userId = await javaRegister(url(one), 'java-caller');
    const answered: string[] = [];
    let said = 0;
    /** As fast as it is answered. */
    const sayTo = async (route: Role, isOver: () => boolean) => {
      while (!isOver()) {
        said += 1;
        const msg = `said ${said}`;
        const body = { userId, msg };
        const envelope = await javaPost(url(route), '/groupRoute', body).catch(
          ignore('a refused message is none of those answered'),
        );
        if (envelope?.code === '9000') answered.push(msg);
      }
    };
    await sayTo(one, () => answered.length >= 20);
    const lost = /no link to the server/;
    const deaf = routes.map((route) => route.process.output.length);
    server.process.freeze();
    await Promise.all(
      routes.map(async (route, index) => {
        await sayTo(route, () => lost.test(route.process.output.slice(deaf[index])));
        const before = answered.length;
        // These go past the server.
        await sayTo(route, () => answered.length >= before + 20);
      }),
    );
    server.process.thaw();
    await sayTo(two, () => answered.length >= 100);
    let isKilled = false;
    await Promise.all([
      sayTo(one, () => isKilled),
      one.process.kill().then(() => {
        isKilled = true;
      }),
    ]);
    const before = answered.length;
    await sayTo(two, () => answered.length >= before + 20);
    for (const peer of peers) {
      await waitUntil(`${peer.userName} is shown all`, () => {
        const shown = new Set(peer.texts);
        return answered.every((text) => shown.has(text));
      });
      expect(new Set(peer.texts).size).toBe(peer.texts.length);
    }
  });

  test('a route without Redis says so, is not ready, refuses sends as retryable, and works when Redis comes back', async () => {
    const ownRedis = await startRedis();
    const route = await startRoute(zookeeper.address, ownRedis.address);
    await startServer(zookeeper.address);
    const amy = await person('amy', [url(route)]);
    amy.say('1;;to nobody');
    await amy.whenEvent(
      'hears that there is no such receiver',
      ({ event, code }) => event === 'error' && code === 'unknown-receiver',
    );
    await ownRedis.kill();
    const notReady = await waitUntil('not ready', async () => {
      const response = await fetch(`${url(route)}/readyz`);
      return response.status === 503 ? response.text() : undefined;
    });
    expect(notReady).toMatch(/[Rr]edis/);
    amy.say(`${amy.userId};;kept until it can be stored`);
    await ownRedis.start();
    await amy.whenSent(1);
    await waitUntil('ready', async () => (await fetch(`${url(route)}/readyz`)).ok);
  });

  test('a taken port is said, and ends with 69', async () => {
    const taken = await startRoute(zookeeper.address, redis.address);
    const port = taken.addresses['http']?.split(':')[1] ?? '';
    const second = await startProcess({
      name: 'cim route',
      command: executable,
      args: [
        'route',
        '--host',
        '127.0.0.1',
        '--port',
        port,
        '--zk',
        zookeeper.address,
        '--redis',
        redis.address,
      ],
      ready: (started) => started.hasExited,
    }).catch((error: Error) => error);
    expect(String(second instanceof Error ? second.message : '')).toMatch(
      `HTTP port ${port} on 127.0.0.1 cannot be listened on: something else listens there`,
    );
  });

  test.each([[], ['--cluster-secret', 'a secret that the operator chose']])(
    'a role that starts serves when it knows who is there, not before: %j',
    async (...secret) => {
      const late = await startZooKeeper();
      await late.stop();
      const ports = await Promise.all(Array.from({ length: 3 }, () => freePort()));
      const [routePort, tcpPort, httpPort] = ports.map(String) as [string, string, string];
      const common = ['--host', '127.0.0.1', '--zk', late.address, ...secret];
      const roles = [
        ['route', '--port', routePort, '--redis', redis.address],
        ['server', '--port', tcpPort, '--http-port', httpPort],
      ];
      const started = await Promise.all(
        roles.map(([role = '', ...args]) =>
          startProcess({
            name: `cim ${role}`,
            command: executable,
            args: [role, ...args, ...common],
            ready: ({ output }) => output.includes('ZooKeeper cannot be used'),
          }),
        ),
      );
      // Whoever asks is refused, and may ask the next one.
      expect(await listensAt(Number(tcpPort))).toBe(false);
      const statusOf = async (port: string, path: string) =>
        (await fetch(`http://127.0.0.1:${port}${path}`)).status;
      for (const port of [routePort, httpPort]) {
        expect(await statusOf(port, '/healthz')).toBe(200);
        expect(await statusOf(port, '/readyz')).toBe(503);
        expect(await statusOf(port, '/openapi.json')).toBe(503);
      }
      await late.start();
      await waitUntil('all are ready', () => started.every(({ stdout }) => / ready /.test(stdout)));
      expect(await listensAt(Number(tcpPort))).toBe(true);
      const ready = (port: string) => statusOf(port, '/readyz');
      await waitUntil('the server has a route', async () => (await ready(httpPort)) === 200);
      expect(await ready(routePort)).toBe(200);

      // Logins and messages go on without it: nobody is to be taken out for that.
      await late.kill();
      const degraded = (port: string) =>
        waitUntil('it is said', async () => {
          const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
          const text = await answer.text();
          return answer.status === 200 && text.includes('ZooKeeper') ? text : undefined;
        });
      for (const port of [routePort, httpPort]) {
        expect(await degraded(port)).toContain(
          '"degraded":["ZooKeeper cannot be used: it is out of reach',
        );
        expect((await fetch(`http://127.0.0.1:${port}/readyz?strict`)).status).toBe(503);
      }
    },
  );

  test('a store that refuses writes: routes say so and go on, and so do people who wait', async () => {
    const ownRedis = await startRedis();
    const route = await startRoute(zookeeper.address, ownRedis.address);
    await startServer(zookeeper.address);
    const amy = await person('amy', [url(route)]);
    amy.say(`${amy.userId};;first`);
    await amy.whenSent(1);
    await ownRedis.command('CONFIG', 'SET', 'maxmemory', '1');
    amy.say(`${amy.userId};;kept until it can be stored`);
    const { reason } = await amy.whenEvent('is told why', ({ event }) => event === 'waiting');
    expect(reason).toMatch(/the store refuses writes: .*maxmemory/);
    const answer = await fetch(`${url(route)}/readyz`);
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringMatching('maxmemory')]);
    await ownRedis.command('CONFIG', 'SET', 'maxmemory', '0');
    await amy.whenSent(2);
    await waitUntil('well again', async () => (await fetch(`${url(route)}/readyz?strict`)).ok);
    const said = () =>
      route.process.output.split('\n').filter((line) => line.includes('maxmemory'));
    await waitUntil('its log says so', () => said().length > 0);
    expect(said()).toHaveLength(1);
  });
});
