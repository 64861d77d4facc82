import { expect, test } from '@jest/globals';
import { CimError } from '../../../src/base/errors.ts';
import { userTimeline } from '../../../src/store/timelines.ts';
import { Conversation } from '../../support/messages.ts';
import type { StoreFixture } from '../store.ts';
import { nextUserId, opening } from './users.ts';

export function describeLifecycle(fixture: StoreFixture): void {
  test('an open store has no problem, a closed one says so', async () => {
    const store = await fixture.openStore();
    expect(await store.problem()).toBeNull();
    await store.close();
    expect(await store.problem()).toEqual(expect.any(String));
  });

  test('closing twice is harmless', async () => {
    const store = await fixture.openStore();
    await Promise.all([store.close(), store.close()]);
    await store.close();
  });

  test('calls under way at the close, and after it, end with their result or with busy', async () => {
    const store = await fixture.openStore();
    const userId = nextUserId();
    const timeline = userTimeline(userId);
    const run = new Conversation(nextUserId(), userId).append(timeline, 1, ['m1']);
    const call = () => ({
      append: store.timelines.append([run]),
      // Handled from the start: a call may be refused at once.
      others: Promise.allSettled([
        store.timelines.read({ timeline, after: 0, limit: 1 }),
        store.timelines.heads([timeline]),
        store.accounts.register({ name: `Name${userId}` }),
        store.sessions.open([opening(userId)]),
        store.schedules.lease(1, 1_000),
      ]),
    });
    const underWay = call();
    const closed = store.close();
    const late = call();
    for (const { append, others } of [underWay, late]) {
      const [result] = await append;
      expect(['taken', 'busy']).toContain(result?.status);
      for (const outcome of await others) {
        if (outcome.status === 'fulfilled') continue;
        expect(outcome.reason).toBeInstanceOf(CimError);
        expect((outcome.reason as CimError).kind).toBe('busy');
      }
    }
    await closed;
  });
}
