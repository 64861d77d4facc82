/**
 * Redis knows every script before the first call of it: a call that has to be sent again, with the
 * whole script, would come after those that were sent behind it.
 */
import { expect, test } from '@jest/globals';
import { ignore } from '../../src/base/ignore.ts';
import { scripts } from '../../src/store/redis/scripts.ts';
import { nextUserId } from '../contract/store/users.ts';
import { startRedis, startRedisCluster, type TestRedis } from '../support/redis.ts';
import { openRedisStore, Writer } from '../support/redis-store.ts';
import { waitUntil } from '../support/wait-until.ts';

const known = Object.entries(scripts);

async function unknownTo(redis: TestRedis): Promise<string[]> {
  const found = await redis.command('SCRIPT', 'EXISTS', ...known.map(([, { sha }]) => sha));
  const answers = found.split('\n');
  return known.filter((_, index) => answers[index] !== '1').map(([name]) => name);
}

test('one server: when the store is open, and again when the server has restarted', async () => {
  const redis = await startRedis();
  const { store } = await openRedisStore(redis.address);
  expect(await unknownTo(redis)).toEqual([]);
  await redis.kill();
  await waitUntil('the store has lost it', async () => (await store.problem()) !== null);
  await redis.start();
  await waitUntil('the store works', async () => (await store.problem()) === null);
  expect(await unknownTo(redis)).toEqual([]);
});

test('a cluster: every master', async () => {
  const { nodes, address } = await startRedisCluster();
  await openRedisStore(address);
  for (const node of nodes)
    await waitUntil('it knows all', async () => (await unknownTo(node)).length === 0);
});

test('a call whose script was forgotten is refused, not sent again behind a later one', async () => {
  const redis = await startRedis();
  const { store } = await openRedisStore(redis.address);
  const [owner, member] = [nextUserId(), nextUserId()];
  await store.groups.create('cooks', owner);
  await redis.command('SCRIPT', 'FLUSH');
  await redis.command('SCRIPT', 'LOAD', scripts.leaveGroup.text);
  const joining = store.groups.join('cooks', member);
  const leaving = store.groups.leave('cooks', member);
  await expect(joining).rejects.toMatchObject({ kind: 'busy' });
  await leaving.catch(ignore('it may be refused as well'));
  await waitUntil('the store works', async () => (await store.problem()) === null);
  expect(await unknownTo(redis)).toEqual([]);
  expect(await store.groups.of(member)).toEqual([]);
});

test('a node of a cluster that has forgotten them is sent what is called', async () => {
  const { nodes, address } = await startRedisCluster();
  const { store } = await openRedisStore(address);
  for (const node of nodes) await node.command('SCRIPT', 'FLUSH');
  expect(await new Writer().write(store)).toMatchObject({ status: 'taken', seq: 1 });
});
