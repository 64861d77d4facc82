/**
 * ZooKeeper that is not there, goes away, comes back, has forgotten everything, or does not answer.
 */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ignore } from '../../src/base/ignore.ts';
import { createLogger } from '../../src/base/log.ts';
import { openRegistry } from '../../src/registry/open-registry.ts';
import type { Registry } from '../../src/registry/registry.ts';
import { choosableInstances, liveRoute, liveServer } from '../contract/registry.ts';
import { freePort } from '../support/free-port.ts';
import { inTime } from '../support/in-time.ts';
import { type BreakableProxy, startTcpProxy } from '../support/tcp-proxy.ts';
import { onTeardown } from '../support/teardown.ts';
import { waitUntil } from '../support/wait-until.ts';
import { openZooKeeperShell, startZooKeeper, TestZooKeeper } from '../support/zookeeper.ts';

const sessionTimeoutMs = 1_000;
/** Of what waits for nobody who does not answer. */
const promptMsMax = 5_000;

async function join(zookeeper: string, sessionMs = sessionTimeoutMs): Promise<Registry> {
  const registry = await openRegistry({
    zookeeper,
    sessionTimeoutMs: sessionMs,
    follow: ['servers', 'routes'],
    log: createLogger('test', 'silent'),
    loadPeriodMs: 50,
  });
  onTeardown(() => registry.close());
  return registry;
}

test('nobody is gone on the word of a registry that is away, or has just come back', async () => {
  const zookeeper = await startZooKeeper();
  const late = new TestZooKeeper(await freePort());
  const early = await join(late.address);
  expect([early.isGone('a'), early.problem]).toEqual([false, 'it is not reached yet']);
  // Long enough that it is not over before it has been looked at.
  const registry = await join(zookeeper.address, 5_000);
  await registry.whenConnected();
  expect([registry.isGone('a'), registry.problem]).toEqual([true, null]);
  await zookeeper.kill();
  await waitUntil('it is lost', () => registry.state === 'lost');
  expect([registry.isGone('a'), registry.problem]).toEqual([
    false,
    expect.stringContaining('out of reach'),
  ]);
  await zookeeper.start();
  await waitUntil('it is back', () => registry.state === 'connected');
  expect([registry.isGone('a'), registry.problem]).toEqual([false, null]);
  await waitUntil('whoever lives has come back', () => registry.isGone('a'));
});

describe('not there', () => {
  test('a registry waits for a ZooKeeper that starts later, and so do those who use it', async () => {
    const zookeeper = new TestZooKeeper(await freePort());
    const registry = await join(zookeeper.address);
    const announced = registry.announceServer(liveServer('a'));
    const agreed = registry.agreeOnSecret(() => 'secret');
    expect(registry.state).toBe('connecting');
    await zookeeper.start();
    await announced;
    expect(await agreed).toBe('secret');
    await registry.whenConnected();
    expect(registry.state).toBe('connected');
    expect(choosableInstances(registry)).toEqual(['a']);
  });

  test.each([
    ['nobody listens', async () => `127.0.0.1:${await freePort()}`],
    ['no such name', async () => 'no-such-host.invalid:2181'],
    ['somebody listens and says nothing', silentServer],
    ['somebody listens and hangs up', rudeServer],
  ])('%s: closing is prompt, and ends the waiting', async (_name, address) => {
    const registry = await join(await address());
    const waiting = [
      registry.whenConnected(),
      registry.announceServer(liveServer('a')),
      registry.announceRoute(liveRoute('r')),
      registry.agreeOnSecret(() => 'secret'),
    ];
    const ends = Promise.allSettled(waiting);
    // Long enough to be in the midst of an attempt: a turn of the loop with real I/O.
    await new Promise((resolve) => setImmediate(resolve));
    const closing = Promise.all([ends, registry.close()]);
    const { result, isInTime } = await inTime(promptMsMax, closing);
    expect(isInTime).toBe(true);
    for (const end of result[0]) expect(end).toMatchObject({ reason: { kind: 'unavailable' } });
    expect(registry.state).toBe('closed');
  });

  test('one server of several is enough', async () => {
    const zookeeper = await startZooKeeper();
    const dead = `127.0.0.1:${await freePort()}`;
    const registry = await join(`no-such-host.invalid:2181,${dead},${zookeeper.address}`);
    await registry.whenConnected();
    expect(registry.state).toBe('connected');
  });
});

