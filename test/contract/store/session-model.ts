/** Random courses of the sessions of two users, of whom each has nearly as many devices as may be. */
import { test } from '@jest/globals';
import fc from 'fast-check';
import { limits } from '../../../src/base/limits.ts';
import { javaDevice, type SessionOpen } from '../../../src/store/sessions.ts';
import type { Store } from '../../../src/store/store.ts';
import { userTimeline } from '../../../src/store/timelines.ts';
import { Conversation } from '../../support/messages.ts';
import { waitUntil } from '../../support/wait-until.ts';
import type { StoreFixture } from '../store.ts';
import { type Action, playCourses } from './courses.ts';
import { nextUserId } from './users.ts';

const devices = ['phone', 'tablet', 'watch', 'shell', 'known 0', 'known 1', javaDevice];
const addresses = ['10.0.0.1:9000:8081', '10.0.0.2:9000:8081'];

const user = fc.integer({ min: 0, max: 1 });
const device = fc.constantFrom(...devices, javaDevice);
const number = fc.integer({ min: 1, max: 4 });
const server = fc.integer({ min: 0, max: 1 });
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('open' as const),
      user,
      device,
      connectionNumber: number,
      server,
      sessionId: number,
      ephemeral: fc.integer({ min: 0, max: 3 }).map((drawn) => drawn === 0),
      generation: fc.constantFrom(0, 0, 0, 1, 2),
    }),
  },
  // The last report of an open once more, as if its answer was lost.
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('repeat' as const), user }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('close' as const),
      user,
      device,
      connectionNumber: number,
    }),
  },
  // What is open, whatever its number.
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('end' as const), user, device }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('acknowledge' as const),
      user,
      device,
      seq: fc.integer({ min: 0, max: 6 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('write' as const), user }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('assign' as const), user, server }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('endJava' as const),
      user,
      openedBefore: fc.constantFrom(0, Number.MAX_SAFE_INTEGER),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('revoke' as const), user }) },
);
type Step = typeof step extends fc.Arbitrary<infer Drawn> ? Drawn : never;

export function describeSessionModel(fixture: StoreFixture): void {
  test('any course of sessions is as the decisions say', async () => {
    await playCourses({
      stores: [fixture.store, fixture.another],
      step,
      numRuns: 30,
      begin: () => {
        const ids = [nextUserId(), nextUserId()];
        const conversations = ids.map((userId) => new Conversation(nextUserId(), userId));
        const sent = ids.map(() => 0);
        const last: Action[] = ids.map(() => async () => null);
        return {
          first: (store) => fill(store, ids),
          actionOf: (drawn) => {
            const userId = ids[drawn.user]!;
            if (drawn.kind === 'repeat') return last[drawn.user]!;
            if (drawn.kind !== 'write') {
              const action = actionOf(drawn, userId);
              if (drawn.kind === 'open') last[drawn.user] = action;
              return action;
            }
            sent[drawn.user]! += 1;
            const sendSeq = sent[drawn.user]!;
            const run = conversations[drawn.user]!.append(userTimeline(userId), sendSeq, ['hi']);
            return async ({ timelines }) => {
              const [result] = await timelines.append([run]);
              return result?.watchers.map((watcher) => watcher.device).toSorted();
            };
          },
          last: async ({ sessions }) => {
            const open = await sessions.of(ids);
            return open.map((of) => of.toSorted((a, b) => (a.device < b.device ? -1 : 1)));
          },
        };
      },
    });
  });
}

function actionOf(drawn: Exclude<Step, { kind: 'write' | 'repeat' }>, userId: number): Action {
  switch (drawn.kind) {
    case 'open': {
      const { kind: _, user: __, server: at, ...rest } = drawn;
      // Java peers' device is kept.
      const report = { ...rest, ephemeral: rest.ephemeral && rest.device !== javaDevice };
      const address = addresses[at]!;
      return (store) =>
        store.sessions.open([{ ...report, userId, instance: `server-${at}`, address }]);
    }
    case 'close': {
      const close = { userId, device: drawn.device, connectionNumber: drawn.connectionNumber };
      return (store) => closeAll(store, [close]);
    }
    case 'end':
      return async (store) => {
        const [open = []] = await store.sessions.of([userId]);
        return closeAll(
          store,
          open.filter((session) => session.device === drawn.device),
        );
      };
    case 'acknowledge': {
      const { seq } = drawn;
      return (store) => store.sessions.acknowledge([{ userId, device: drawn.device, seq }]);
    }
    case 'assign':
      return (store) => store.sessions.assignJava(userId, addresses[drawn.server]!);
    case 'endJava':
      return async (store) => {
        const ended = await store.sessions.endJava(userId, drawn.openedBefore);
        await clockMovedOn(store);
        return ended;
      };
    case 'revoke':
      return (store) => store.accounts.revoke(userId);
  }
}

/** Which device closed longest ago is told by the store's clock. */
async function closeAll(store: Store, closes: Parameters<Store['sessions']['close']>[0]) {
  await store.sessions.close(closes);
  await clockMovedOn(store);
  return closes.length;
}

async function clockMovedOn({ sessions }: Store): Promise<void> {
  const start = await sessions.now();
  const movedOn = async () => (await sessions.now()) > start;
  await waitUntil('the store’s clock moves on', movedOn, { pollMs: 1 });
}

/** Two more devices of each kind find room. */
async function fill(store: Store, ids: readonly number[]): Promise<void> {
  const known = Array.from({ length: limits.devicesPerUserMax - 2 }, (_, index) => index);
  for (const userId of ids) {
    await store.accounts.register({ name: `model ${userId}`, userId });
    const reports = [false, true].flatMap((ephemeral) =>
      known.map(
        (index): SessionOpen => ({
          userId,
          device: `${ephemeral ? 'passing' : 'known'} ${index}`,
          connectionNumber: 1,
          instance: 'server-0',
          address: addresses[0]!,
          sessionId: 100 + index,
          ephemeral,
          generation: 0,
        }),
      ),
    );
    await store.sessions.open(reports);
  }
}
