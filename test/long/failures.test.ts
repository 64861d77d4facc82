/**
 * Every part of a cluster is killed, frozen and cut off while people talk. Whatever happens, what
 * was acknowledged arrives, once and in order; and nobody waits longer than the design promises.
 */
import { beforeAll, beforeEach, describe, test } from '@jest/globals';
import { type ClusterServer, startCluster, type TestCluster } from '../support/cluster.ts';
import type { Client } from '../support/roles.ts';
import { countOf, peopleOn, serverOf, Talk } from '../support/talk.ts';
import { waitUntil } from '../support/wait-until.ts';

let cluster: TestCluster;
let people: Client[];
let talk: Talk;

beforeAll(async () => {
  cluster = await startCluster();
  people = await peopleOn(
    cluster.servers.map(({ address }) => address),
    cluster.routeUrls,
  );
  talk = new Talk(people);
});

// What a test has started again ends with it.
beforeEach(async () => {
  const { redis, zookeeper, routes, servers } = cluster;
  await Promise.all([redis.start(), zookeeper.start()]);
  await Promise.all([...routes, ...servers].map((role) => role.start()));
});

/** The people on this server. */
function crowdOf({ address }: ClusterServer): Client[] {
  return people.filter((person) => serverOf(person) === address);
}

/** Somebody is on it. */
function busyServer(): ClusterServer {
  const server = cluster.servers.find((each) => crowdOf(each).length > 0);
  if (!server) throw new Error('nobody is on any server');
  return server;
}

/** Waits until each of these people has been through one more `event` than before. */
function whenEach(
  crowd: readonly Client[],
  event: string,
  before: readonly number[],
  timeoutMs: number,
): Promise<unknown> {
  return waitUntil(
    `${event} of ${crowd.map(({ name }) => name)}`,
    () => crowd.every((person, index) => countOf(person, event) > (before[index] ?? 0)),
    { timeoutMs, pollMs: 50 },
  );
}

function counts(crowd: readonly Client[], event: string): number[] {
  return crowd.map((person) => countOf(person, event));
}

describe('kill -9', () => {
  test('of a server: its people go on at the other', async () => {
    const server = busyServer();
    const crowd = crowdOf(server);
    const before = counts(crowd, 'ready');
    talk.say(20);
    await server.process.kill();
    talk.say(20);
    await whenEach(crowd, 'ready', before, 15_000);
    await talk.complete();
  });

  test('of each route in turn', async () => {
    for (const route of cluster.routes) {
      talk.say(20);
      await route.process.kill();
      talk.say(20);
      await talk.complete();
      await route.start();
    }
  });

  test('of every route: people stay connected, and what they say is stored when one is back', async () => {
    const before = counts(people, 'offline');
    for (const route of cluster.routes) await route.process.kill();
    talk.say(10);
    for (const route of cluster.routes) await route.start();
    await talk.complete();
    for (const [index, person] of people.entries()) {
      if (countOf(person, 'offline') !== before[index])
        throw new Error(`${person.name} was disconnected`);
    }
  });

  test('of Redis, which syncs its log at every write', async () => {
    talk.say(20);
    await cluster.redis.kill();
    talk.say(20);
    await cluster.redis.start();
    await talk.complete();
  });

  test('of ZooKeeper: people talk on without it', async () => {
    await cluster.zookeeper.kill();
    talk.say(20);
    await talk.complete();
  });
});

describe('frozen', () => {
  test('a server: its people notice within 15 s, and go on at the other', async () => {
    const server = busyServer();
    const crowd = crowdOf(server);
    const before = counts(crowd, 'offline');
    talk.say(10);
    server.process.freeze();
    talk.say(10);
    // 15 s from the last sign of life, and the second of the sweep that finds out.
    await whenEach(crowd, 'offline', before, 17_000);
    await talk.complete();
    server.process.thaw();
    talk.say(10);
    await talk.complete();
  });

  test('a route: its part is taken over by the other', async () => {
    const [route] = cluster.routes;
    route?.process.freeze();
    talk.say(20);
    await talk.complete();
    route?.process.thaw();
    talk.say(20);
    await talk.complete();
  });

  test('Redis: nothing is acknowledged until it goes on', async () => {
    cluster.redis.freeze();
    talk.say(20);
    await waitUntil(
      'a route says that it is not ready',
      async () => (await fetch(`${cluster.routeUrls[0]}/readyz`)).status === 503,
    );
    cluster.redis.thaw();
    await talk.complete();
  });

  test('ZooKeeper', async () => {
    cluster.zookeeper.freeze();
    talk.say(20);
    await talk.complete();
    cluster.zookeeper.thaw();
    talk.say(20);
    await talk.complete();
  });
});

describe('cut off', () => {
  test('clients from a server: they come back at once', async () => {
    const server = busyServer();
    const crowd = crowdOf(server);
    const before = counts(crowd, 'ready');
    talk.say(20);
    server.clients.reset();
    talk.say(20);
    await whenEach(crowd, 'ready', before, 10_000);
    await talk.complete();
  });

  test('clients from a server without a sign: they notice within 15 s, and go to the other', async () => {
    const server = busyServer();
    const crowd = crowdOf(server);
    const before = counts(crowd, 'offline');
    server.clients.silence();
    talk.say(10);
    await whenEach(crowd, 'offline', before, 17_000);
    await talk.complete();
    server.clients.restore();
    talk.say(10);
    await talk.complete();
  });

  test('servers from a route without a sign: they use the other', async () => {
    const [route] = cluster.routes;
    route?.callers.silence();
    talk.say(20);
    await talk.whenStored();
    route?.callers.restore();
    await talk.complete();
  });

  test('routes from a server without a sign: its people still get everything within half a minute', async () => {
    const server = busyServer();
    const [listener] = crowdOf(server) as [Client];
    const elsewhere = cluster.servers.filter((each) => each !== server);
    const speakers = await peopleOn(
      elsewhere.map(({ address }) => address),
      cluster.routeUrls,
    );
    const speaker = speakers.at(-1) as Client;
    server.links.silence();
    // The listener says nothing, whose acknowledgement would tell that something came before it; and
    // no push can come through. What is missed is found by the server itself.
    speaker.say(`${listener.userId};;can you hear me?`);
    await listener.whenText('can you hear me?');
    server.links.restore();
    talk.say(20);
    await talk.complete();
  });
});
