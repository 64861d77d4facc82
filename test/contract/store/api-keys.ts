import { expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import type { ApiKeyScope } from '../../../src/base/secrets/api-key-scope.ts';
import type { ApiKey } from '../../../src/store/api-keys.ts';
import type { StoreFixture } from '../store.ts';
import { nextGroup, nextUserId } from './users.ts';

export function describeApiKeys(fixture: StoreFixture): void {
  const scopes: ApiKeyScope[] = [
    { kind: 'push' },
    { kind: 'read' },
    { kind: 'groups' },
    { kind: 'topics' },
    { kind: 'group', group: nextGroup() },
  ];

  test.each(scopes)(
    'a key is found as it was added, and is gone when removed: %o',
    async (scope) => {
      const key = freshKey({ scope });
      expect(await fixture.store.apiKeys.find(key.id)).toBeNull();
      expect(await fixture.store.apiKeys.add(key)).toBe(true);
      for (const { apiKeys } of [fixture.store, fixture.another]) {
        expect(await apiKeys.find(key.id)).toEqual(key);
      }
      expect(await fixture.another.apiKeys.remove(key.id)).toBe(true);
      expect(await fixture.store.apiKeys.find(key.id)).toBeNull();
      expect(await fixture.store.apiKeys.remove(key.id)).toBe(false);
    },
  );

  test('adding a key again is harmless, another one of its id is refused', async () => {
    const key = freshKey();
    expect(await fixture.store.apiKeys.add(key)).toBe(true);
    expect(await fixture.another.apiKeys.add(key)).toBe(true);
    const impostor = { ...freshKey(), id: key.id };
    expect(await fixture.store.apiKeys.add(impostor)).toBe(false);
    expect(await fixture.store.apiKeys.find(key.id)).toEqual(key);
  });

  test('keys are listed from the oldest, whatever the order they came in', async () => {
    const { apiKeys } = await fixture.openStore();
    expect(await apiKeys.list()).toEqual([]);
    const keys = [300, 100, 200].map((createdAt) => freshKey({ createdAt }));
    for (const key of keys) await apiKeys.add(key);
    const [third, first, second] = keys;
    expect(await apiKeys.list()).toEqual([first, second, third]);
  });

  test('there are as many as there may be; one that is removed makes room', async () => {
    const { apiKeys } = await fixture.openStore();
    const keys = Array.from({ length: limits.apiKeysMax - 1 }, () => freshKey());
    const added = await Promise.all(keys.map((key) => apiKeys.add(key)));
    expect(added).toEqual(keys.map(() => true));
    const last = await Promise.all([apiKeys.add(freshKey()), apiKeys.add(freshKey())]);
    expect(last.toSorted()).toEqual([false, true]);
    expect(await apiKeys.add(keys[0]!)).toBe(true);
    expect(await apiKeys.list()).toHaveLength(limits.apiKeysMax);
    await apiKeys.remove(keys[0]!.id);
    expect(await apiKeys.add(freshKey())).toBe(true);
  });
}

function freshKey(fields: Partial<ApiKey> = {}): ApiKey {
  const number = nextUserId();
  return {
    id: `id${number}`,
    label: `the shop’s "{key}" ${number}`,
    scope: { kind: 'push' },
    hash: Buffer.from(`${number}`.padStart(32, '0')).toString('hex'),
    createdAt: 1_700_000_000_000 + (number % 1_000_000),
    ...fields,
  };
}
