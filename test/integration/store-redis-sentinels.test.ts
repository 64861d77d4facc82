/** Which of two masters is used: the one that a majority of the Sentinels names in the newest epoch. */
import { expect, test } from '@jest/globals';
import { startFakeSentinels } from '../support/fake-sentinel.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { openRedisStore } from '../support/redis-store.ts';
import { waitUntil } from '../support/wait-until.ts';

/** Whether anybody is connected beside who asks. */
async function isUsed(redis: TestRedis): Promise<boolean> {
  return (await redis.command('CLIENT', 'LIST')).split('\n').length > 1;
}

test('a master is taken by majority alone, and left as soon as another was promoted', async () => {
  const before = await startRedis();
  const after = await startRedis();
  const sentinels = await startFakeSentinels(3, before.port);
  const [first, second, third] = sentinels;
  if (!first || !second || !third) throw new Error('there are three');
  // One address is enough: the others are found by it.
  const { store } = await openRedisStore(`sentinel://127.0.0.1:${first.port}/main`);
  expect(await store.problem()).toBeNull();
  expect(await isUsed(before)).toBe(true);

  // One of three has heard of a failover: the old master is not used any more, and no other yet.
  second.master = after.port;
  second.epoch = 2;
  await waitUntil('the old master is left', async () => !(await isUsed(before)));
  await waitUntil('it is said', async () =>
    (await store.problem())?.includes('no majority names one master'),
  );
  expect(await isUsed(after)).toBe(false);

  // The failover is voted for, and not over.
  third.master = after.port;
  third.epoch = 2;
  third.flags = 'master,failover_in_progress';
  await waitUntil('it is said', async () => (await store.problem())?.includes('failing over'));
  third.flags = 'master';
  await waitUntil('the new master is used', async () => (await store.problem()) === null);
  expect(await isUsed(after)).toBe(true);
  expect(await isUsed(before)).toBe(false);
});

test('a killed master that comes back is not used while the Sentinel asked first still names it', async () => {
  const killed = await startRedis();
  const promoted = await startRedis();
  const [stale, ...others] = await startFakeSentinels(3, killed.port);
  for (const sentinel of others) Object.assign(sentinel, { master: promoted.port, epoch: 2 });
  const { store } = await openRedisStore(`sentinel://127.0.0.1:${stale?.port}/main`);
  await waitUntil('the store works', async () => (await store.problem()) === null);
  expect(await isUsed(promoted)).toBe(true);
  expect(await isUsed(killed)).toBe(false);
});
