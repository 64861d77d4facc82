/** What a route corrects of sessions and interest when a server does not answer. */
import { beforeEach, expect, test } from '@jest/globals';
import { apiOf } from '../../../src/api/method.ts';
import { type ServerApi, serverMethods } from '../../../src/api/server-api.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { Counters } from '../../../src/base/process/counters.ts';
import { PushRecord } from '../../../src/route/messages/push-record.ts';
import { Pusher } from '../../../src/route/messages/pusher.ts';
import { createRouteCounters } from '../../../src/route/route-counters.ts';
import type { Store } from '../../../src/store/store.ts';
import { groupTimeline, userTimeline } from '../../../src/store/timelines.ts';
import { openMemoryStore } from '../../support/route-harness.ts';
import { waitUntil } from '../../support/wait-until.ts';

const instance = 'silent';
const address = '10.0.0.1:9000:8081';
const [amy, builds] = [userTimeline(1), groupTimeline('builds')];
let store: Store;

/** Pushes to a server that answers nothing; resolves when that is known. */
async function pushInVain(isGone: boolean): Promise<PushRecord> {
  let unanswered = 0;
  const api = apiOf<ServerApi>(serverMethods, (method, entries, answer) => {
    for (const index of entries.keys()) answer(index, method.unanswered);
    unanswered += entries.length;
  });
  const { sessions, timelines } = store;
  const counters = createRouteCounters(new Counters());
  const record = new PushRecord(() => 5);
  const pusher = new Pusher({
    ...{ sessions, timelines, counters, record },
    servers: { at: () => api },
    isGone: () => isGone,
    clock: systemClock,
  });
  const [ofAmy = [], ofGroup = []] = await timelines.watchers([amy, builds]);
  const hint = { count: 0, bodies: new Uint8Array() };
  pusher.pushToUser(1, ofAmy, 1, hint);
  pusher.pushToGroup('builds', ofGroup, 1, hint);
  await waitUntil('nobody has answered', () => unanswered === 2);
  return record;
}

beforeEach(async () => {
  store = await openMemoryStore();
  await store.accounts.register({ userId: 1, name: 'amy' });
  await store.groups.create('builds', 1);
  const session = { userId: 1, device: 'd', connectionNumber: 1, instance, address, sessionId: 1 };
  await store.sessions.open([{ ...session, generation: 0, ephemeral: false }]);
  await store.timelines.addInterest('builds', { instance, address });
});

const watching = async () =>
  (await store.timelines.watchers([amy, builds])).map(({ length }) => length);

test('a server that is known to have ended loses its sessions and its interest', async () => {
  await pushInVain(true);
  await waitUntil('both are gone', async () => (await watching()).every((count) => count === 0));
});

test('one that only does not answer keeps them: who has ended is the word of the registry', async () => {
  await pushInVain(false);
  // What would be done is done by then: the store answers in the order in which it is asked.
  await store.identity.get();
  expect(await watching()).toEqual([1, 1]);
});

test('what did not arrive is remembered, for operators', async () => {
  const record = await pushInVain(false);
  const common = { at: 5, server: address, why: 'no-answer' };
  expect(record.failed()).toEqual([
    { ...common, to: { userId: 1 } },
    { ...common, to: { group: 'builds' } },
  ]);
});
