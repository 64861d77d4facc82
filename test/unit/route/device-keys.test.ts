import { beforeEach, expect, test } from '@jest/globals';
import { deviceKeyId, matchesDeviceKey } from '../../../src/auth/device-key.ts';
import { limits } from '../../../src/base/limits.ts';
import type { RouteOperations } from '../../../src/route/operations.ts';
import { RouteHarness } from '../../support/route-harness.ts';

let route: RouteHarness;
let operations: RouteOperations;
beforeEach(async () => {
  route = await RouteHarness.start();
  operations = route.core.operations;
});

test('a key opens what it was made for, and is kept as its hash alone', async () => {
  const { key, id } = await operations.createDeviceKey('lamp-1', ['pub  t/%u/#', 'sub c/%c']);
  expect(deviceKeyId(key)).toBe(id);
  const kept = await route.store.deviceKeys.find(id);
  expect(kept).toMatchObject({ name: 'lamp-1', allow: ['pub t/%u/#', 'sub c/%c'] });
  expect(JSON.stringify(kept)).not.toContain(key.split('_')[2]);
  expect(matchesDeviceKey(key, kept!.hash)).toBe(true);
  expect(
    matchesDeviceKey(
      key.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a')),
      kept!.hash,
    ),
  ).toBe(false);
  const { keys } = await operations.deviceKeys();
  expect(keys).toEqual([expect.not.objectContaining({ hash: expect.anything() })]);
  expect(keys).toMatchObject([{ id, name: 'lamp-1' }]);
});

test('one that is revoked is gone', async () => {
  const { id } = await operations.createDeviceKey('lamp', ['pub a']);
  await operations.revokeDeviceKey(id);
  expect(await route.store.deviceKeys.find(id)).toBeNull();
  await expect(operations.revokeDeviceKey(id)).rejects.toMatchObject({ kind: 'not-found' });
});

test.each(['a b', 'a/b', '+', '#', 'ü', 'a\n', '%u', '$a'])('the name %j is none', async (name) => {
  await expect(operations.createDeviceKey(name, ['pub a'])).rejects.toMatchObject({
    kind: 'invalid-argument',
  });
});

test('what is no right is none', async () => {
  await expect(operations.createDeviceKey('lamp', ['pub a', 'all'])).rejects.toMatchObject({
    kind: 'invalid-argument',
  });
  const tooDeep = `pub ${'a/'.repeat(limits.topicLevelsMax)}`;
  await expect(operations.createDeviceKey('lamp', [tooDeep])).rejects.toMatchObject({
    kind: 'too-long',
  });
  expect((await operations.deviceKeys()).keys).toEqual([]);
});
