/**
 * A master of Redis is killed while `cim verify` lets people write, and its replica takes over: with
 * `--ack-replicas 1` nothing that was acknowledged is lost. Then there is a replica again, since
 * without any nothing can be acknowledged.
 */
import { expect, test } from '@jest/globals';
import { startProcess } from '../support/processes.ts';
import { startRedis, startRedisCluster, startSentinel, type TestRedis } from '../support/redis.ts';
import { executable, startRoute, startServer } from '../support/roles.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startZooKeeper } from '../support/zookeeper.ts';

/**
 * Has people write for a quarter of a minute, and `harm` done in the midst of it. Every promise has to
 * be kept, and more be stored afterwards than before it.
 */
async function verifyWhile(redis: string, harm: () => Promise<void>): Promise<void> {
  const zookeeper = await startZooKeeper();
  const route = await startRoute(zookeeper.address, redis, ['--ack-replicas', '1']);
  await startServer(zookeeper.address);
  const args = ['--route', `http://${route.addresses['http']}`, '--minutes', '0.25', '--seed', '5'];
  const verify = await startProcess({
    name: 'cim verify',
    command: executable,
    args: ['verify', ...args, '--rate', '50'],
  });
  const [, before] = await waitUntil('messages are stored', () =>
    /stored ([1-9]\d+)/.exec(verify.output),
  );
  await harm();
  if ((await verify.exited) !== 0) throw new Error(verify.output);
  const [, stored] = /^ {2}stored +(\d+)/m.exec(verify.stdout) ?? [];
  expect(Number(stored)).toBeGreaterThan(Number(before));
}

async function whenMaster(redis: TestRedis): Promise<void> {
  await waitUntil(
    `${redis.address} has taken over`,
    async () => (await redis.command('ROLE')).startsWith('master'),
    { pollMs: 100 },
  );
}

test('of a Redis Cluster', async () => {
  const cluster = await startRedisCluster({ masters: 3, replicas: 1 });
  const [master] = cluster.masters;
  const [replica] = cluster.replicas;
  if (!master || !replica) throw new Error('the cluster has no nodes');
  await verifyWhile(cluster.address, async () => {
    await master.kill();
    await whenMaster(replica);
    await master.start();
  });
}, 180_000);

test('behind Sentinel', async () => {
  const master = await startRedis();
  const replica = await startRedis();
  await replica.command('REPLICAOF', '127.0.0.1', `${master.port}`);
  await waitUntil('the replica is in step', async () =>
    /^slave\d+:.*state=online/m.test(await master.command('INFO', 'replication')),
  );
  const sentinel = await startSentinel('main', master);
  await waitUntil('the sentinel knows the replica', async () =>
    (await sentinel.command('SENTINEL', 'REPLICAS', 'main')).includes(`${replica.port}`),
  );
  await verifyWhile(`sentinel://${sentinel.address}/main`, async () => {
    await master.kill();
    await waitUntil(
      'the sentinel names the replica',
      async () =>
        (await sentinel.command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'main')).endsWith(
          `${replica.port}`,
        ),
      { pollMs: 100 },
    );
    // Not the killed one: it would come back as a second master, until the sentinel demotes it.
    const another = await startRedis();
    await another.command('REPLICAOF', '127.0.0.1', `${replica.port}`);
  });
}, 180_000);
