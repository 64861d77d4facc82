/**
 * Random courses of the schedules of two users. Each time is hours from every other and in the past,
 * or far ahead: what a store answers does not hang on how fast it is.
 */
import { beforeAll, test } from '@jest/globals';
import fc from 'fast-check';
import { limits } from '../../../src/base/limits.ts';
import type { Store } from '../../../src/store/store.ts';
import type { StoreFixture } from '../store.ts';
import { type Action, playCourses } from './courses.ts';
import { nextUserId } from './users.ts';

const hourMs = 3_600_000;

const step = fc.record({
  kind: fc.constantFrom(
    ...(['create', 'create', 'create', 'lease', 'lease', 'cancel', 'finish', 'list'] as const),
  ),
  user: fc.integer({ min: 0, max: 1 }),
  id: fc.integer({ min: 0, max: 4 }),
  // Of a schedule: due by now. Of a lease: it has run out.
  isPast: fc.boolean(),
  limit: fc.integer({ min: 1, max: 4 }),
});
type Step = typeof step extends fc.Arbitrary<infer Drawn> ? Drawn : never;

export function describeScheduleModel(fixture: StoreFixture): void {
  let store: Store;
  beforeAll(async () => {
    // Leases are of all users.
    store = await fixture.openStore();
  });

  test('any course of schedules is as the decisions say', async () => {
    await playCourses({
      stores: [store],
      step,
      numRuns: 50,
      begin: () => {
        const ids = [nextUserId(), nextUserId()];
        let hours = 0;
        return {
          first: finishAll,
          actionOf: (drawn) => {
            // Each hour from now is used once.
            hours += 10;
            return actionOf(drawn, ids[drawn.user]!, (drawn.isPast ? -hours : hours) * hourMs);
          },
          last: async ({ schedules }) =>
            (await Promise.all(ids.map((owner) => schedules.listOf(owner)))).map(listed),
        };
      },
    });
  });
}

function actionOf({ kind, id, limit }: Step, owner: number, offsetMs: number): Action {
  const named = { id: `${id}`, owner };
  switch (kind) {
    case 'create': {
      const payload = Buffer.from(`for ${offsetMs}`);
      return ({ schedules }) => schedules.create({ ...named, payload }, offsetMs);
    }
    case 'lease':
      return async ({ schedules }) => {
        // Leases that run out together leave open which is free first.
        const leased = await schedules.lease(offsetMs < 0 ? 1 : limit, offsetMs);
        return leased.map((schedule) => ({
          ...schedule,
          payload: Buffer.from(schedule.payload).toString(),
        }));
      };
    case 'cancel':
      return ({ schedules }) => schedules.cancel(named);
    case 'finish':
      return ({ schedules }) => schedules.finish([named]);
    case 'list':
      return async ({ schedules }) => listed(await schedules.listOf(owner));
  }
}

/** Without the times, which are by the store's own clock. */
function listed({ schedules, hasMore }: Awaited<ReturnType<Store['schedules']['listOf']>>) {
  return { ids: schedules.map(({ id }) => id), hasMore };
}

/** What a course before has left of what is due. */
async function finishAll({ schedules }: Store): Promise<void> {
  await schedules.finish(await schedules.lease(limits.schedulesPerUserMax, hourMs));
}
