/**
 * Goal: with `--zk-auth` nobody else can read or change what cim keeps in ZooKeeper, and whoever has
 * another one is told so at the start. Method: an outsider's plain session beside the registry's.
 */
import { beforeAll, beforeEach, expect, test } from '@jest/globals';
import { openRegistry } from '../../src/registry/open-registry.ts';
import type { Registry } from '../../src/registry/registry.ts';
import { visitRegistry } from '../../src/registry/visit-registry.ts';
import { choosableInstances, liveRoute, liveServer } from '../contract/registry.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { onTeardown } from '../support/teardown.ts';
import { waitUntil } from '../support/wait-until.ts';
import {
  openZooKeeperShell,
  startZooKeeper,
  type TestZooKeeper,
  type ZooKeeperShell,
} from '../support/zookeeper.ts';
import { recordingLog } from '../unit/http/recording-log.ts';

const auth = 'cim:the-password';
let zookeeper: TestZooKeeper;
let outsider: ZooKeeperShell;
let chroot: string;
let tests = 0;
let lines: string[];

beforeAll(async () => {
  zookeeper = await startZooKeeper();
});

beforeEach(async () => {
  tests += 1;
  chroot = `/test-${tests}`;
  lines = [];
  outsider = await openZooKeeperShell(zookeeper.address);
});

/** `shown` null: without any. */
async function open(shown: string | null = auth, at = zookeeper.address): Promise<Registry> {
  const { log, lines: logged } = recordingLog();
  lines = logged;
  const registry = await openRegistry({
    zookeeper: at + chroot,
    sessionTimeoutMs: 2_000,
    follow: ['servers', 'routes'],
    auth: shown ?? undefined,
    log,
    loadPeriodMs: 50,
  });
  onTeardown(() => registry.close());
  return registry;
}

const everyNode = () =>
  ['', '/cim', '/cim-live', '/cim-route', '/cim-secret'].map((node) => chroot + node);

test('an outsider can neither list, nor read, nor write, nor add, nor remove anything', async () => {
  const registry = await open();
  const announcement = await registry.announceServer(liveServer('a'));
  await registry.announceRoute(liveRoute('r'));
  const secret = await registry.agreeOnSecret(() => 'drawn');
  expect(secret).toBe('drawn');
  // Written anew, with what is there already.
  announcement.updateLoad({ connections: 7 });
  const other = await open();
  await waitUntil('it is seen', () => other.view.servers.get('a')?.connections === 7);
  const nodes = [
    ...everyNode(),
    ...['/cim/10.0.0.1:9000:9001', '/cim-live/a', '/cim-route/10.0.0.9:8083'].map(
      (node) => chroot + node,
    ),
  ];
  for (const node of nodes) {
    await expect(outsider.children(node)).rejects.toThrow('not authenticated');
    await expect(outsider.read(node)).rejects.toThrow('not authenticated');
    await expect(outsider.write(node, 'mine')).rejects.toThrow('not authenticated');
    await expect(outsider.create(`${node}/mine`, '')).rejects.toThrow();
  }
  for (const node of nodes.slice(1)) await expect(outsider.remove(node)).rejects.toThrow();
  expect(choosableInstances(other)).toEqual(['a']);
  expect(await other.agreeOnSecret(() => 'another')).toBe('drawn');
});

test.each([
  ['none', null],
  ['another password', 'cim:guessed'],
  ['another user', 'somebody:the-password'],
])('with %s one is told so at the start, and no secret is told', async (_, shown) => {
  await (await open()).whenConnected();
  const registry = await open(shown);
  for (const attempt of [
    registry.whenConnected(),
    registry.agreeOnSecret(() => 'x'),
    registry.announceServer(liveServer('a')),
  ]) {
    await expect(attempt).rejects.toMatchObject({ kind: 'not-allowed' });
    await expect(attempt).rejects.toThrow('--zk-auth');
    await expect(attempt).rejects.not.toThrow('password');
  }
  await expect(registry.announceRoute(liveRoute('r'))).rejects.toThrow('--zk-auth');
  expect(lines.join('')).toContain('--zk-auth');
  expect(lines.join('')).not.toMatch(/the-password|guessed/);
});

test('a look into the registry needs it as well', async () => {
  await (await open()).announceRoute(liveRoute('r'));
  const place = { zookeeper: zookeeper.address + chroot };
  const { log } = recordingLog();
  const routes = (registry: Registry) => registry.view.routes.length;
  expect(await visitRegistry({ ...place, auth }, log, routes)).toBe(1);
  await expect(visitRegistry({ ...place, auth: undefined }, log, routes)).rejects.toMatchObject({
    kind: 'not-allowed',
  });
});

test('what is no user and password is refused without being repeated', async () => {
  await expect(open('the-password')).rejects.toMatchObject({ kind: 'bad-config' });
  await expect(open('the-password')).rejects.not.toThrow('the-password');
});

test('nodes that others have made are refused, and named', async () => {
  await outsider.create(chroot, '');
  await outsider.create(`${chroot}/cim`, '');
  await outsider.create(`${chroot}/cim/10.0.0.1:1:1`, '');
  const registry = await open();
  await expect(registry.whenConnected()).rejects.toThrow(`${chroot}/cim in ZooKeeper was not made`);
});

test('empty folders of a cluster that ran without it are taken over', async () => {
  await outsider.create(chroot, '');
  for (const folder of ['cim', 'cim-live', 'cim-route'])
    await outsider.create(`${chroot}/${folder}`, '');
  const registry = await open();
  await registry.announceServer(liveServer('a'));
  await expect(outsider.children(`${chroot}/cim-live`)).rejects.toThrow('not authenticated');
});

test('a secret that somebody else has put there is not believed', async () => {
  await outsider.create(chroot, '');
  await outsider.create(`${chroot}/cim-secret`, 'planted');
  const registry = await open();
  const agreed = registry.agreeOnSecret(() => 'drawn');
  await expect(agreed).rejects.toMatchObject({ kind: 'not-allowed' });
  await expect(agreed).rejects.toThrow(`${chroot}/cim-secret in ZooKeeper was not made`);
  await expect(agreed).rejects.not.toThrow('planted');
});

test('all agree on one secret, whoever comes first', async () => {
  const registries = await Promise.all([open(), open(), open(), open()]);
  const agreed = await Promise.all(
    registries.map((registry, index) => registry.agreeOnSecret(() => `drawn by ${index}`)),
  );
  expect(new Set(agreed).size).toBe(1);
});

test('after a session has ended, what is made anew is protected as well', async () => {
  const proxy = await startTcpProxy(zookeeper.port);
  const registry = await open(auth, `127.0.0.1:${proxy.port}`);
  const watcher = await open();
  await registry.announceServer(liveServer('a'));
  await waitUntil('it is seen', () => watcher.view.servers.has('a'));
  proxy.silence();
  await waitUntil('its session has ended', () => !watcher.view.servers.has('a'));
  proxy.restore();
  proxy.reset();
  await waitUntil('it is back', () => choosableInstances(watcher).includes('a'));
  await waitUntil('it is protected', async () =>
    outsider.read(`${chroot}/cim-live/a`).then(
      () => false,
      () => true,
    ),
  );
  await expect(outsider.write(`${chroot}/cim-live/a`, '')).rejects.toThrow('not authenticated');
});
