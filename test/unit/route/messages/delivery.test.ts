/**
 * The heart of a route: what is stored, who is told, and what the sender hears.
 */
import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { callOne } from '../../../../src/api/batch-call.ts';
import { systemClock } from '../../../../src/base/clock.ts';
import { errorTable } from '../../../../src/base/errors.ts';
import { limits } from '../../../../src/base/limits.ts';
import { Counters } from '../../../../src/base/process/counters.ts';
import { scanMessage } from '../../../../src/codec/message-scan.ts';
import { bodiesOf } from '../../../../src/codec/run.ts';
import { AccountDirectory } from '../../../../src/route/accounts/account-directory.ts';
import { Delivery, type Outcome } from '../../../../src/route/messages/delivery.ts';
import { deliverTexts } from '../../../../src/route/messages/http-message.ts';
import { PushRecord } from '../../../../src/route/messages/push-record.ts';
import { Pusher } from '../../../../src/route/messages/pusher.ts';
import { createRouteCounters } from '../../../../src/route/route-counters.ts';
import type { Store } from '../../../../src/store/store.ts';
import { type AppendResult, userTimeline } from '../../../../src/store/timelines.ts';
import { noBugs } from '../../../support/bugs.ts';
import {
  address,
  amy,
  bob,
  instance,
  openMemoryStore,
  RouteHarness,
  refusedSubmission,
  submission,
  textOf,
} from '../../../support/route-harness.ts';
import { waitUntil } from '../../../support/wait-until.ts';

let route: RouteHarness;

/** With nobody connected. */
function deliveryWith(accounts: AccountDirectory): Delivery {
  const { timelines, groups, sessions } = route.store;
  const pusher = new Pusher({
    record: new PushRecord(() => 0),
    servers: {
      at: () => {
        throw new Error('nobody is connected');
      },
    },
    sessions,
    timelines,
    isGone: () => false,
    clock: systemClock,
    counters: createRouteCounters(new Counters()),
  });
  const counters = createRouteCounters(new Counters());
  return new Delivery({ timelines, groups, accounts, pusher, counters, bugs: noBugs });
}
beforeEach(async () => {
  route = await RouteHarness.start();
});

