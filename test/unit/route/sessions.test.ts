// Goal: whoever logs in hears what they can go by. Method: logins through a route, whose store
// remembers what it was told.
import { beforeEach, expect, test } from '@jest/globals';
import { closeAdvice, closeCodes } from '../../../src/codec/close-codes.ts';
import { bob, RouteHarness } from '../../support/route-harness.ts';

let route: RouteHarness;

beforeEach(async () => {
  route = await RouteHarness.start();
});

test('a login that comes after a newer one of the device is not to come back', async () => {
  await route.connect(bob, 2, 'phone');
  expect(await route.connect(bob, 1, 'phone')).toMatchObject({ code: closeCodes.replaced.code });
});

test('one that was taken for dead meanwhile is to come back', async () => {
  expect(await route.connect(bob, 1, 'phone')).toMatchObject({ code: 0 });
  // A push to it was not answered, and its server was not in the registry for a while.
  await route.store.sessions.close([{ userId: bob.userId, device: 'phone', connectionNumber: 1 }]);
  const { code } = await route.connect(bob, 1, 'phone');
  expect([code, closeAdvice(code)]).toEqual([closeCodes.forgotten.code, 'come-back']);
  expect(await route.connect(bob, 2, 'phone')).toMatchObject({ code: 0 });
});