describe('goes away', () => {
  let zookeeper: TestZooKeeper;
  let address: string;
  let route: Registry;
  let server: Registry;
  let tests = 0;

  beforeAll(async () => {
    zookeeper = await startZooKeeper();
  });

  beforeEach(async () => {
    await zookeeper.start();
    tests += 1;
    address = `${zookeeper.address}/test-${tests}`;
    [route, server] = [await join(address), await join(address)];
    await server.announceServer(liveServer('a', 9000, { connections: 3 }));
    await server.announceRoute(liveRoute('r'));
    for (const registry of [route, server]) {
      await registry.whenConnected();
      await waitUntil(
        'all is seen',
        () => choosableInstances(registry).length === 1 && registry.view.routes.length === 1,
      );
    }
  });

  afterEach(() => zookeeper.thaw());

  async function expectRecovery(): Promise<void> {
    await waitUntil(
      'both are connected',
      () => route.state === 'connected' && server.state === 'connected',
    );
    await waitUntil(
      'all is seen',
      () => choosableInstances(route).length === 1 && route.view.routes.length === 1,
    );
    const shell = await openZooKeeperShell(address);
    expect(await shell.children('/cim')).toEqual(['10.0.0.1:9000:9001']);
    expect(await shell.children('/cim-live')).toEqual(['a']);
    expect(await shell.children('/cim-route')).toEqual(['10.0.0.9:8083']);
    // And what happens from now on is seen again.
    await server.announceServer(liveServer('b', 9100));
    await waitUntil('a new server is seen', () => choosableInstances(route).includes('b'));
  }

  test('the last view stays while it is away', async () => {
    await zookeeper.stop();
    await waitUntil('the loss is noticed', () => route.state === 'lost');
    expect(choosableInstances(route)).toEqual(['a']);
    expect(route.view.routes).toHaveLength(1);
  });

  test('restarted at once, it has the sessions it had: nobody was ever seen to be gone', async () => {
    // For longer than it takes to start, also on a machine that has much to do.
    const patient = await join(address, 20 * sessionTimeoutMs);
    await patient.announceServer(liveServer('p', 9200));
    await waitUntil('it is seen', () => route.view.servers.has('p'));
    const views: string[][] = [];
    route.onChange(() => views.push([...route.view.servers.keys()]));
    await zookeeper.stop();
    await zookeeper.start();
    await waitUntil(
      'all are connected',
      () => route.state === 'connected' && patient.state === 'connected',
    );
    await waitUntil('all is seen', () => choosableInstances(route).join() === 'a,p');
    expect(views.every((instances) => instances.includes('p'))).toBe(true);
  });

  test('killed, and restarted after the sessions would have expired', async () => {
    await zookeeper.kill();
    await waitUntil('the loss is noticed', () => route.state === 'lost' && server.state === 'lost');
    await outlast(sessionTimeoutMs);
    await zookeeper.start();
    await expectRecovery();
  });

  test('restarted with nothing in it', async () => {
    await zookeeper.stop();
    zookeeper.loseData();
    await zookeeper.start();
    await expectRecovery();
    expect(route.view.servers.get('a')).toEqual(liveServer('a', 9000, { connections: 3 }));
  });

  test('frozen for longer than the sessions', async () => {
    zookeeper.freeze();
    await waitUntil('the loss is noticed', () => route.state === 'lost' && server.state === 'lost');
    await outlast(sessionTimeoutMs);
    expect(choosableInstances(route)).toEqual(['a']);
    zookeeper.thaw();
    await expectRecovery();
  });

  test('closing while it is frozen ends within seconds', async () => {
    zookeeper.freeze();
    const closing = Promise.all([route.close(), server.close()]);
    expect(await inTime(promptMsMax, closing)).toMatchObject({ isInTime: true });
  });

  test('what was changed while it was away is in place afterwards', async () => {
    const announcement = await server.announceServer(liveServer('b', 9100));
    const leaving = await server.announceServer(liveServer('c', 9200));
    await waitUntil('they are seen', () => choosableInstances(route).length === 3);
    await zookeeper.stop();
    await waitUntil('the loss is noticed', () => route.state === 'lost' && server.state === 'lost');
    announcement.updateLoad({ connections: 9 });
    await announcement.withdraw();
    await leaving.leave();
    await zookeeper.start();
    await waitUntil(
      'b has withdrawn and c has left',
      () => choosableInstances(route).join() === 'a',
    );
    await waitUntil('the load is told', () => route.view.servers.get('b')?.connections === 9);
    expect([...route.view.servers.keys()].toSorted()).toEqual(['a', 'b']);
  });

  test('no other connection of the process is harmed by a loss', async () => {
    const echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    onTeardown(() => echo.close());
    await once(echo, 'listening');
    zookeeper.freeze();
    await waitUntil(
      'the loss is noticed',
      () => route.state === 'lost' || server.state === 'lost',
      { pollMs: 1 },
    );
    // These get the file descriptors that the lost connections had.
    const sockets = Array.from({ length: 20 }, () => connectTo(echo.address()));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    await waitUntil('both have noticed', () => route.state === 'lost' && server.state === 'lost');
    zookeeper.thaw();
    await waitUntil(
      'both are back',
      () => route.state === 'connected' && server.state === 'connected',
    );
    let answers = 0;
    for (const socket of sockets) {
      socket.once('data', () => {
        answers += 1;
      });
      socket.write('still there?');
    }
    await waitUntil('every connection is answered', () => answers === sockets.length);
  });
});

