/** Messages that are not stored: to whoever is connected, at most once, and never in the way. */
import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { callOne } from '../../../../src/api/batch-call.ts';
import { limits } from '../../../../src/base/limits.ts';
import { scanMessage } from '../../../../src/codec/message-scan.ts';
import type { Store } from '../../../../src/store/store.ts';
import type { TimelineId, Watcher } from '../../../../src/store/timelines.ts';
import {
  address,
  amy,
  bob,
  instance,
  openMemoryStore,
  RouteHarness,
  submission,
  textOf,
  transientSubmission,
} from '../../../support/route-harness.ts';
import { settle } from '../../../support/virtual-clock.ts';
import { waitUntil } from '../../../support/wait-until.ts';

const busy = 8100;

/** A store that is asked who is there, and answers when the test lets it. */
async function slowStore(): Promise<{
  store: Store;
  asked: (readonly TimelineId[])[];
  release(): void;
}> {
  const store = await openMemoryStore();
  const asked: (readonly TimelineId[])[] = [];
  const gate = Promise.withResolvers<void>();
  const watchers = async (timelines: readonly TimelineId[]): Promise<(readonly Watcher[])[]> => {
    asked.push(timelines);
    await gate.promise;
    return store.timelines.watchers(timelines);
  };
  const timelines = new Proxy(store.timelines, {
    get: (target, name) => {
      if (name === 'watchers') return watchers;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const slow = new Proxy(store, {
    get: (target, name) => {
      if (name === 'timelines') return timelines;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { store: slow, asked, release: gate.resolve };
}

describe('a transient message', () => {
  let route: RouteHarness;
  beforeEach(async () => {
    route = await RouteHarness.start();
  });

  test('of somebody who is blocked is pushed to nobody, and answered as ever', async () => {
    await route.connect(bob, 3);
    await route.core.operations.block(bob.userId, amy.userId);
    const message = { from: amy.userId, to: bob.userId, texts: ['typing'], transient: true };
    expect(await route.core.operations.sendPrivate(message)).toEqual({ online: true });
    // Servers are to ask, also where the receiver is on the sender's.
    const where = { userId: bob.userId, instance };
    expect(await callOne(route.core.api.locate, where)).toMatchObject({ code: 0, here: false });
    expect(route.transients).toEqual([]);
    await route.core.operations.unblock(bob.userId, amy.userId);
    await route.core.operations.sendPrivate({ ...message, texts: ['heard'] });
    await waitUntil('it is pushed', () => route.transients.length > 0);
    expect(route.transients.map(({ body }) => textOf(body))).toEqual(['heard']);
    expect(await callOne(route.core.api.locate, where)).toMatchObject({ code: 0, here: true });
  });

  test('to nobody asks the store who is there, and not whom they have blocked', async () => {
    const blockedBy = jest.spyOn(route.store.conversations, 'blockedBy');
    const nobody = { userId: 999, instance };
    expect(await callOne(route.core.api.locate, nobody)).toMatchObject({ here: true });
    const message = { ...transientSubmission('hello?', nobody.userId), from: amy.userId };
    expect(route.pass(message)).toEqual([0]);
    await waitUntil('it is dropped', () => route.counted()['transient.to-nobody'] === 1);
    expect(blockedBy).not.toHaveBeenCalled();
    await route.connect(bob, 3);
    await callOne(route.core.api.locate, { userId: bob.userId, instance });
    expect(blockedBy).toHaveBeenCalledTimes(1);
  });

  test('goes to the connections of its receiver, and is stored nowhere', async () => {
    await route.connect(bob, 3);
    await route.connect(bob, 4);
    await route.connect(amy, 1);
    expect(route.pass(transientSubmission('typing'))).toEqual([0]);
    await waitUntil('it is pushed', () => route.transients.length === 1);
    const { sessionIds, body, ...rest } = route.transients[0] ?? { body: new Uint8Array() };
    expect(sessionIds?.toSorted()).toEqual([3, 4]);
    expect(rest).toEqual({ group: '', instance });
    expect(textOf(body)).toBe('typing');
    expect(scanMessage(body)).toMatchObject({ from: amy.userId, fromName: 'amy', transient: true });
    expect(await route.timelineOf(bob.userId)).toEqual([]);
    expect(await route.timelineOf(amy.userId)).toEqual([]);
    expect(route.pushes).toEqual([]);
  });

  test('to oneself goes to the other devices', async () => {
    await route.connect(amy, 1);
    await route.connect(amy, 2);
    route.pass(transientSubmission('note', amy.userId));
    await waitUntil('it is pushed', () => route.transients.length === 1);
    expect(route.transients[0]?.sessionIds).toEqual([2]);
  });

  test('to a group goes once to each server with members, if the sender is one', async () => {
    const { operations } = route.core;
    await operations.createGroup(amy.userId, 'cooks');
    await operations.createGroup(bob.userId, 'bakers');
    for (const group of ['lobby', 'cooks', 'bakers']) {
      await callOne(route.core.api.interest, { group, instance, address, gone: false, version: 0 });
    }
    const entries = ['lobby', 'cooks', 'bakers', 'nobody', 'No Group'].map((group) =>
      transientSubmission(group, group),
    );
    expect(route.pass(...entries)).toEqual([0, 0, 0, 0, 0]);
    await waitUntil('all are looked at', () => route.counted()['transient.refused'] === 3);
    await waitUntil('the pushes', () => route.transients.length === 2);
    expect(route.transients.map(({ group, sessionIds }) => [group, sessionIds])).toEqual([
      ['lobby', []],
      ['cooks', []],
    ]);
  });

  test('to nobody, or that is too long, is dropped and counted', async () => {
    await route.connect(bob, 3);
    route.pass(
      transientSubmission('x', 99),
      transientSubmission('x', amy.userId),
      transientSubmission('x'.repeat(limits.textBytesMax + 1)),
    );
    await waitUntil('all are looked at', () => route.counted()['transient.refused'] === 1);
    await settle();
    expect(route.counted()).toEqual({
      'transient.taken': 3,
      'transient.to-nobody': 2,
      'transient.refused': 1,
    });
    expect(route.transients).toEqual([]);
  });

  test('that its server does not take is not sent again', async () => {
    await route.connect(bob, 3);
    route.transientCode = busy;
    route.pass(transientSubmission('typing'));
    await waitUntil('it is dropped', () => route.counted()['transient.dropped.way'] === 1);
    await settle();
    expect(route.transients).toHaveLength(1);
    const [sessions = []] = await route.store.sessions.of([bob.userId]);
    expect(sessions).toHaveLength(1);
  });

  test('over HTTP tells whether somebody is there', async () => {
    const { operations } = route.core;
    const message = { from: amy.userId, to: bob.userId, texts: ['a', 'b'], transient: true };
    expect(await operations.sendPrivate(message)).toEqual({ online: false });
    await route.connect(bob, 3);
    expect(await operations.sendPrivate(message)).toEqual({ online: true });
    await waitUntil('the pushes', () => route.transients.length === 2);
    expect(route.transients.map(({ body }) => textOf(body))).toEqual(['a', 'b']);
    expect(await route.timelineOf(bob.userId)).toEqual([]);
    await operations.sendGroup({ from: amy.userId, group: 'lobby', text: 'x', transient: true });
  });

  test.each([
    [{ to: 99 }, 'unknown-receiver'],
    [{ from: 99 }, 'account-mismatch'],
    [{ key: 'k' }, 'invalid-argument'],
    [{ texts: ['x'.repeat(limits.textBytesMax + 1)] }, 'too-long'],
  ])('over HTTP with %p is refused: %s', async (fields, kind) => {
    const message = { from: amy.userId, to: bob.userId, texts: ['a'], transient: true };
    await expect(
      route.core.operations.sendPrivate({ ...message, ...fields }),
    ).rejects.toMatchObject({ kind });
  });

  test('over HTTP to a group is for members', async () => {
    const { operations } = route.core;
    const message = { from: amy.userId, group: 'cooks', text: 'x', transient: true };
    await expect(operations.sendGroup(message)).rejects.toMatchObject({ kind: 'unknown-group' });
    await operations.createGroup(bob.userId, 'cooks');
    await expect(operations.sendGroup(message)).rejects.toMatchObject({ kind: 'not-a-member' });
  });
});

describe('under pressure', () => {
  test('one batch at a time is asked about, in one call, and the order is kept', async () => {
    const { store, asked, release } = await slowStore();
    const route = await RouteHarness.start({ store });
    await route.connect(bob, 3);
    const texts = Array.from({ length: 600 }, (_, index) => String(index));
    route.pass(...texts.map((text) => transientSubmission(text)));
    await waitUntil('the store is asked', () => asked.length === 1);
    route.pass(transientSubmission('last'));
    expect(asked).toEqual([['u:2']]);
    release();
    await waitUntil('all are pushed', () => route.transients.length === 601);
    expect(asked).toHaveLength(3);
    expect(route.transients.map(({ body }) => textOf(body))).toEqual([...texts, 'last']);
  });

  test('what is too many is dropped, and durable messages pass by', async () => {
    const { store, asked, release } = await slowStore();
    const route = await RouteHarness.start({ store });
    await route.connect(bob, 3);
    const many = Array.from({ length: limits.transientsWaitingMax + 5 }, () =>
      transientSubmission('x'),
    );
    const codes = route.pass(...many);
    expect(codes.filter((code) => code === busy)).toHaveLength(5);
    await waitUntil('the store is asked', () => asked.length === 1);
    expect(await route.submit(submission(1, 'durable'))).toMatchObject([{ code: 0 }]);
    await waitUntil('its push', () => route.pushes.length === 1);
    expect(route.transients).toEqual([]);
    release();
    await waitUntil('the rest', () => route.transients.length === limits.transientsWaitingMax);
    expect(route.counted()).toMatchObject({ 'transient.dropped.many': 5 });
  });

  test('a store that does not answer costs those that asked, and no others', async () => {
    const store = await openMemoryStore();
    const route = await RouteHarness.start({ store });
    await store.close();
    route.pass(transientSubmission('x'));
    await waitUntil('it is dropped', () => route.counted()['transient.dropped.store'] === 1);
    expect(route.pass(transientSubmission('y'))).toEqual([0]);
    await waitUntil('so is the next', () => route.counted()['transient.dropped.store'] === 2);
  });
});
