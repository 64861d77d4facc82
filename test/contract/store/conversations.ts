import { expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import type { StoreFixture } from '../store.ts';
import { nextUserId } from './users.ts';

export function describeConversations(fixture: StoreFixture): void {
  const conversations = () => fixture.store.conversations;

  test('whom a user blocks is listed, by id, until no longer blocked', async () => {
    const [amy, bob, eve] = [nextUserId(), nextUserId(), nextUserId()];
    expect(await conversations().blockedBy(amy)).toEqual([]);
    expect(await conversations().block(amy, eve)).toBe('blocked');
    expect(await conversations().block(amy, bob)).toBe('blocked');
    expect(await fixture.another.conversations.block(amy, bob)).toBe('blocked');
    expect(await fixture.another.conversations.blockedBy(amy)).toEqual([bob, eve]);
    expect(await conversations().blockedBy(bob)).toEqual([]);
    expect(await conversations().unblock(amy, bob)).toBe(true);
    expect(await conversations().unblock(amy, bob)).toBe(false);
    expect(await conversations().blockedBy(amy)).toEqual([eve]);
  });

  test('as many as may be, and no more until one is free', async () => {
    const amy = nextUserId();
    const peers = Array.from({ length: limits.blockedPerUserMax }, () => nextUserId());
    for (const peer of peers) expect(await conversations().block(amy, peer)).toBe('blocked');
    const eve = nextUserId();
    expect(await conversations().block(amy, eve)).toBe('too-many');
    expect(await conversations().block(amy, peers[7]!)).toBe('blocked');
    expect(await conversations().unblock(amy, peers[0]!)).toBe(true);
    expect(await conversations().block(amy, eve)).toBe('blocked');
    expect(await conversations().blockedBy(amy)).toHaveLength(limits.blockedPerUserMax);
  });
}
