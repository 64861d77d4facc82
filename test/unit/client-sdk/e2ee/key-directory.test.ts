/** Keys are asked for together, seldom, and never believed to be what they are not. */
import { describe, expect, test } from '@jest/globals';
import { limits } from '../../../../src/base/limits.ts';
import { KeyDirectory } from '../../../../src/client/sdk/e2ee/key-directory.ts';

const keysOf = (userId: number) => ({ userName: `u${userId}`, current: 'k', earlier: [] });

function directory(fetch: (userIds: readonly number[]) => Promise<readonly unknown[]>) {
  let now = 0;
  const asked: (readonly number[])[] = [];
  const found = new KeyDirectory({
    fetch: (userIds) => {
      asked.push(userIds);
      return fetch(userIds);
    },
    now: () => now,
  });
  return { found, asked, pass: (ms: number) => (now += ms) };
}

const answering = () => directory(async (userIds) => userIds.map(keysOf));

describe('a directory', () => {
  test('asks once for all that are wanted in a turn, and in batches', async () => {
    const { found, asked } = answering();
    const ids = Array.from({ length: limits.keysPerRequestMax + 1 }, (_, index) => index + 1);
    await Promise.all([...ids, 1, 2].map((userId) => found.find(userId, 1_000)));
    expect(asked.map(({ length }) => length)).toEqual([limits.keysPerRequestMax, 1]);
  });

  test('asks again when what it holds is too old', async () => {
    const { found, asked, pass } = answering();
    await found.find(1, 1_000);
    pass(999);
    await found.find(1, 1_000);
    expect(asked).toHaveLength(1);
    pass(1);
    await found.find(1, 1_000);
    await found.find(1, 0);
    expect(asked).toHaveLength(3);
  });

  test('does not hold who has no account, and rejects with what the routes say', async () => {
    const { found, asked } = directory(async (userIds) => userIds.map(() => null));
    expect(await found.find(1, 1_000)).toBeNull();
    expect(await found.find(1, 1_000)).toBeNull();
    expect(asked).toHaveLength(2);
  });

  test('refuses what makes no sense', async () => {
    for (const answer of [undefined, 7, {}, { ...keysOf(1), earlier: [7] }, { current: null }]) {
      const { found } = directory(async () => [answer]);
      await expect(found.find(1, 1_000)).rejects.toMatchObject({ kind: 'internal' });
    }
  });

  test('holds a bounded number, the newest', async () => {
    const { found, asked } = answering();
    for (let userId = 1; userId <= limits.clientKeysMax + 1; userId++) await found.find(userId, 1);
    expect(found.held(1)).toBeUndefined();
    expect(found.held(2)).toBeDefined();
    expect(asked).toHaveLength(limits.clientKeysMax + 1);
  });
});
