/** Real processes that are killed, restarted and frozen, seen by a registry that lives on. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createLogger } from '../../src/base/log.ts';
import { openRegistry } from '../../src/registry/open-registry.ts';
import type { Registry } from '../../src/registry/registry.ts';
import { startProcess, type TestProcess } from '../support/processes.ts';
import type { ParticipantOptions } from '../support/registry-participant.ts';
import { onTeardown } from '../support/teardown.ts';
import { waitUntil } from '../support/wait-until.ts';
import {
  openZooKeeperShell,
  startZooKeeper,
  type TestZooKeeper,
  type ZooKeeperShell,
} from '../support/zookeeper.ts';

const sessionTimeoutMs = 2_000;
const script = join(__dirname, '../support/registry-participant.ts');

let zookeeper: TestZooKeeper;
let shell: ZooKeeperShell;
let watcher: Registry;

beforeAll(async () => {
  zookeeper = await startZooKeeper();
});

beforeEach(async () => {
  shell = await openZooKeeperShell(zookeeper.address);
  watcher = await openRegistry({
    zookeeper: zookeeper.address,
    sessionTimeoutMs,
    follow: ['servers', 'routes'],
    log: createLogger('test', 'silent'),
  });
  onTeardown(() => watcher.close());
  await watcher.whenConnected();
});

async function startParticipant(
  instance: string,
  sessionMs = sessionTimeoutMs,
): Promise<TestProcess> {
  const options: ParticipantOptions = {
    zookeeper: zookeeper.address,
    sessionTimeoutMs: sessionMs,
    instance,
  };
  const participant = await startProcess({
    name: instance,
    command: process.execPath,
    args: [script, JSON.stringify(options)],
  });
  await participant.whenPrinted(/announced/);
  return participant;
}

function seen(): { choosable: string[]; routes: string[] } {
  const { choosable, routes } = watcher.view;
  return {
    choosable: choosable.map(({ instance }) => instance),
    routes: routes.map(({ instance }) => instance),
  };
}

const nobody = { choosable: [], routes: [] };
const only = (instance: string) => ({ choosable: [instance], routes: [instance] });

test('a process that is killed is gone when its session is, one that is told to stop at once', async () => {
  const killed = await startParticipant('killed');
  await waitUntil('it is seen', () => watcher.view.servers.has('killed'));
  await killed.kill();
  await waitUntil('it is gone', () => watcher.view.servers.size === 0);
  expect(seen()).toEqual(nobody);

  const stopped = await startParticipant('stopped');
  await waitUntil('it is seen', () => watcher.view.servers.has('stopped'));
  expect(await stopped.stop()).toBe(0);
  // Not only when its session would have ended.
  expect(await shell.children('/cim-live')).toEqual([]);
  await waitUntil('it is gone', () => watcher.view.servers.size === 0);
});

test('a process restarted at once on its old address takes it over, before and after its old session has ended', async () => {
  // For longer than it takes to start another, also on a machine that has much to do.
  const old = await startParticipant('old', 3 * sessionTimeoutMs);
  await waitUntil(
    'the old one is seen',
    () => seen().choosable.includes('old') && seen().routes.includes('old'),
  );
  const { owner } = await shell.read('/cim/10.0.0.1:9000:8081');

  await old.kill();
  const successor = await startParticipant('new');
  // The old session has not ended yet: this is what is being tested.
  expect((await shell.children('/cim-live')).toSorted()).toEqual(['new', 'old']);
  await waitUntil(
    'the new one is seen',
    () => seen().choosable.includes('new') && seen().routes.includes('new'),
  );
  expect(seen()).toEqual(only('new'));

  await waitUntil('the old session has ended', () => !watcher.view.servers.has('old'));
  expect(seen()).toEqual(only('new'));
  expect((await shell.read('/cim/10.0.0.1:9000:8081')).owner).not.toBe(owner);
  expect(await shell.children('/cim-route')).toEqual(['10.0.0.1:8083']);

  await successor.stop();
  // Its nodes go one after the other.
  await waitUntil('the new one is gone', () => {
    const { servers, routes } = watcher.view;
    return servers.size === 0 && routes.length === 0;
  });
  expect(seen()).toEqual(nobody);
});

test('what a connected process starts does not inherit its connection', async () => {
  const { stdout } = await promisify(execFile)('ls', ['-l', '/proc/self/fd']);
  const inherited = stdout.split('\n').filter((line) => / ([3-9]|\d\d+) -> socket:/.test(line));
  expect(inherited).toEqual([]);
});

test('a process frozen for longer than its session comes back by itself, as the same instance', async () => {
  const participant = await startParticipant('frozen');
  await waitUntil(
    'it is seen',
    () => seen().choosable.includes('frozen') && seen().routes.includes('frozen'),
  );
  participant.freeze();
  await waitUntil('it is given up', () => watcher.view.servers.size === 0);
  participant.thaw();
  await waitUntil(
    'it is back',
    () => seen().choosable.includes('frozen') && seen().routes.includes('frozen'),
  );
  expect(seen()).toEqual(only('frozen'));
  await waitUntil('its log says why', () => participant.output.includes('has expired'));
  await participant.stop();
  await waitUntil('it is gone', () => watcher.view.servers.size === 0);
});

test('the native client prints nothing of its own: stdout is ours, stderr is JSON lines', async () => {
  const participant = await startParticipant('quiet');
  participant.freeze();
  await waitUntil(
    'its session has expired',
    async () => !(await shell.children('/cim-live')).includes('quiet'),
  );
  participant.thaw();
  await waitUntil(
    'it is back',
    () => participant.output.split('connected to ZooKeeper').length > 2,
  );
  await participant.stop();
  expect(participant.stdout).toBe('announced\n');
  const lines = participant.output.replace('announced\n', '').trim().split('\n');
  expect(lines.length).toBeGreaterThan(2);
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ role: 'participant' });
});
