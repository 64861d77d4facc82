/** A request over HTTP that bears a key is stored once, however often and wherever it is repeated. */
import { beforeEach, expect, test } from '@jest/globals';
import type { Store } from '../../../src/store/store.ts';
import { dyingStore } from '../../support/dying-store.ts';
import { amy, bob, RouteHarness } from '../../support/route-harness.ts';
import { waitUntil } from '../../support/wait-until.ts';

export function describeRepeatedRequests(openStores: () => Promise<readonly [Store, Store]>): void {
  let stores: readonly [Store, Store];
  let one: RouteHarness;
  let other: RouteHarness;
  beforeEach(async () => {
    stores = await openStores();
    one = await RouteHarness.start({ store: stores[0] });
    other = await RouteHarness.start({ store: stores[1] });
  });

  const texts = ['a', 'b', 'c'];
  const toBob = { from: amy.userId, to: bob.userId, texts, key: 'k1' };
  const toLobby = { from: amy.userId, group: 'lobby', text: 'all', key: 'k1' };
  const keyReused = expect.objectContaining({ kind: 'key-reused' });

  test('five times at once, through two routes', async () => {
    const answers = await Promise.all(
      [one, other, one, other, one].map(({ core }) => core.operations.sendPrivate(toBob)),
    );
    expect(answers).toEqual(Array(5).fill({ online: false, id: answers[0]?.id }));
    expect(await one.timelineOf(bob.userId)).toEqual(texts);
    expect(await one.timelineOf(amy.userId)).toEqual(texts);
  });

  test.each(['first append', 'append'] as const)(
    'after its route died behind the %s',
    async (step) => {
      const { store, isDead } = dyingStore(stores[0], step, 0);
      const dying = await RouteHarness.start({ store });
      void dying.core.operations.sendPrivate(toBob);
      await waitUntil('the route is dead', isDead);
      expect(await other.core.operations.sendPrivate(toBob)).toMatchObject({ online: false });
      expect(await other.timelineOf(bob.userId)).toEqual(texts);
      expect(await other.timelineOf(amy.userId)).toEqual(texts);
    },
  );

  test('to a group', async () => {
    await Promise.all([one, other, one].map(({ core }) => core.operations.sendGroup(toLobby)));
    expect(await one.timelineOf('g:lobby')).toEqual(['all']);
  });

  test('but with another body, or for something else, the key is refused', async () => {
    await one.core.operations.sendPrivate(toBob);
    await expect(
      other.core.operations.sendPrivate({ ...toBob, texts: ['a', 'b'] }),
    ).rejects.toEqual(keyReused);
    await expect(other.core.operations.sendGroup(toLobby)).rejects.toEqual(keyReused);
    expect(await one.timelineOf(bob.userId)).toEqual(texts);
    expect(await one.timelineOf('g:lobby')).toEqual([]);
  });

  test('a key is one caller’s, and without one each request is another', async () => {
    const { operations } = one.core;
    await operations.sendGroup(toLobby);
    await operations.sendGroup({ ...toLobby, from: bob.userId });
    await operations.sendGroup({ ...toLobby, key: 'k2' });
    const { key: _, ...without } = toLobby;
    await operations.sendGroup(without);
    await operations.sendGroup(without);
    expect(await one.timelineOf('g:lobby')).toEqual(Array(5).fill('all'));
  });

  test('what was refused may be asked again when it is right', async () => {
    const { operations } = one.core;
    const toCarol = { ...toBob, to: 3 };
    await expect(operations.sendPrivate(toCarol)).rejects.toMatchObject({
      kind: 'unknown-receiver',
    });
    await operations.register({ userId: 3, name: 'carol' });
    await operations.sendPrivate(toCarol);
    expect(await one.timelineOf(3)).toEqual(texts);
  });
}
