// Goal: what the store refuses, wholly or in part, is told to the sender as it is, and nobody is
// shown what was refused. Method: a route over a store whose appends are answered by the test.
import { beforeEach, describe, expect, test } from '@jest/globals';
import { callOne } from '../../../src/api/batch-call.ts';
import { bodiesOf } from '../../../src/codec/run.ts';
import type { Append, AppendResult, Timelines } from '../../../src/store/timelines.ts';
import {
  amy,
  bob,
  openMemoryStore,
  RouteHarness,
  submission,
  textOf,
} from '../../support/route-harness.ts';
import { waitUntil } from '../../support/wait-until.ts';

type Part = Partial<AppendResult>;

let route: RouteHarness;
let appended: Append[];
/** Of the receiver's append, or the group's, and of the sender's own. */
let answers: { receiver: Part; own: Part };

beforeEach(async () => {
  const store = await openMemoryStore();
  appended = [];
  answers = { receiver: {}, own: {} };
  const { timelines } = store;
  const append: Timelines['append'] = async (batch, answered) => {
    appended.push(...batch);
    const results = batch.map(({ timeline, from, count }): AppendResult => {
      const isOwn = timeline === `u:${from}`;
      const nothing = { status: 'taken', duplicates: 0, stored: count, refused: 0 } as const;
      const found = isOwn ? answers.own : answers.receiver;
      return { ...nothing, seq: isOwn ? 20 : 10, expected: 0, watchers: [], ...found };
    });
    for (const [place, result] of results.entries()) answered?.(place, result);
    return results;
  };
  const scripted = new Proxy(timelines, {
    get: (target, name) => {
      if (name === 'append') return append;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const proxied = new Proxy(store, {
    get: (target, name) => {
      if (name === 'timelines') return scripted;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  route = await RouteHarness.start({ store: proxied });
});

const three = () => submission(1, ['one', 'two', 'three']);

describe('a private message', () => {
  test('for which there is no room is refused for good, and counted', async () => {
    const full = { status: 'mailbox-full', stored: 0, refused: 1, seq: 0 } as const;
    answers = { receiver: full, own: full };
    expect(await route.submit(submission(1, 'hi'))).toMatchObject([{ code: 7307, stored: 0 }]);
    const counted = route.core.counters
      .list()
      .find(({ name }) => name === 'messages.refused.mailbox-full');
    expect(counted?.value).toBe(1);
    const send = { from: amy.userId, to: bob.userId, texts: ['hi'] };
    await expect(route.core.operations.sendPrivate(send)).rejects.toMatchObject({
      kind: 'mailbox-full',
    });
  });

  test('run of which some is stored: that is pushed, and the sender hears what became of each', async () => {
    await route.connect(bob, 3);
    const watchers = await route.store.timelines.watchers([`u:${bob.userId}`]);
    const partly = { status: 'mailbox-full', duplicates: 0, stored: 2, refused: 1 } as const;
    answers = { receiver: { ...partly, watchers: watchers[0] ?? [] }, own: partly };
    expect(await route.submit(three())).toEqual([
      { code: 7307, seq: 20, expected: 0, duplicates: 0, stored: 2, refused: 1 },
    ]);
    await waitUntil('the push', () => route.pushes.length === 1);
    const [push] = route.pushes;
    expect(push).toMatchObject({ seq: 10, count: 2 });
    const texts = [...bodiesOf(push?.bodies ?? new Uint8Array())].map(textOf);
    expect(texts).toEqual(['one', 'two']);
  });

  test('that has to wait, as its receiver is behind, is to be sent again', async () => {
    const behind = { status: 'busy', stored: 1 } as const;
    answers = { receiver: behind, own: behind };
    expect(await route.submit(three())).toMatchObject([{ code: 8100, seq: 20, stored: 1 }]);
  });

  test('whose own copy cannot be reached is to be sent again, whatever the receiver’s said', async () => {
    const full = { status: 'mailbox-full', stored: 0, refused: 3, seq: 0 } as const;
    answers = { receiver: full, own: { status: 'busy', stored: 0 } };
    expect(await route.submit(three())).toMatchObject([{ code: 8100, stored: 0 }]);
  });

  test.each<[string, AppendResult['status'], number, number]>([
    ['all', 'taken', 3, 0],
    ['all, and says what became of the receiver’s', 'mailbox-full', 3, 2],
    ['some', 'mailbox-full', 2, 1],
    ['as many as the receiver', 'mailbox-full', 1, 2],
  ])('is refused as the receiver has refused it, when the own copy has %s', async (...own) => {
    const [, status, duplicates, refused] = own;
    answers.receiver = { status: 'mailbox-full', duplicates: 1, stored: 0, refused: 2, seq: 0 };
    answers.own = { status, duplicates, stored: 0, refused };
    expect(await route.submit(three())).toEqual([
      { code: 7307, seq: 0, expected: 0, duplicates: 1, stored: 0, refused: 2 },
    ]);
  });

  test('is busy behind what is stored, when the own copy has more than a receiver who is behind', async () => {
    answers.receiver = { status: 'busy', stored: 1 };
    expect(await route.submit(three())).toMatchObject([{ code: 8100, stored: 1, refused: 0 }]);
  });

  test.each(['mailbox-full', 'busy'] as const)(
    'is out of order where the own timeline has forgotten numbers, be the receiver’s %s',
    async (status) => {
      answers.receiver = { status, stored: 0, refused: status === 'busy' ? 0 : 3, seq: 0 };
      answers.own = { status: 'out-of-order', stored: 0, seq: 0, expected: 1 };
      const message = submission(4, ['one', 'two', 'three']);
      expect(await route.submit(message)).toMatchObject([{ code: 8200, expected: 1 }]);
    },
  );

  test('to nobody leaves nothing in the store, and is counted', async () => {
    const lost = { ...submission(1, 'hi'), to: 99 };
    expect(await route.submit(lost)).toMatchObject([{ code: 7300 }]);
    expect(appended).toEqual([]);
    const counted = route.core.counters
      .list()
      .find(({ name }) => name === 'messages.refused.unknown-receiver');
    expect(counted?.value).toBe(1);
  });
});

describe('a message to a group', () => {
  test('beyond its sender’s share is refused for good', async () => {
    answers.receiver = { status: 'group-share', stored: 1, refused: 2 };
    const group = { ...three(), to: 0, group: 'lobby' };
    expect(await route.submit(group)).toMatchObject([
      { code: 7308, seq: 10, stored: 1, refused: 2 },
    ]);
  });

  test.each([
    [false, undefined],
    [true, true],
  ])('of an application (%s) has no share', async (isExempt, expected) => {
    const message = { from: amy.userId, group: 'lobby', text: 'hi', isExempt };
    await route.core.operations.sendGroup(message);
    expect(appended.map((append) => append.isExempt)).toEqual([expected]);
  });

  test('that an application has scheduled has none either', async () => {
    const schedule = { id: 's', from: amy.userId, group: 'lobby', text: 'hi', delaySeconds: 0 };
    await route.core.operations.schedule({ ...schedule, isExempt: true });
    await waitUntil('it is sent', () => appended.length > 0);
    expect(appended[0]?.isExempt).toBe(true);
  });
});

test('the owner of a group sets its share, and nobody else does', async () => {
  const { operations } = route.core;
  await operations.createGroup(amy.userId, 'cooks');
  await operations.changeGroup(amy.userId, 'cooks', { kind: 'set', sharePercent: 20 });
  const others = operations.changeGroup(bob.userId, 'cooks', { kind: 'set', sharePercent: 90 });
  await expect(others).rejects.toMatchObject({ kind: 'not-the-owner' });
  const nowhere = operations.changeGroup(amy.userId, 'nowhere', { kind: 'set', sharePercent: 90 });
  await expect(nowhere).rejects.toMatchObject({ kind: 'unknown-group' });
});

test('whom one has blocked is listed; oneself and nobody cannot be', async () => {
  const { operations } = route.core;
  await operations.block(amy.userId, bob.userId);
  await operations.block(amy.userId, bob.userId);
  expect(await operations.blocked(amy.userId)).toEqual([bob]);
  await operations.unblock(amy.userId, bob.userId);
  expect(await operations.blocked(amy.userId)).toEqual([]);
  for (const [peer, kind] of [
    [amy.userId, 'invalid-argument'],
    [99, 'unknown-receiver'],
  ] as const)
    await expect(operations.block(amy.userId, peer)).rejects.toMatchObject({ kind });
  expect(await callOne(route.core.api.locate, { userId: 1, instance: 'x' })).toMatchObject({
    code: 0,
  });
});
