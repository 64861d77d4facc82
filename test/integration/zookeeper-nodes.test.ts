/** What stands in ZooKeeper, and what others may do there. */
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ignore } from '../../src/base/ignore.ts';
import { createLogger } from '../../src/base/log.ts';
import { openRegistry } from '../../src/registry/open-registry.ts';
import type { Registry } from '../../src/registry/registry.ts';
import { encodeRoute } from '../../src/registry/zookeeper/nodes.ts';
import { choosableInstances, liveRoute, liveServer } from '../contract/registry.ts';
import { serverAddress } from '../support/role-addresses.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { onTeardown } from '../support/teardown.ts';
import { waitUntil } from '../support/wait-until.ts';
import {
  openZooKeeperShell,
  startZooKeeper,
  type TestZooKeeper,
  type ZooKeeperShell,
} from '../support/zookeeper.ts';

let zookeeper: TestZooKeeper;
let shell: ZooKeeperShell;
let address: string;
let tests = 0;

beforeAll(async () => {
  zookeeper = await startZooKeeper();
});

beforeEach(async () => {
  tests += 1;
  address = `${zookeeper.address}/test-${tests}`;
  const root = await openZooKeeperShell(zookeeper.address);
  await root.create(`/test-${tests}`, '');
  shell = await openZooKeeperShell(address);
});

async function join(
  follow: ('servers' | 'routes')[] = ['servers', 'routes'],
  at = address,
): Promise<Registry> {
  const log = createLogger('test', 'silent');
  // No session ends because the machine is busy: whoever comes back claims its address anew.
  const registry = await openRegistry({ zookeeper: at, sessionTimeoutMs: 20_000, follow, log });
  onTeardown(() => registry.close());
  await registry.whenConnected();
  return registry;
}

test('a server is two ephemeral nodes, a route is one', async () => {
  const server = await join();
  await server.announceServer(liveServer('a', 9000, { connections: 3 }));
  await server.announceRoute(liveRoute('r'));

  const choosable = await shell.read('/cim/10.0.0.1:9000:9001');
  expect(choosable.data).toBe('');
  const live = await shell.read('/cim-live/a');
  expect(JSON.parse(live.data)).toEqual({
    address: 'kind=tcp host=10.0.0.1 port=9000 kind=http host=10.0.0.1 port=9001',
    version: '1.2.3',
    connections: 3,
  });
  const route = await shell.read('/cim-route/10.0.0.9:8083');
  expect(JSON.parse(route.data)).toEqual({
    address: 'kind=http host=10.0.0.9 port=8083',
    instance: 'r',
    version: '1.2.3',
  });

  expect(live.owner).not.toBe('0');
  expect(new Set([choosable.owner, live.owner, route.owner]).size).toBe(1);
  expect((await shell.read('/cim')).owner).toBe('0');
});

test('the agreed secret outlives those who agreed on it', async () => {
  const first = await join();
  expect(await first.agreeOnSecret(() => 'the secret')).toBe('the secret');
  await first.close();
  const second = await join();
  expect(await second.agreeOnSecret(() => 'another')).toBe('the secret');
  expect(await shell.read('/cim-secret')).toEqual({ data: 'the secret', owner: '0' });
});

test('a registry shows what it was asked to follow', async () => {
  const [routesOnly, serversOnly, both] = [
    await join(['routes']),
    await join(['servers']),
    await join(),
  ];
  await both.announceServer(liveServer('a'));
  await both.announceRoute(liveRoute('r'));
  await waitUntil('the route is seen', () => routesOnly.view.routes.length === 1);
  await waitUntil('the server is seen', () => serversOnly.view.choosable.length === 1);
  await waitUntil(
    'both are seen',
    () => both.view.routes.length + both.view.choosable.length === 2,
  );
  expect(routesOnly.view.servers.size).toBe(0);
  expect(serversOnly.view.routes).toEqual([]);
});