describe('cut off', () => {
  let zookeeper: TestZooKeeper;
  let proxy: BreakableProxy;
  let route: Registry;
  let server: Registry;

  beforeAll(async () => {
    zookeeper = await startZooKeeper();
  });

  beforeEach(async () => {
    proxy = await startTcpProxy(zookeeper.port);
    route = await join(zookeeper.address);
    server = await join(`127.0.0.1:${proxy.port}`);
    await server.announceServer(liveServer('a'));
    await server.announceRoute(liveRoute('r'));
    for (const registry of [route, server]) {
      await registry.whenConnected();
      await waitUntil(
        'all is seen',
        () => choosableInstances(registry).length === 1 && registry.view.routes.length === 1,
      );
    }
  });

  // Closing a registry blocks for a while if nobody answers, and the proxy is in this very process.
  afterEach(() => proxy.stop());

  test('a server that cannot reach ZooKeeper loses its session, and is back as the same instance when it can', async () => {
    proxy.silence();
    await waitUntil(
      'it is given up',
      () => route.view.servers.size === 0 && route.view.routes.length === 0,
    );
    expect(choosableInstances(server)).toEqual(['a']);
    proxy.restore();
    await waitUntil(
      'it is back',
      () => choosableInstances(route).includes('a') && route.view.routes.length === 1,
    );
    await waitUntil('it says so', () => server.state === 'connected');
  });

  test('connections that break at any moment of their being set up', async () => {
    const breaking = await startTcpProxy(zookeeper.port);
    breaking.breakEarly(25);
    const unlucky = await join(`127.0.0.1:${breaking.port}`);
    await Promise.all([
      unlucky.announceServer(liveServer('b', 9100)),
      unlucky.announceRoute(liveRoute('s', 8084)),
      unlucky.agreeOnSecret(() => 'secret'),
      unlucky.whenConnected(),
    ]);
    expect(breaking.broken).toBeGreaterThan(10);
    await waitUntil(
      'all is seen',
      () => choosableInstances(route).join() === 'a,b' && route.view.routes.length === 2,
    );
    await breaking.stop();
  });

  test('a broken connection is not a lost session: nobody sees anything', async () => {
    const shell = await openZooKeeperShell(zookeeper.address);
    const before = await shell.read('/cim-live/a');
    let changes = 0;
    route.onChange(() => {
      changes += 1;
    });
    for (let round = 0; round < 5; round += 1) {
      proxy.reset();
      await waitUntil('the loss is noticed', () => server.state === 'lost', { pollMs: 1 });
      await waitUntil('it is connected again', () => server.state === 'connected');
    }
    expect(changes).toBe(0);
    expect(await shell.read('/cim-live/a')).toEqual(before);
  });
});

/** Lets a time pass that is itself the subject of the test. */
function outlast(ms: number): Promise<void> {
  const until = performance.now() + ms;
  return waitUntil('time passes', () => performance.now() > until, { timeoutMs: ms * 2 }).then(
    () => {},
  );
}

function connectTo(address: ReturnType<ReturnType<typeof createServer>['address']>): Socket {
  if (!address || typeof address === 'string') throw new Error('not listening');
  const socket = connect(address.port, '127.0.0.1');
  onTeardown(() => socket.destroy());
  return socket;
}

/** Accepts connections, and no more. */
async function silentServer(): Promise<string> {
  return listen(() => {});
}

async function rudeServer(): Promise<string> {
  return listen((socket) => socket.destroy());
}

async function listen(onConnection: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', ignore('the event close follows'));
    onConnection(socket);
  }).listen(0, '127.0.0.1');
  onTeardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server, 'listening');
  const address = server.address();
  if (!address || typeof address === 'string') throw new Error('not listening');
  return `127.0.0.1:${address.port}`;
}
