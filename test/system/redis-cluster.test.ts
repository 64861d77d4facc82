/**
 * A Redis Cluster under a route and a server, of which a master goes away and comes back. Goal: it is
 * said why nothing is stored, as of all routes alike; nothing that was acknowledged is lost.
 */
import { expect, test } from '@jest/globals';
import { startRedisCluster } from '../support/redis.ts';
import { countersOf, readiness, whenChanged, whenReadiness } from '../support/role-health.ts';
import { Client, startRoute, startServer } from '../support/roles.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startZooKeeper } from '../support/zookeeper.ts';

const clusterSecret = 'test';

test('slots without a master: nothing is acknowledged, it is said, and it goes on when they have one', async () => {
  const [redis, zookeeper] = await Promise.all([startRedisCluster(), startZooKeeper()]);
  for (const node of redis.nodes)
    await node.command('CONFIG', 'SET', 'cluster-require-full-coverage', 'yes');
  const secret = ['--cluster-secret', clusterSecret];
  const route = await startRoute(zookeeper.address, redis.address, [
    ...secret,
    ...['--log-level', 'info'],
  ]);
  await startServer(zookeeper.address, secret);
  const url = `http://${route.addresses['http']}`;
  const person = (userId: number) =>
    Client.ready({ userId, name: `person-${userId}`, routes: [url] });
  const [amy, bob] = [await person(1), await person(2)];
  const texts = Array.from({ length: 20 }, (_, index) => `text ${index + 1}`);
  for (const text of texts.slice(0, 10)) amy.say(`2;;${text}`);
  await amy.whenSent(10);

  const [other, gone, another] = redis.masters;
  await gone!.kill();
  await waitUntil('the cluster is down', async () => {
    const states = [other!, another!].map((node) => node.command('CLUSTER', 'INFO'));
    return (await Promise.all(states)).every((state) => state.includes('cluster_state:fail'));
  });
  const isDown = (text: string) => text.includes('not all slots of its cluster are served');
  // All routes have it alike.
  expect(await whenReadiness(url, isDown)).toMatchObject({
    status: 200,
    text: expect.stringContaining(
      '"degraded":["the store refuses writes: Redis: not all slots of its cluster are served',
    ),
  });
  expect(await readiness(url, '?strict')).toMatchObject({ status: 503 });
  for (const text of texts.slice(10)) amy.say(`2;;${text}`);
  await amy.whenEvent('is told', ({ event, reason }) => event === 'waiting' && isDown(`${reason}`));
  expect(await whenChanged('store-refusals', route.process, 1)).toMatchObject([
    { msg: 'not well', level: 'warn', fault: 'shared' },
  ]);
  expect((await countersOf(url, clusterSecret))['health.store-refusals']).toBe(1);

  await gone!.start();
  await amy.whenSent(texts.length);
  await whenReadiness(url, (text) => !isDown(text));
  await waitUntil('bob has all', () => bob.texts.length === texts.length);
  expect(bob.texts).toEqual(texts);
  const changes = await whenChanged('store-refusals', route.process, 2);
  expect(changes.map(({ msg }) => msg)).toEqual(['not well', 'well again']);
});
