import { describe, expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import { waitUntil } from '../../support/wait-until.ts';
import type { StoreFixture } from '../store.ts';
import { nextUserId, opening } from './users.ts';

const leaseMs = 60_000;
const nothing = { instances: [], lastSeen: 0, blocked: [] };

export function describePresence(fixture: StoreFixture): void {
  const presence = () => fixture.store.presence;
  const observerOn = (instance: string) => ({ instance, address: `http://${instance}:8081` });
  const lookOne = async (userId: number, instance?: string) => {
    const observer = instance === undefined ? null : observerOn(instance);
    return (await presence().look([{ userId, observer, watchers: [] }], leaseMs))[0];
  };
  const observersOf = async (userId: number) =>
    (await fixture.another.presence.observers([userId]))[0];
  const someone = async () => {
    const userId = nextUserId();
    await fixture.store.accounts.register({ name: `somebody-${userId}`, userId });
    return userId;
  };

  test('where users are connected is told, each server once, in the order asked', async () => {
    const [amy, bob] = [await someone(), await someone()];
    const phone = opening(amy, { device: 'phone' });
    const tablet = opening(amy, { device: 'tablet' });
    const laptop = opening(amy, { device: 'laptop', instance: 'instance-b' });
    await fixture.store.sessions.open([phone, tablet, laptop]);
    const questions = [bob, amy].map((userId) => ({
      userId,
      observer: null,
      watchers: [],
    }));
    const [ofBob, ofAmy] = await presence().look(questions, leaseMs);
    expect(ofBob).toEqual(nothing);
    expect([...ofAmy!.instances].sort()).toEqual(['instance-a', 'instance-b']);
    await fixture.store.sessions.close([phone, tablet, laptop]);
    expect(await lookOne(amy)).toEqual(nothing);
  });

  test('of those who ask, the blocked ones are named', async () => {
    const [amy, bob, eve, zoe] = [await someone(), nextUserId(), nextUserId(), nextUserId()];
    await fixture.store.conversations.block(amy, eve);
    await fixture.store.conversations.block(amy, zoe);
    const asked = async (watchers: readonly number[]) =>
      (await presence().look([{ userId: amy, observer: null, watchers }], leaseMs))[0]?.blocked;
    expect(await asked([bob, eve])).toEqual([eve]);
    await fixture.store.conversations.unblock(amy, eve);
    expect(await asked([bob, eve, zoe])).toEqual([zoe]);
    expect(await asked([bob])).toEqual([]);
    const crowd = Array.from({ length: limits.watchersPerUserMax - 1 }, () => nextUserId());
    expect(await asked([...crowd, zoe])).toEqual([zoe]);
  });

  describe('leases', () => {
    test('servers that ask are told, each once, where it was last; whoever only looks is not', async () => {
      const amy = await someone();
      await lookOne(amy);
      expect(await observersOf(amy)).toEqual([]);
      await lookOne(amy, 'a');
      await lookOne(amy, 'b');
      await lookOne(amy, 'a');
      const moved = { instance: 'b', address: 'http://elsewhere:8081' };
      await fixture.another.presence.look(
        [{ userId: amy, observer: moved, watchers: [] }],
        leaseMs,
      );
      const observers = (await observersOf(amy))!;
      expect(observers.toSorted((one, other) => (one.instance < other.instance ? -1 : 1))).toEqual([
        observerOn('a'),
        moved,
      ]);
    });

    test('of a user who does not exist nothing is kept', async () => {
      const nobody = nextUserId();
      expect(await lookOne(nobody, 'a')).toEqual(nothing);
      expect(await observersOf(nobody)).toEqual([]);
    });

    test('a lease ends by itself', async () => {
      const amy = await someone();
      await presence().look([{ userId: amy, observer: observerOn('a'), watchers: [] }], 1);
      await waitUntil('the lease has ended', async () => (await observersOf(amy))?.length === 0);
    });

    test('those that have ended make room, and beyond the bound a server is answered all the same', async () => {
      const amy = await someone();
      await fixture.store.sessions.open([opening(amy)]);
      for (let index = 0; index < limits.observersPerUserMax; index++)
        await lookOne(amy, `server-${index}`);
      expect(await lookOne(amy, 'one-too-many')).toMatchObject({ instances: ['instance-a'] });
      const observers = (await observersOf(amy))!;
      expect(observers).toHaveLength(limits.observersPerUserMax);
      expect(observers).not.toContainEqual(observerOn('one-too-many'));
      await lookOne(amy, 'server-7');
      expect(await observersOf(amy)).toHaveLength(limits.observersPerUserMax);
    });
  });

  describe('last seen', () => {
    test('is kept from when a user allows it, at every coming and going', async () => {
      const amy = await someone();
      const first = opening(amy);
      await fixture.store.sessions.open([first]);
      expect(await lookOne(amy)).toMatchObject({ lastSeen: 0 });
      expect(await presence().showLastSeen(amy, true)).toBe(true);
      expect(await lookOne(amy)).toMatchObject({ lastSeen: 0 });
      const before = await fixture.store.sessions.now();
      await fixture.store.sessions.close([first]);
      const { lastSeen } = (await lookOne(amy))!;
      expect(lastSeen).toBeGreaterThanOrEqual(before);
      expect(lastSeen).toBeLessThanOrEqual(await fixture.store.sessions.now());
      expect(await presence().showLastSeen(amy, true)).toBe(true);
      expect(await lookOne(amy)).toMatchObject({ lastSeen });
      await fixture.store.sessions.open([opening(amy, { connectionNumber: 2 })]);
      expect((await lookOne(amy))!.lastSeen).toBeGreaterThanOrEqual(lastSeen);
    });

    test('is forgotten when it is no longer allowed, and not kept from then on', async () => {
      const amy = await someone();
      const session = opening(amy);
      await presence().showLastSeen(amy, true);
      await fixture.store.sessions.open([session]);
      expect((await lookOne(amy))!.lastSeen).toBeGreaterThan(0);
      expect(await presence().showLastSeen(amy, false)).toBe(true);
      await fixture.store.sessions.close([session]);
      expect(await lookOne(amy)).toMatchObject({ lastSeen: 0 });
      await presence().showLastSeen(amy, true);
      expect(await lookOne(amy)).toMatchObject({ lastSeen: 0 });
    });

    test('a report that changes nothing is no sight of anybody', async () => {
      const amy = await someone();
      await presence().showLastSeen(amy, true);
      await fixture.store.sessions.close([opening(amy)]);
      expect(await lookOne(amy)).toMatchObject({ lastSeen: 0 });
    });

    test('nobody allows it for who does not exist', async () => {
      expect(await presence().showLastSeen(nextUserId(), true)).toBe(false);
    });
  });
}