describe('a private message', () => {
  test('is in both timelines when it is acknowledged, with the origin that the route gave it', async () => {
    expect(await route.submit(submission(1, 'hi'))).toEqual([
      { code: 0, seq: 1, expected: 0, duplicates: 0 },
    ]);
    expect(await route.timelineOf(bob.userId)).toEqual(['hi']);
    expect(await route.timelineOf(amy.userId)).toEqual(['hi']);
    const { messages } = await route.store.timelines.read({ timeline: 'u:2', after: 0, limit: 1 });
    expect(scanMessage(messages[0]?.body as Uint8Array)).toMatchObject({
      from: 1,
      fromName: 'amy',
      epochHex: '01'.repeat(8),
      to: 2,
    });
  });

  test('is pushed to every connection of both but the one that sent it', async () => {
    await route.connect(amy, 1);
    await route.connect(amy, 2);
    await route.connect(bob, 3);
    await route.connect(bob, 4);
    await route.submit(submission(1, 'hi'));
    await waitUntil('pushes', () => route.pushes.length === 2);
    expect(route.pushes.map(({ sessionIds }) => [...sessionIds].sort())).toEqual(
      expect.arrayContaining([[3, 4], [2]]),
    );
    expect(
      route.pushes.every(
        ({ seq, bodies }) => seq === 1 && textOf(bodiesOf(bodies)[0] as Uint8Array) === 'hi',
      ),
    ).toBe(true);
  });

  test('sent twice is stored once, and its receiver gets a hint', async () => {
    await route.connect(bob, 3);
    await route.submit(submission(1, 'hi'));
    expect(await route.submit(submission(1, 'hi'))).toEqual([
      { code: 0, seq: 1, expected: 0, duplicates: 1 },
    ]);
    expect(await route.timelineOf(bob.userId)).toEqual(['hi']);
    await waitUntil('a push and a hint', () => route.pushes.length === 2);
    expect(route.pushes[1]).toMatchObject({ seq: 1, count: 0 });
  });

  test('that runs ahead of its number is refused, with the number that would be taken', async () => {
    expect(await route.submit(submission(3, 'third'))).toMatchObject([
      { code: 8200, seq: 0, expected: 1, duplicates: 0 },
    ]);
    expect(await route.timelineOf(bob.userId)).toEqual([]);
  });

  test('runs of one conversation are taken whole, the repeated part of one too', async () => {
    await route.submit(submission(1, ['a', 'b']));
    expect(await route.submit(submission(2, ['b', 'c', 'd']))).toMatchObject([
      { code: 0, seq: 3, duplicates: 1 },
    ]);
    expect(await route.timelineOf(bob.userId)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('to somebody without an account is refused for good', async () => {
    const answers = [
      ...(await route.submit(submission(1, 'x', 99))),
      ...(await route.submit(submission(2, ['y', 'yy'], 99))),
    ];
    expect(answers.map(({ code }) => code)).toEqual([7300, 7300]);
    await route.core.operations.register({ userId: 99, name: 'late' });
    const next = { ...submission(4, 'z', 99), restart: true };
    expect((await route.submit(next))[0]?.code).toBe(0);
    expect(await route.timelineOf(99)).toEqual(['z']);
  });

  test('is stored although the directory has forgotten its receiver again', async () => {
    const { accounts } = route.store;
    class Forgetful extends AccountDirectory {
      override remembered() {
        return undefined;
      }
    }
    const delivery = deliveryWith(new Forgetful(accounts, 1, systemClock));
    const outcome = await deliverTexts(delivery, {
      sender: amy,
      to: bob.userId,
      texts: ['hi'],
      at: 1,
      epochHex: '02'.repeat(8),
    });
    expect(outcome).toMatchObject({ error: null, seq: 1 });
    expect(await route.timelineOf(bob.userId)).toEqual(['hi']);
  });

  test('waits behind one to the same receiver whose account is still being looked up', async () => {
    const { accounts } = route.store;
    const lookUps: (() => void)[] = [];
    const slow = {
      get: async (userIds: readonly number[]) => {
        await new Promise<void>((resolve) => lookUps.push(resolve));
        return accounts.get(userIds);
      },
    };
    const directory = new AccountDirectory(slow as typeof accounts, 10, systemClock);
    const delivery = deliveryWith(directory);
    const outcomes: Outcome[] = [];
    const say = (sendSeq: number) =>
      delivery.submit([{ ...submission(sendSeq, `m${sendSeq}`), refusal: null }], (_, outcome) =>
        outcomes.push(outcome),
      );
    say(1);
    const found = directory.find(bob.userId);
    lookUps[1]?.();
    expect(await found).toEqual(bob);
    say(2);
    lookUps[0]?.();
    await waitUntil('both are answered', () => outcomes.length === 2);
    expect(outcomes).toMatchObject([
      { error: null, seq: 1 },
      { error: null, seq: 2 },
    ]);
  });

  test('that is too long is refused for good, and those behind it in the batch are not', async () => {
    const results = await route.submit(
      submission(1, 'a'),
      refusedSubmission(2, 'too-long'),
      submission(3, 'c'),
    );
    expect(results.map(({ code }) => code)).toEqual([0, 3001, 0]);
    expect(await route.timelineOf(bob.userId)).toEqual(['a', 'c']);
  });

  test('is not held up by what another in its batch waits for', async () => {
    let thawed = Promise.resolve();
    const inner = await openMemoryStore();
    const { identity, accounts, deletions, sessions, groups, conversations, marks } = inner;
    const { presence, schedules, requests, apiKeys, groupKeys } = inner;
    const append: Store['timelines']['append'] = (batch, answered = () => {}) =>
      Promise.all(
        batch.map(async (run, place) => {
          if (run.timeline === userTimeline(carol.userId)) await thawed;
          const [result] = (await inner.timelines.append([run])) as [AppendResult];
          answered(place, result);
          return result;
        }),
      );
    const timelines: Store['timelines'] = {
      append,
      read: (read) => inner.timelines.read(read),
      readBack: (...asked) => inner.timelines.readBack(...asked),
      heads: (asked) => inner.timelines.heads(asked),
      watchers: (asked) => inner.timelines.watchers(asked),
      addInterest: (...interest) => inner.timelines.addInterest(...interest),
      removeInterest: (...interest) => inner.timelines.removeInterest(...interest),
    };
    const carol = { userId: 3, name: 'carol' };
    await accounts.register(carol);
    const frozen = await RouteHarness.start({
      store: {
        ...{
          identity,
          accounts,
          deletions,
          sessions,
          groups,
          groupKeys,
          conversations,
          marks,
          presence,
          schedules,
          requests,
          apiKeys,
          files: inner.files,
          operators: inner.operators,
          audit: inner.audit,
          deviceKeys: inner.deviceKeys,
          retained: inner.retained,
          topicFilters: inner.topicFilters,
          timelines,
        },
        problem: async () => null,
        refusal: async () => null,
        close: () => inner.close(),
      },
    });
    // Its receivers are known: those who are not are looked for first.
    await frozen.submit(submission(1, 'first', carol.userId), submission(1, 'first'));
    const thaw = Promise.withResolvers<void>();
    thawed = thaw.promise;
    await frozen.connect(amy, 2);

    const answers: number[] = [];
    const batch = [submission(2, 'slow', carol.userId), submission(2, 'hi')];
    frozen.core.api.submit(batch, (index) => answers.push(index));
    await waitUntil('the one is answered', () => answers.length === 1);
    expect(answers).toEqual([1]);
    expect(await frozen.timelineOf(bob.userId)).toEqual(['first', 'hi']);
    // In her own timeline it is already, so her other devices are told.
    await waitUntil('the push', () => frozen.pushes.length > 0);
    expect(await frozen.timelineOf(amy.userId)).toContain('slow');
    thaw.resolve();
    await waitUntil('the other is answered', () => answers.length === 2);
    expect(await frozen.timelineOf(carol.userId)).toEqual(['first', 'slow']);
  });

  test('to oneself is stored once and not pushed back', async () => {
    await route.connect(amy, 1);
    expect(await route.submit(submission(1, 'note', amy.userId))).toEqual([
      { code: 0, seq: 1, expected: 0, duplicates: 0 },
    ]);
    expect(await route.timelineOf(amy.userId)).toEqual(['note']);
    await route.submit(submission(1, 'to bob'));
    expect(route.pushes).toEqual([]);
  });
});

describe('a group message', () => {
  test('is stored once, and pushed once to each interested server', async () => {
    await callOne(route.core.api.interest, {
      group: 'lobby',
      instance,
      address,
      gone: false,
      version: 0,
    });
    expect(await route.submit(submission(1, 'hello', 'lobby'))).toEqual([
      { code: 0, seq: 1, expected: 0, duplicates: 0 },
    ]);
    await waitUntil('the push', () => route.groupPushes.length === 1);
    expect(route.groupPushes[0]).toMatchObject({ group: 'lobby', instance, seq: 1 });
    expect(await route.timelineOf(amy.userId)).toEqual([]);
  });

  test('sent twice is stored once, and its group gets a hint', async () => {
    await callOne(route.core.api.interest, {
      group: 'lobby',
      instance,
      address,
      gone: false,
      version: 0,
    });
    await route.submit(submission(1, 'hello', 'lobby'));
    await route.submit(submission(1, 'hello', 'lobby'));
    await waitUntil('a push and a hint', () => route.groupPushes.length === 2);
    expect(route.groupPushes[1]).toMatchObject({ seq: 1, count: 0 });
  });
});

describe('a session', () => {
  test('that its server no longer knows is struck off', async () => {
    await route.connect(bob, 3);
    route.connected.delete(3);
    await route.submit(submission(1, 'hi'));
    await waitUntil(
      'the record is corrected',
      async () => (await route.store.sessions.of([bob.userId]))[0]?.length === 0,
    );
  });

  test('has a place although sessions of dead servers fill them all', async () => {
    for (let sessionId = 1; sessionId <= limits.devicesPerUserMax; sessionId++) {
      const entry = {
        userId: bob.userId,
        userName: bob.name,
        device: `old-${sessionId}`,
        connectionNumber: 1,
        ephemeral: false,
        generation: 0,
      };
      const dead = { instance: 'crashed', address: '10.0.0.9:9000:8081', sessionId };
      expect((await callOne(route.core.api.open, { ...entry, ...dead })).code).toBe(0);
    }
    expect((await route.connect(bob, 40, 'new')).code).toBe(0);
  });

  test('under a wrong name, or for nobody, is not opened', async () => {
    expect((await route.connect({ userId: 1, name: 'bob' }, 5)).code).toBe(301);
    // Another store may have let it in: it is to log in anew.
    expect((await route.connect({ userId: 77, name: 'nobody' }, 6)).code).toBe(106);
  });

  test('opened again through another route because the answer was lost is the same session', async () => {
    const first = await route.connect(bob, 3);
    expect(await route.connect(bob, 3)).toEqual(first);
  });
});

describe('a scheduled message', () => {
  test('is sent once when it is due, however often it is created', async () => {
    const message = {
      id: 'reminder-1',
      from: amy.userId,
      to: bob.userId,
      text: 'tea',
      delaySeconds: 0,
    };
    await route.core.operations.schedule(message);
    await route.core.operations.schedule(message);
    await waitUntil('it is sent', async () => (await route.timelineOf(bob.userId)).length === 1);
    await route.core.operations.schedule(message);
    await route.submit(submission(1, 'after'));
    expect(await route.timelineOf(bob.userId)).toEqual(['tea', 'after']);
  });
});

describe('to an id without an account', () => {
  const unknownReceiver = Number(errorTable['unknown-receiver'].code);

  test('nothing is kept, whatever is sent and however often', async () => {
    const before = await route.store.timelines.heads(['u:99']);
    const long = { ...submission(3, 'x', 99), refusal: Number(errorTable['too-long'].code) };
    const append = jest.spyOn(route.store.timelines, 'append');
    for (const one of [
      submission(1, 'a', 99),
      submission(2, 'b', 99),
      submission(1, 'a', 99),
      long,
    ])
      expect(await route.submit(one)).toMatchObject([{ code: unknownReceiver }]);
    expect(append).not.toHaveBeenCalled();
    expect(await route.store.timelines.heads(['u:99'])).toEqual(before);
  });

  test('a repeat is stored when there is one by then, and what comes after goes on', async () => {
    expect(await route.submit(submission(1, 'a', 99))).toMatchObject([{ code: unknownReceiver }]);
    expect(await route.submit(submission(2, 'b', 99))).toMatchObject([{ code: unknownReceiver }]);
    await route.store.accounts.register({ name: 'zoe', userId: 99 });
    // The refusal of the second was lost; that of the first was heard, so the number is passed over.
    const outOfOrder = Number(errorTable['out-of-order'].code);
    expect(await route.submit(submission(2, 'b', 99))).toMatchObject([
      { code: outOfOrder, expected: 1 },
    ]);
    const again = { ...submission(2, 'b', 99), restart: true };
    expect(await route.submit(again)).toMatchObject([{ code: 0 }]);
    expect(await route.submit(submission(3, 'c', 99))).toMatchObject([{ code: 0 }]);
    expect(await route.timelineOf('u:99')).toEqual(['b', 'c']);
  });
});
