// Goal: whoever logs in hears what they can go by. Method: logins through a route, whose store
// remembers what it was told.
import { beforeEach, expect, jest, test } from '@jest/globals';
import { callOne } from '../../../src/api/batch-call.ts';
import { CimError, errorTable } from '../../../src/base/errors.ts';
import { limits } from '../../../src/base/limits.ts';
import { closeAdvice, closeCodes } from '../../../src/codec/close-codes.ts';
import { storeTime } from '../../../src/server/routes/store-time.ts';
import { bob, instance, RouteHarness, submission } from '../../support/route-harness.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

let route: RouteHarness;

beforeEach(async () => {
  route = await RouteHarness.start();
});

test('a login that comes after a newer one of the device is not to come back', async () => {
  await route.connect(bob, 2, 'phone');
  expect(await route.connect(bob, 1, 'phone')).toMatchObject({ code: closeCodes.replaced.code });
});

test('it is told which store it is in, and another one knows neither sessions nor accounts of before', async () => {
  const storeId = await route.store.identity.get();
  const { userId } = bob;
  expect(await route.connect(bob, 1, 'phone')).toMatchObject({ code: 0, storeId });
  const session = { userId, device: 'phone', connectionNumber: 1, instance, sessionId: 1 };
  const check = () => callOne(route.core.api.check, { ...session, storeId });
  expect(await check()).toMatchObject({ code: 0, known: true });

  const renamed = await route.store.identity.renew();
  expect(await check()).toMatchObject({ code: 0, known: false });
  const accounts = jest.spyOn(route.store.accounts, 'get');
  expect(await route.connect(bob, 2, 'phone')).toMatchObject({ code: 0, storeId: renamed });
  expect(accounts).toHaveBeenCalledWith([userId]);
});

test('in another store who is not there yet may be about to come back: what is for them is not refused for good', async () => {
  const clock = new VirtualClock();
  route = await RouteHarness.start({ clock });
  const carol = { userId: 3, name: 'carol' };
  const codes = async () => {
    const results = await route.submit(submission(1, 'hi', carol.userId));
    return results.map(({ code }) => code);
  };
  const said = (kind: 'busy' | 'unknown-receiver') => [Number(errorTable[kind].code)];
  expect(await codes()).toEqual(said('unknown-receiver'));
  await route.connect(bob, 1, 'phone');
  await route.store.identity.renew();
  await route.connect(bob, 2, 'phone');
  expect(await codes()).toEqual(said('busy'));
  await clock.advance(limits.storeSettlesMs);
  expect(await codes()).toEqual(said('unknown-receiver'));
});

test('who has no account, in this store, is to log in anew; who bears the name of another is not to come back', async () => {
  const { code } = await route.connect({ userId: 77, name: 'nobody' }, 1);
  expect([code, closeAdvice(code)]).toEqual([closeCodes['token-refused'].code, 'come-back']);
  const impostor = await route.connect({ userId: bob.userId, name: 'amy' }, 1);
  expect(impostor.code).toBe(closeCodes['not-allowed'].code);
});

test('one that was taken for dead meanwhile is to come back', async () => {
  expect(await route.connect(bob, 1, 'phone')).toMatchObject({ code: 0 });
  // A push to it was not answered, and its server was not in the registry for a while.
  await route.store.sessions.close([{ userId: bob.userId, device: 'phone', connectionNumber: 1 }]);
  const { code } = await route.connect(bob, 1, 'phone');
  expect([code, closeAdvice(code)]).toEqual([closeCodes.forgotten.code, 'come-back']);
  expect(await route.connect(bob, 2, 'phone')).toMatchObject({ code: 0 });
});

test('what cannot be told of a session that was opened is answered with its number, so that it is closed again', async () => {
  const of = jest.spyOn(route.store.groups, 'of');
  of.mockRejectedValueOnce(new CimError('busy'));
  const unavailable = { code: closeCodes.unavailable.code, connectionNumber: 1 };
  expect(await route.connect(bob, 1, 'phone')).toMatchObject(unavailable);
  of.mockRejectedValueOnce(new TypeError('undefined is not a function'));
  const failed = { code: closeCodes.failed.code, connectionNumber: 2 };
  expect(await route.connect(bob, 2, 'phone')).toMatchObject(failed);
});

test('servers hear the time of the store, or that it is not known', async () => {
  const at = 1_790_000_000_000;
  const now = jest.spyOn(route.store.sessions, 'now').mockResolvedValueOnce(at);
  expect(await storeTime(route.core.api, instance)).toBe(at);
  now.mockRejectedValueOnce(new CimError('busy'));
  await expect(storeTime(route.core.api, instance)).rejects.toMatchObject({ kind: 'busy' });
});
