// Goal: servers hear of those whom their clients watch, and of nobody else. Method: a route over a
// real store, and a server that notes what it is told.
import { beforeEach, expect, test } from '@jest/globals';
import { callOne } from '../../../../src/api/batch-call.ts';
import { limits } from '../../../../src/base/limits.ts';
import { address, amy, bob, instance, RouteHarness } from '../../../support/route-harness.ts';
import { waitUntil } from '../../../support/wait-until.ts';

let route: RouteHarness;

beforeEach(async () => {
  route = await RouteHarness.start();
});

function ask(userId: number, watchers: readonly number[] = [amy.userId]) {
  return callOne(route.core.api.presence, { userId, watchers, instance, address });
}

function close(sessionId: number, device = `device-${sessionId}`) {
  const session = { userId: bob.userId, device, connectionNumber: sessionId, instance };
  return callOne(route.core.api.close, session);
}

async function hinted(count: number): Promise<boolean[]> {
  await waitUntil('hints have come', () => route.presenceHints.length >= count);
  for (const { userId, instance: named } of route.presenceHints)
    expect([userId, named]).toEqual([bob.userId, instance]);
  return route.presenceHints.map(({ opened }) => opened);
}

test('who is there, and when they were last seen if they show it', async () => {
  expect(await ask(bob.userId)).toEqual({ code: 0, instances: [], lastSeen: 0, hiddenFrom: [] });
  await route.connect(bob, 1);
  expect(await ask(bob.userId)).toMatchObject({ instances: [instance], lastSeen: 0 });
  await route.core.operations.showLastSeen(bob.userId, true);
  await close(1);
  const { instances, lastSeen } = await ask(bob.userId);
  expect(instances).toEqual([]);
  expect(lastSeen).toBeGreaterThan(0);
  await route.core.operations.showLastSeen(bob.userId, false);
  expect(await ask(bob.userId)).toMatchObject({ lastSeen: 0 });
});

test('whoever was on a server that has ended is not there', async () => {
  const dead = { ...bob, device: 'phone', connectionNumber: 1, sessionId: 1, ephemeral: false };
  await route.store.sessions.open([{ ...dead, instance: 'dead', address, generation: 0 }]);
  expect(await ask(bob.userId)).toMatchObject({ instances: [] });
});

test('whom one has blocked is named, of those on whose behalf it is asked', async () => {
  await route.core.operations.block(bob.userId, amy.userId);
  expect(await ask(bob.userId, [amy.userId, 3])).toMatchObject({ hiddenFrom: [amy.userId] });
  expect(await ask(bob.userId, [3])).toMatchObject({ hiddenFrom: [] });
});

test('a server that has asked is told of logins and of their ends', async () => {
  await ask(bob.userId);
  await route.connect(bob, 1);
  expect(await hinted(1)).toEqual([true]);
  await close(1);
  expect(await hinted(2)).toEqual([true, false]);
});

test('of those about whom nobody asks nothing is told', async () => {
  await route.connect(bob, 1);
  await close(1);
  await ask(bob.userId);
  await route.connect(bob, 2);
  expect(await hinted(1)).toEqual([true]);
});

test('also when tokens become void, and when a Java client says that it goes', async () => {
  await route.connect(bob, 1);
  await ask(bob.userId);
  await route.core.operations.kick(bob.userId);
  expect(await hinted(1)).toEqual([false]);
  await route.connect(bob, 9, '');
  expect(await hinted(2)).toEqual([false, true]);
  const opened = await route.store.sessions.now();
  await waitUntil(
    'the clock has moved on',
    async () => (await route.store.sessions.now()) > opened,
  );
  await route.core.operations.offLine(bob.userId);
  expect(await hinted(3)).toEqual([false, true, false]);
});

test('a batch is answered in its order, however large', async () => {
  const count = limits.storeBatchMax + 3;
  await route.connect(bob, 1);
  const answers: number[] = [];
  const entries = Array.from({ length: count }, (_, index) => ({
    userId: index === count - 1 ? bob.userId : 10_000 + index,
    watchers: [],
    instance,
    address,
  }));
  await new Promise<void>((resolve) => {
    let left = count;
    route.core.api.presence(entries, (index, { instances }) => {
      answers[index] = instances.length;
      left -= 1;
      if (left === 0) resolve();
    });
  });
  expect(answers).toEqual([...Array.from({ length: count - 1 }, () => 0), 1]);
});

test('over HTTP each is told at once, and who was blocked sees nobody', async () => {
  const { operations } = route.core;
  const ids = [amy.userId, bob.userId, 77];
  await operations.showLastSeen(bob.userId, true);
  await route.connect(amy, 1);
  await route.connect(bob, 2);
  expect(await operations.presence(ids, null)).toEqual([
    { userId: amy.userId, online: true },
    { userId: bob.userId, online: true },
    { userId: 77, online: false },
  ]);
  await close(2);
  const [, ofBob] = await operations.presence(ids, null);
  expect(ofBob).toEqual({ userId: bob.userId, online: false, lastSeen: expect.any(Number) });
  await operations.block(bob.userId, amy.userId);
  const [, hidden] = await operations.presence(ids, amy.userId);
  expect(hidden).toEqual({ userId: bob.userId, online: false });
  await expect(operations.showLastSeen(77, true)).rejects.toMatchObject({
    kind: 'account-mismatch',
  });
});
