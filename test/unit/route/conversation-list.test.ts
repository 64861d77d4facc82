/** Lists of conversations: their order, a page after the other. */
import { expect, test } from '@jest/globals';
import { createLogger } from '../../../src/base/log.ts';
import { SqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import { userTimeline } from '../../../src/store/timelines.ts';
import { Conversation } from '../../support/messages.ts';
import { amy, bob, RouteHarness } from '../../support/route-harness.ts';
import { onTeardown } from '../../support/teardown.ts';

test('pinned ones come first, and pages go on where the last one ended', async () => {
  const { conversations, setConversation, register } = (await RouteHarness.start()).core.operations;
  for (const userId of [3, 4, 5, 6]) await register({ userId, name: `user ${userId}` });
  const flag = (peer: number, flags: { muted?: boolean; pinned?: boolean }) =>
    setConversation(amy.userId, { peer, group: '' }, flags);
  for (const peer of [3, 4, 5, 6]) await flag(peer, { muted: true });
  for (const peer of [5, 6]) await flag(peer, { pinned: true });
  const peers: number[] = [];
  let before: string | null | undefined;
  while (before !== null) {
    const page = await conversations(amy.userId, { limit: 1, ...(before && { before }) });
    peers.push(...page.conversations.map(({ peer }) => peer));
    before = page.next;
  }
  expect(peers).toEqual([5, 6, 3, 4]);
});

test('a position that no page has given is refused', async () => {
  const { conversations } = (await RouteHarness.start()).core.operations;
  for (const before of ['', '1', 'pinned', 'last.1.2', '1.#'])
    await expect(conversations(amy.userId, { limit: 1, before })).rejects.toMatchObject({
      kind: 'invalid-argument',
    });
});

test('a flag is set of who and what there is, and taken from anything', async () => {
  const { createGroup, conversations, setConversation } = (await RouteHarness.start()).core
    .operations;
  const { userId } = amy;
  const refused = [
    [{ peer: 12_345, group: '' }, { muted: true }, 'unknown-receiver'],
    [{ peer: 0, group: 'nope' }, { pinned: true }, 'unknown-group'],
    [{ peer: 0, group: 'cooks' }, { muted: true, pinned: false }, 'not-a-member'],
    [{ peer: bob.userId, group: '' }, {}, 'invalid-argument'],
  ] as const;
  await createGroup(bob.userId, 'cooks');
  for (const [name, flags, kind] of refused)
    await expect(setConversation(userId, name, flags)).rejects.toMatchObject({ kind });
  expect((await conversations(userId, { limit: 9 })).conversations).toEqual([]);
  for (const name of [
    { peer: 12_345, group: '' },
    { peer: 0, group: 'nope' },
  ])
    await setConversation(userId, name, { muted: false, pinned: false });
  for (const name of [
    { peer: bob.userId, group: '' },
    { peer: 0, group: 'lobby' },
  ])
    await setConversation(userId, name, { muted: true });
  await createGroup(userId, 'bakers');
  await setConversation(userId, { peer: 0, group: 'bakers' }, { pinned: true });
  expect((await conversations(userId, { limit: 9 })).conversations).toMatchObject([
    { group: 'bakers', isPinned: true },
    { peer: bob.userId, isMuted: true },
  ]);
});

test('what retention has taken is not unread', async () => {
  const store = SqliteStore.open({
    ...{ path: ':memory:', retention: { messagesMax: 10, ageMs: 1e9 } },
    log: createLogger('test', 'silent'),
  });
  onTeardown(() => store.close());
  const { conversations } = (await RouteHarness.start({ store })).core.operations;
  await store.accounts.register({ userId: 3, name: 'cat' });
  const timeline = userTimeline(amy.userId);
  let seq = 0;
  const say = async (from: Conversation, count: number) => {
    for (let sendSeq = 1; sendSeq <= count; sendSeq += 1) {
      seq += 1;
      await store.timelines.append([from.append(timeline, sendSeq, ['text'])]);
      await store.sessions.acknowledge([{ userId: amy.userId, device: 'phone', seq }]);
    }
  };
  const unread = async () =>
    new Map(
      (await conversations(amy.userId, { limit: 9 })).conversations.map((each) => [
        each.peer,
        each.unread,
      ]),
    );
  await say(new Conversation(3, amy.userId), 5);
  expect(await unread()).toEqual(new Map([[3, 5]]));
  await say(new Conversation(bob.userId, amy.userId), 300);
  const kept = await store.timelines.readBack(timeline, 0, 300);
  expect(kept.length).toBeLessThan(20);
  expect(await unread()).toEqual(
    new Map([
      [bob.userId, kept.length],
      [3, 0],
    ]),
  );
});
