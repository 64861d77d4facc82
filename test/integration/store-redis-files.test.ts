/** Files in Redis: what takes hours by the clock of Redis, as it is when these hours have passed. */
import { expect, test } from '@jest/globals';
import { limits } from '../../src/base/limits.ts';
import { Keys } from '../../src/store/redis/keys.ts';
import { nextUserId } from '../contract/store/users.ts';
import { drawFileId } from '../support/file-uploads.ts';
import { startRedis } from '../support/redis.ts';
import { openRedisStore } from '../support/redis-store.ts';

const keys = new Keys('cim');
const hour = 3_600_000;
const room = {
  ...{ userBytesMax: 1e12, allBytesMax: 1e12 },
  ...{ userUnfinishedBytesMax: 1e12, allUnfinishedBytesMax: 1e12 },
};

async function start() {
  const redis = await startRedis();
  const { store } = await openRedisStore(redis.address);
  const { files } = store;
  const begin = async () => {
    const [id, owner] = [drawFileId(), nextUserId()];
    const facts = { id, owner, bytes: 1_000_000, type: 'a/b', sha256: 'ab'.repeat(32) };
    await files.begin({ ...facts, capability: 'c' }, room);
    return { id, owner };
  };
  const memberOf = ({ id, owner }: { id: string; owner: number }) => `${owner}.${id}`;
  const score = async (file: { id: string; owner: number }) =>
    Number(await redis.command('ZSCORE', keys.fileExpiry(), memberOf(file)));
  /** As if so much time had passed for this one. */
  const pass = async (file: { id: string; owner: number }, ms: number) => {
    const [expires, removal] = [
      await redis.command('HGET', keys.file(file.id), 'expires'),
      await score(file),
    ];
    await redis.command('HSET', keys.file(file.id), 'expires', `${Number(expires) - ms}`);
    await redis.command('ZADD', keys.fileExpiry(), `${removal - ms}`, memberOf(file));
  };
  return { redis, files, store, begin, pass, score };
}

test('what has expired is leased to one at a time, in its order, until it is removed', async () => {
  const { files, begin, pass } = await start();
  const [first, second, third] = [await begin(), await begin(), await begin()];
  await pass(second, limits.fileIdleMs);
  expect(await files.find(second.id)).toBeNull();
  expect(await files.find(first.id)).not.toBeNull();
  // A part of it may still be on its way.
  expect(await files.leaseExpired(10, hour)).toEqual([]);
  await pass(second, limits.fileRemovedMs);
  await pass(third, limits.fileIdleMs + limits.fileRemovedMs + hour);
  expect(await files.leaseExpired(1, hour)).toEqual([third]);
  expect(await files.leaseExpired(10, hour)).toEqual([second]);
  expect(await files.leaseExpired(10, hour)).toEqual([]);
  // Whoever had it has died.
  await pass(second, hour);
  expect(await files.leaseExpired(10, hour)).toEqual([second]);
  await files.remove([second, third]);
  expect(await files.usage()).toMatchObject({
    files: 1,
    bytes: 1_000_000,
    unfinishedBytes: 1_000_000,
  });
});

test('a new part keeps an upload for an hour more, up to a day', async () => {
  const { redis, files, begin, pass, score } = await start();
  const file = await begin();
  const sha256 = 'cd'.repeat(32);
  const left = async () => (await score(file)) - limits.fileRemovedMs - Date.now();
  await pass(file, hour / 2);
  expect(await files.keepPart(file.id, 0, sha256)).toBe('kept');
  expect(await left()).toBeGreaterThan(0.9 * hour);
  await pass(file, hour / 2);
  expect(await files.keepPart(file.id, 0, sha256)).toBe('kept');
  expect(await left()).toBeLessThan(0.6 * hour);
  const begun = Number(await redis.command('HGET', keys.file(file.id), 'begun'));
  const early = begun - limits.fileUnfinishedMs + hour;
  await redis.command('HSET', keys.file(file.id), 'begun', `${early}`);
  expect(await files.keepPart(file.id, 1, sha256)).toBe('kept');
  expect((await files.find(file.id))?.expiresAt).toBeLessThanOrEqual(begun + hour);
  expect((await files.find(file.id))?.expiresAt).toBe((await score(file)) - limits.fileRemovedMs);
});
