/** The store over a Redis Cluster of which parts go away, move or fail over. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { limits } from '../../src/base/limits.ts';
import { Keys } from '../../src/store/redis/keys.ts';
import type { RedisStore } from '../../src/store/redis/redis-store.ts';
import type { AppendAnswered } from '../../src/store/timelines.ts';
import { inTime } from '../support/in-time.ts';
import {
  startRedisCluster,
  type TestClusterNode,
  type TestRedisCluster,
} from '../support/redis.ts';
import { openRedisStore, Writer } from '../support/redis-store.ts';
import { onTeardown } from '../support/teardown.ts';
import { waitUntil } from '../support/wait-until.ts';

const keys = new Keys('cim');

/** For tests that kill nobody. */
let cluster: TestRedisCluster;
beforeAll(async () => {
  cluster = await startRedisCluster();
});

/** Writers of which some write to each master. */
function manyWriters(): Writer[] {
  return Array.from({ length: 30 }, () => new Writer());
}

/** Which writers write to this master. */
async function writersTo(
  cluster: TestRedisCluster,
  node: TestClusterNode,
  writers: readonly Writer[],
) {
  const found = await cluster.mastersOf(writers.map(({ timeline }) => keys.head(timeline)));
  return writers.filter((_, index) => found[index] === node);
}

/** All next texts in one batch; gives whose was not taken. */
async function writeAll(
  store: RedisStore,
  writers: readonly Writer[],
  answered?: AppendAnswered,
): Promise<Writer[]> {
  const batch = writers.map((writer) => writer.next());
  const results = await store.timelines.append(batch, answered);
  return writers.filter((writer, index) => {
    const { status } = results[index]!;
    if (status === 'taken') writer.confirm();
    else expect(status).toBe('busy');
    return status !== 'taken';
  });
}

async function expectAllStored(store: RedisStore, writers: readonly Writer[]): Promise<void> {
  for (const writer of writers) expect(await writer.stored(store)).toEqual(writer.sent);
}

test('any node leads to all, and a batch goes to each', async () => {
  for (const node of cluster.nodes) {
    const { store, log } = await openRedisStore(node.address);
    expect(await store.problem()).toBeNull();
    expect(log[0]).toMatchObject({ message: 'redis connected', fields: { mode: 'cluster' } });
    const writers = manyWriters();
    expect(await writeAll(store, writers)).toEqual([]);
    for (const master of cluster.masters) {
      expect(await writersTo(cluster, master, writers)).not.toEqual([]);
    }
  }
});

test('a database other than 0 is said', async () => {
  const { store } = await openRedisStore(`redis://${cluster.address}/1`);
  expect(await store.problem()).toMatch('SELECT is not allowed in cluster mode');
});

