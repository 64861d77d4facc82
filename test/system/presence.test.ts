/**
 * Who is there, as people see it: the packaged executable on a real cluster. Whoever comes is told of
 * at once, and whoever goes after 15 s; a drain tells nothing, and a crash is told like an end.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeEach, expect, test } from '@jest/globals';
import { type ClusterServer, startCluster, type TestCluster } from '../support/cluster.ts';
import { Client, executable } from '../support/roles.ts';
import { countOf, serverOf } from '../support/talk.ts';
import { waitUntil } from '../support/wait-until.ts';

let cluster: TestCluster;
let lastId = 0;

beforeEach(async () => {
  cluster = await startCluster({ servers: 2, routes: 2 });
});

function person(name: string): Promise<Client> {
  lastId += 1;
  return Client.ready({ userId: lastId, name: `${name}-${lastId}`, routes: cluster.routeUrls });
}

/** What `watcher` was told of `userId`, in order. */
function toldOf(watcher: Client, userId: number): unknown[] {
  return watcher.events
    .filter(({ event, userId: who }) => event === 'presence' && who === userId)
    .map(({ online }) => online);
}

async function told(watcher: Client, userId: number, ...expected: boolean[]): Promise<void> {
  await waitUntil(`told of ${expected.length}`, () => {
    return toldOf(watcher, userId).length >= expected.length;
  });
  expect(toldOf(watcher, userId)).toEqual(expected);
}

/** Two who are on different servers. */
async function apart(): Promise<[watcher: Client, watched: Client]> {
  const watcher = await person('amy');
  for (;;) {
    const watched = await person('bob');
    if (serverOf(watched) !== serverOf(watcher)) return [watcher, watched];
  }
}

test('whoever comes is told of at once, whoever leaves after a while, and last seen only if they show it', async () => {
  const [amy, bob] = await apart();
  amy.say(`:watch ${bob.userId} 999999`);
  await amy.whenEvent('hears of who is not there', ({ event }) => event === 'error');
  amy.say(`:watch ${bob.userId}`);
  await told(amy, bob.userId, true);
  bob.say(':lastseen on');
  await bob.whenEvent('last seen is shown', ({ event }) => event === 'result');
  await bob.process.stop();
  await told(amy, bob.userId, true, false);
  const last = amy.events.findLast(({ event }) => event === 'presence');
  expect(last).toMatchObject({ userId: bob.userId, online: false });
  expect(Date.parse(String(last?.['lastSeen']))).toBeGreaterThan(Date.now() - 600_000);
  await Client.ready({ userId: bob.userId, name: bob.name, routes: cluster.routeUrls });
  await told(amy, bob.userId, true, false, true);
});

test('whom somebody has blocked sees nobody there', async () => {
  const [amy, bob] = await apart();
  const carol = await person('carol');
  bob.say(`:block ${amy.userId}`);
  await bob.whenEvent('amy is blocked', ({ event }) => event === 'result');
  for (const watcher of [amy, carol]) watcher.say(`:watch ${bob.userId}`);
  await told(carol, bob.userId, true);
  await told(amy, bob.userId, false);
});

test('a drain tells nothing, of whoever is sent elsewhere and to whoever is', async () => {
  const [amy, bob] = await apart();
  const carol = await person('carol');
  amy.say(`:watch ${bob.userId} ${carol.userId}`);
  await told(amy, bob.userId, true);
  await told(amy, carol.userId, true);
  for (const person of [bob, amy]) {
    const drained = cluster.servers.find(({ address }) => address === serverOf(person))!;
    const readyBefore = countOf(person, 'ready');
    await drain(drained);
    await waitUntil('they are elsewhere', () => countOf(person, 'ready') > readyBefore);
    await drained.process.stop();
    await drained.start();
  }
  // Whatever is told of the drains is told by the time at which it is told that carol has gone.
  await carol.process.stop();
  await told(amy, carol.userId, true, false);
  expect(toldOf(amy, bob.userId)).toEqual([true]);
});

test('a server that is killed takes its people with it', async () => {
  const [amy, bob] = await apart();
  amy.say(`:watch ${bob.userId}`);
  await told(amy, bob.userId, true);
  const crashed = cluster.servers.find(({ address }) => address === serverOf(bob))!;
  bob.process.freeze();
  await crashed.process.kill();
  await told(amy, bob.userId, true, false);
  await crashed.start();
  bob.process.thaw();
  await told(amy, bob.userId, true, false, true);
});

/** The proxies in front of the cluster are in this process: it must not stand still. */
async function drain({ address }: ClusterServer): Promise<void> {
  const { zookeeper } = cluster;
  const args = ['admin', 'drain', address, '--zk', zookeeper.address, '--cluster-secret', 'test'];
  const { stdout } = await promisify(execFile)(executable, args);
  expect(stdout).toContain('takes no more logins');
}
