/**
 * Scheduled messages over a store: sent once, whatever happens to the routes that send them. The
 * clock of a route that dies stands still, so that it does nothing more.
 */
import { beforeEach, expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import type { Store } from '../../../src/store/store.ts';
import { type DyingStep, dyingStore } from '../../support/dying-store.ts';
import { amy, bob, RouteHarness } from '../../support/route-harness.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { waitUntil } from '../../support/wait-until.ts';

/** So that what a dead route has leased is taken over soon. */
const leaseMsShort = 300;
const leaseMsLong = 60_000;

export function describeScheduling(openStores: () => Promise<readonly [Store, Store]>): void {
  let stores: readonly [Store, Store];
  beforeEach(async () => {
    stores = await openStores();
  });

  const message = (id: string, fields: { group?: string; delaySeconds?: number } = {}) => {
    const { group, delaySeconds = 0 } = fields;
    const receiver = group === undefined ? { to: bob.userId } : { group };
    return { id, from: amy.userId, ...receiver, text: id, delaySeconds };
  };
  const waiting = async (route: RouteHarness) =>
    (await route.core.operations.delayed(amy.userId)).messages.map(({ id }) => id);
  const nothingWaits = (route: RouteHarness) =>
    waitUntil('all are sent', async () => (await waiting(route)).length === 0);

  test('two routes send each once', async () => {
    const [one, other] = [
      await RouteHarness.start({ store: stores[0] }),
      await RouteHarness.start({ store: stores[1] }),
    ];
    const ids = Array.from({ length: 250 }, (_, index) => `s${index}`);
    await Promise.all(
      ids.map((id, index) => (index % 2 === 0 ? one : other).core.operations.schedule(message(id))),
    );
    await nothingWaits(one);
    expect((await one.timelineOf(bob.userId)).toSorted()).toEqual(ids.toSorted());
    expect((await one.timelineOf(amy.userId)).toSorted()).toEqual(ids.toSorted());
  });

  test('what waits is listed in the order in which it is due, and can be cancelled', async () => {
    const route = await RouteHarness.start({ store: stores[0], clock: new VirtualClock() });
    const { operations } = route.core;
    await operations.schedule(message('later', { delaySeconds: 60, group: 'lobby' }));
    await operations.schedule(message('soon', { delaySeconds: 30 }));
    const now = await stores[0].sessions.now();
    const { messages: listed } = await operations.delayed(amy.userId);
    expect(listed).toMatchObject([
      { id: 'soon', to: bob.userId, text: 'soon' },
      { id: 'later', group: 'lobby', text: 'later' },
    ]);
    expect(Math.abs((listed[0]?.dueAt ?? 0) - now - 30_000)).toBeLessThan(5_000);
    expect(await operations.delayed(bob.userId)).toEqual({ messages: [], next: null });
    for (const after of ['', 'x', '.s', '5', '-1.s', `5.${'x'.repeat(200)}`])
      await expect(operations.delayed(amy.userId, after)).rejects.toThrow(
        'after: is not the `next` of a page',
      );
    const later = await operations.delayed(amy.userId, `${listed[0]?.dueAt}.soon`);
    expect(later).toMatchObject({ messages: [{ id: 'later' }], next: null });

    await operations.cancelDelayed(amy.userId, 'soon');
    await operations.cancelDelayed(amy.userId, 'soon');
    expect(await waiting(route)).toEqual(['later']);
    await expect(operations.cancelDelayed(bob.userId, 'later')).rejects.toMatchObject({
      kind: 'unknown-schedule',
    });
    // Its id stays used: whoever repeats the creation does not bring it back.
    await operations.schedule(message('soon'));
    expect(await waiting(route)).toEqual(['later']);
  });

  /** A route that has got as far as this step with the schedule `s`, and died. */
  const dieAfter = async (step: DyingStep, leaseMs: number): Promise<RouteHarness> => {
    const clock = new VirtualClock();
    const { store, isDead } = dyingStore(stores[0], step, leaseMs);
    const route = await RouteHarness.start({ store, clock });
    await route.core.operations.schedule(message('s'));
    await waitUntil(step, async () => {
      await clock.advance(500);
      return isDead();
    });
    return route;
  };

  test('what is being sent cannot be cancelled any more', async () => {
    const { core } = await dieAfter('lease', leaseMsLong);
    await expect(core.operations.cancelDelayed(amy.userId, 's')).rejects.toMatchObject({
      kind: 'too-late',
    });
  });

  test.each(['lease', 'first append', 'append'] as const)(
    'a route that dies after its %s leaves it to another, and it is sent once',
    async (step) => {
      await dieAfter(step, leaseMsShort);
      const other = await RouteHarness.start({ store: stores[1] });
      await nothingWaits(other);
      expect(await other.timelineOf(bob.userId)).toEqual(['s']);
      expect(await other.timelineOf(amy.userId)).toEqual(['s']);
    },
  );

  test('what its sender may not send is done with, and holds up nothing', async () => {
    const route = await RouteHarness.start({ store: stores[0] });
    await route.core.operations.schedule(message('to a group', { group: 'cooks' }));
    await route.core.operations.schedule(message('to bob'));
    await nothingWaits(route);
    expect(await route.timelineOf(bob.userId)).toEqual(['to bob']);
    expect(await route.timelineOf('g:cooks')).toEqual([]);
  });

  test('whether its sender is in the group is looked at when it is due', async () => {
    const route = await RouteHarness.start({ store: stores[0] });
    const { operations } = route.core;
    await operations.schedule(message('too early', { group: 'cooks' }));
    await nothingWaits(route);
    await operations.createGroup(amy.userId, 'cooks');
    await operations.schedule(message('in time', { group: 'cooks' }));
    await nothingWaits(route);
    expect(await route.timelineOf('g:cooks')).toEqual(['in time']);
  });

  test('as many as may wait, and no more', async () => {
    const route = await RouteHarness.start({ store: stores[0], clock: new VirtualClock() });
    const { operations } = route.core;
    const ids = Array.from({ length: limits.schedulesPerUserMax }, (_, index) => `s${index}`);
    await Promise.all(ids.map((id) => operations.schedule(message(id, { delaySeconds: 600 }))));
    await expect(
      operations.schedule(message('one more', { delaySeconds: 600 })),
    ).rejects.toMatchObject({ kind: 'too-many' });
    await operations.cancelDelayed(amy.userId, 's0');
    await operations.schedule(message('one more', { delaySeconds: 600 }));
  });
}