describe('one of three masters', () => {
  test('frozen: its entries are busy in time, the others are taken; thawed, all is well', async () => {
    const { store } = await openRedisStore(cluster.address);
    const writers = manyWriters();
    await writeAll(store, writers);
    const [frozen] = cluster.masters;
    const affected = await writersTo(cluster, frozen!, writers);
    onTeardown(() => frozen!.thaw());
    frozen!.freeze();
    const answered: Writer[] = [];
    const writing = writeAll(store, writers, (index) => answered.push(writers[index]!));
    const bounded = { result: affected, isInTime: true };
    expect(await inTime(limits.linkAnswerMsMax, writing)).toEqual(bounded);
    // Nobody else waits for it.
    expect(new Set(answered.slice(-affected.length))).toEqual(new Set(affected));
    // And from now on nobody at all: not for as long as one call may be unanswered.
    expect(await inTime(1_400, writeAll(store, writers))).toEqual(bounded);
    expect(await store.problem()).toBeNull();
    frozen!.thaw();
    await waitUntil('all is taken', async () => (await writeAll(store, writers)).length === 0);
    await expectAllStored(store, writers);
  });

  // The one that the store was pointed at: it is needed no more than another.
  test('killed: its entries are busy at once, the others are taken; back, all is well', async () => {
    const ownCluster = await startRedisCluster();
    const { store } = await openRedisStore(ownCluster.address);
    const writers = manyWriters();
    await writeAll(store, writers);
    const [killed] = ownCluster.masters;
    const affected = await writersTo(ownCluster, killed!, writers);
    await killed!.kill();
    for (let round = 0; round < 2; round += 1) {
      const writing = inTime(limits.linkAnswerMsMax, writeAll(store, writers));
      expect(await writing).toEqual({ result: affected, isInTime: true });
    }
    expect(await store.problem()).toBeNull();
    expect(await store.refusal()).toMatch('not all slots of its cluster are served');
    await killed!.start();
    await waitUntil('all is taken', async () => (await writeAll(store, writers)).length === 0);
    await waitUntil('it is over', async () => (await store.refusal()) === null);
    await expectAllStored(store, writers);
  });

  // As Redis has it by default: nobody is served when not everybody is.
  test('killed where all slots are wanted: the cluster is down, and answers; back, all is well', async () => {
    const ownCluster = await startRedisCluster();
    for (const node of ownCluster.nodes)
      await node.command('CONFIG', 'SET', 'cluster-require-full-coverage', 'yes');
    const { store, log } = await openRedisStore(ownCluster.address);
    const writers = manyWriters();
    await writeAll(store, writers);
    const before = log.length;
    await ownCluster.masters[1]!.kill();
    const isNobodyServed = async () => (await writeAll(store, writers)).length === writers.length;
    await waitUntil('it is down', isNobodyServed);
    expect(await store.refusal()).toMatch('not all slots of its cluster are served');
    expect(await store.problem()).toBeNull();
    await ownCluster.masters[1]!.start();
    await waitUntil('all is taken', async () => (await writeAll(store, writers)).length === 0);
    await waitUntil('it is over', async () => (await store.refusal()) === null);
    await expectAllStored(store, writers);
    expect(log.slice(before)).toEqual([]);
  });
});

test('all masters killed and back: everything acknowledged is there', async () => {
  const ownCluster = await startRedisCluster();
  const { store, log } = await openRedisStore(ownCluster.address);
  const writers = manyWriters();
  await writeAll(store, writers);
  await Promise.all(ownCluster.masters.map((master) => master.kill()));
  expect(await writeAll(store, writers)).toEqual(writers);
  expect(await store.problem()).toEqual(expect.any(String));
  await waitUntil('they are given up', () => log.length > 1);
  await Promise.all(ownCluster.masters.map((master) => master.start()));
  await waitUntil('all is taken', async () => (await writeAll(store, writers)).length === 0);
  await expectAllStored(store, writers);
  expect(log.map(({ message }) => message)).toEqual([
    'redis connected',
    'the store cannot be reached, trying on',
    'redis connected',
  ]);
});

test('a master that fails over to its replica: appends go on there', async () => {
  const ownCluster = await startRedisCluster({ replicas: 1 });
  const { store } = await openRedisStore(ownCluster.address);
  const writers = manyWriters();
  await writeAll(store, writers);
  const [master] = ownCluster.masters;
  const affected = await writersTo(ownCluster, master!, writers);
  await waitUntil(
    'the replica has everything',
    async () =>
      (await ownCluster.replicas[0]!.command('DBSIZE')) === (await master!.command('DBSIZE')),
  );
  await master!.kill();
  await waitUntil('all is taken', async () => (await writeAll(store, affected)).length === 0);
  await expectAllStored(store, writers);
});

test('slots that move while people write: nothing is lost, stored twice or out of order', async () => {
  const { store } = await openRedisStore(cluster.address);
  const writers = manyWriters();
  await writeAll(store, writers);
  const [from, to] = cluster.masters;
  const moving = await writersTo(cluster, from!, writers);
  expect(moving).not.toEqual([]);

  const moves = (async () => {
    for (const writer of moving) await cluster.moveSlot(keys.head(writer.timeline), from!, to!);
  })();
  let moved = false;
  const done = moves.finally(() => {
    moved = true;
  });
  while (!moved) await writeAll(store, writers);
  await done;
  await waitUntil('all is taken', async () => (await writeAll(store, writers)).length === 0);
  expect(await writersTo(cluster, to!, moving)).toEqual(moving);
  await expectAllStored(store, writers);
});
