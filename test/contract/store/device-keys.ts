import { expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import type { DeviceKey } from '../../../src/store/device-keys.ts';
import type { StoreFixture } from '../store.ts';
import { nextUserId } from './users.ts';

const enough = 1_000_000;

export function describeDeviceKeys(fixture: StoreFixture): void {
  test('a key is found as it was added, and is gone when removed', async () => {
    const key = freshKey();
    expect(await fixture.store.deviceKeys.find(key.id)).toBeNull();
    expect(await fixture.store.deviceKeys.add(key, enough)).toBe(true);
    for (const { deviceKeys } of [fixture.store, fixture.another])
      expect(await deviceKeys.find(key.id)).toEqual(key);
    expect(await fixture.another.deviceKeys.remove(key.id)).toBe(true);
    expect(await fixture.store.deviceKeys.find(key.id)).toBeNull();
    expect(await fixture.store.deviceKeys.remove(key.id)).toBe(false);
  });

  test('adding a key again is harmless, another one of its id is refused', async () => {
    const key = freshKey();
    const { deviceKeys } = fixture.store;
    expect(await deviceKeys.add(key, enough)).toBe(true);
    expect(await fixture.another.deviceKeys.add(key, enough)).toBe(true);
    expect(await deviceKeys.add({ ...freshKey(), id: key.id }, enough)).toBe(false);
    expect(await deviceKeys.find(key.id)).toEqual(key);
    // Two keys of one name are two keys.
    expect(await deviceKeys.add({ ...freshKey(), name: key.name }, enough)).toBe(true);
  });

  test('they are listed by id, in pages', async () => {
    const { deviceKeys } = await fixture.openStore();
    expect(await deviceKeys.page()).toEqual({ keys: [], next: null });
    const count = limits.deviceKeysPageMax + 2;
    const keys = Array.from({ length: count }, () => freshKey());
    for (const key of keys.toReversed()) await deviceKeys.add(key, enough);
    const byId = keys.toSorted((one, other) => (one.id < other.id ? -1 : 1));
    const first = await deviceKeys.page();
    expect(first.keys).toEqual(byId.slice(0, limits.deviceKeysPageMax));
    const second = await deviceKeys.page(first.next!);
    expect(second).toEqual({ keys: byId.slice(limits.deviceKeysPageMax), next: null });
    await deviceKeys.remove(byId[0]!.id);
    expect((await deviceKeys.page()).keys[0]).toEqual(byId[1]);
  });

  test('there are as many as there may be; one that is removed makes room', async () => {
    const { deviceKeys } = await fixture.openStore();
    const [first, second, third] = [freshKey(), freshKey(), freshKey()];
    expect(await deviceKeys.add(first, 2)).toBe(true);
    expect(await deviceKeys.add(second, 2)).toBe(true);
    expect(await deviceKeys.add(third, 2)).toBe(false);
    expect(await deviceKeys.add(first, 2)).toBe(true);
    await deviceKeys.remove(first.id);
    expect(await deviceKeys.add(third, 2)).toBe(true);
  });
}

function freshKey(): DeviceKey {
  const number = nextUserId();
  return {
    id: `id${number}`,
    name: `lamp-${number}`,
    allow: ['pub telemetry/%u/#', 'sub cmd/"%c"/+'],
    hash: `${number}`.padStart(64, '0'),
    createdAt: 1_700_000_000_000 + (number % 1_000_000),
  };
}
