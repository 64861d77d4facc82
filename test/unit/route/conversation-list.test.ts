/** Lists of conversations: their order, a page after the other. */
import { expect, test } from '@jest/globals';
import { amy, RouteHarness } from '../../support/route-harness.ts';

test('pinned ones come first, and pages go on where the last one ended', async () => {
  const { conversations, setConversation } = (await RouteHarness.start()).core.operations;
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