describe('what others put there', () => {
  test('a Java server, which has no live node, is never chosen', async () => {
    const route = await join();
    await shell.create('/cim/10.0.0.7:11211:8081', '', 'ephemeral');
    await route.announceServer(liveServer('a'));
    await waitUntil('ours is choosable', () => choosableInstances(route).includes('a'));
    expect(choosableInstances(route)).toEqual(['a']);
    expect(route.view.servers.size).toBe(1);
  });

  test('nodes that make no sense are ignored', async () => {
    const route = await join();
    await shell.create('/cim-live/junk', 'not JSON');
    await shell.create('/cim-live/null', 'null');
    await shell.create('/cim-live/no-ports', '{"address":"kind=tcp host=10.0.0.1 port=9000"}');
    await shell.create(
      '/cim-live/bad-port',
      '{"address":"kind=tcp host=10.0.0.1 port=70000 kind=http host=10.0.0.1 port=1"}',
    );
    await shell.create('/cim-route/junk', '');
    await route.announceServer(liveServer('a'));
    await route.announceRoute(liveRoute('r'));
    await waitUntil(
      'ours are seen',
      () => route.view.servers.has('a') && route.view.routes.length > 0,
    );
    expect([...route.view.servers.keys()]).toEqual(['a']);
    expect(route.view.routes).toEqual([liveRoute('r')]);
    expect(route.state).toBe('connected');
  });

  test('what a newer version adds to a node does not matter', async () => {
    const route = await join();
    const fields = {
      address:
        'kind=tcp host=10.0.0.1 port=9000 weight=2 kind=http host=10.0.0.1 port=9001 kind=ws host=10.0.0.1 port=9002',
      version: '9.9.9',
      connections: 1,
      colour: 'red',
    };
    await shell.create('/cim-live/a', JSON.stringify(fields));
    await shell.create('/cim/10.0.0.1:9000:9001', '');
    await waitUntil('it is choosable', () => choosableInstances(route).includes('a'));
    expect(route.view.servers.get('a')).toEqual(
      liveServer('a', 9000, {
        address: [
          ...serverAddress('10.0.0.1', 9000, 9001),
          { kind: 'ws', host: '10.0.0.1', port: 9002, tls: false },
        ],
        version: '9.9.9',
        connections: 1,
      }),
    );
  });

  test('a node of ours that somebody deletes is there again', async () => {
    const [route, server] = [await join(), await join()];
    await server.announceServer(liveServer('a'));
    await server.announceRoute(liveRoute('r'));
    for (const path of ['/cim/10.0.0.1:9000:9001', '/cim-live/a', '/cim-route/10.0.0.9:8083']) {
      const before = await shell.read(path);
      await shell.remove(path);
      const after = await waitUntil(`${path} is back`, () =>
        shell.read(path).catch(ignore('not there')),
      );
      expect(after).toEqual(before);
    }
    await waitUntil(
      'all is seen',
      () => choosableInstances(route).length === 1 && route.view.routes.length === 1,
    );
  });

  test('of two that claim one address the newer has it; when it goes, the older has it again', async () => {
    const [watcher, older, newer] = [await join(), await join(), await join()];
    const path = '/cim-route/10.0.0.9:8083';
    await older.announceRoute(liveRoute('older'));
    const first = await shell.read(path);
    await newer.announceRoute(liveRoute('newer'));
    const second = await shell.read(path);
    expect(second.owner).not.toBe(first.owner);
    await waitUntil('the newer is seen', () => watcher.view.routes[0]?.instance === 'newer');
    // Whatever the older one would do about it, it has done when it has answered this.
    await older.announceServer(liveServer('marker'));
    expect(await shell.read(path)).toEqual(second);
    await newer.close();
    await waitUntil('the older is seen again', () => watcher.view.routes[0]?.instance === 'older');
    expect((await shell.read(path)).owner).toBe(first.owner);
  });
});

test('a child that is replaced before anybody looks again is seen as what it is now', async () => {
  const proxy = await startTcpProxy(zookeeper.port);
  const watcher = await join(['routes'], address.replace(`${zookeeper.port}`, `${proxy.port}`));
  const path = '/cim-route/10.0.0.9:8083';
  const dataOf = (instance: string) => encodeRoute(liveRoute(instance));
  await shell.create(path, dataOf('old'));
  await waitUntil('the old one is seen', () => watcher.view.routes[0]?.instance === 'old');
  // Both changes happen while the watcher hears nothing: then its list of names is the same as
  // before.
  proxy.silence();
  await shell.remove(path);
  await shell.create(path, dataOf('new'));
  proxy.restore();
  await waitUntil('the new one is seen', () => watcher.view.routes[0]?.instance === 'new');
});

test('a crowd is seen and followed, and one who joins late sees all of it at once', async () => {
  const route = await join();
  const servers = await join();
  const count = 300;
  const ports = Array.from({ length: count }, (_, index) => 10_000 + 2 * index);
  const announcements = await Promise.all(
    ports.map((port) => servers.announceServer(liveServer(`s${port}`, port))),
  );
  await waitUntil('all are choosable', () => route.view.choosable.length === count);

  const late = await join();
  expect(late.view.choosable).toHaveLength(count);
  announcements.forEach((announcement, index) => {
    announcement.updateLoad({ connections: index });
  });
  await waitUntil('all loads are seen', () =>
    route.view.choosable.every(({ connections }, index) => connections === index),
  );
  await servers.close();
  await waitUntil('all are gone', () => route.view.servers.size === 0);
});
