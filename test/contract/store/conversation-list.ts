/** What a list of conversations shows, and how read marks count in it. */
import { describe, expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import { bodiesOf } from '../../../src/codec/run.ts';
import type { MarkMove } from '../../../src/store/marks.ts';
import { groupTimeline, userTimeline } from '../../../src/store/timelines.ts';
import { Conversation } from '../../support/messages.ts';
import type { StoreFixture } from '../store.ts';
import { nextGroup, nextUserId } from './users.ts';

export function describeConversationList(fixture: StoreFixture): void {
  const conversations = () => fixture.store.conversations;
  const listOf = async (userId: number) =>
    (await fixture.another.conversations.list(userId)).toSorted(
      (one, other) => one.peer - other.peer,
    );
  const inGroup = async (userId: number, group: string) =>
    (await fixture.another.conversations.ofGroups(userId, [group]))[0]!;
  /** Stores a run for its receiver and as its own copy, or in its group; gives the number of the first. */
  const say = async (conversation: Conversation, sendSeq: number, count = 1, silent = false) => {
    const { from, to } = conversation;
    const texts = Array.from({ length: count }, (_, index) => `text ${sendSeq + index}`);
    const isGroup = typeof to === 'string';
    const timeline = isGroup ? groupTimeline(to) : userTimeline(to);
    const run = { ...conversation.append(timeline, sendSeq, texts), silent };
    const [received] = await fixture.store.timelines.append(
      isGroup
        ? [{ ...run, onlyIfMember: from }]
        : from === to
          ? [run]
          : [run, { ...run, timeline: userTimeline(from) }],
    );
    expect(bodiesOf(run.bodies)).toHaveLength(received!.stored);
    return received!.seq;
  };
  const read = async (conversation: Conversation, seq: number, fields: Partial<MarkMove> = {}) => {
    const { from, to, epochHex } = conversation;
    const [reader, group] = typeof to === 'string' ? [0, to] : [to, ''];
    const mark = { reader, from, epochHex, group, sendSeq: 1, seq, isQuiet: false };
    return (await fixture.store.marks.move([{ ...mark, kind: 'read', ...fields }]))[0]!;
  };

  describe('a private conversation', () => {
    test('has its newest message, of either side, and counts what the other has sent', async () => {
      const [amy, bob] = [nextUserId(), nextUserId()];
      const [toAmy, toBob] = [new Conversation(bob, amy), new Conversation(amy, bob)];
      expect(await listOf(amy)).toEqual([]);
      const before = await fixture.store.sessions.now();
      await say(toAmy, 1, 3);
      const [listed] = await listOf(amy);
      const flags = { isMuted: false, isPinned: false };
      expect(listed).toEqual({
        ...{ peer: bob, group: '', at: listed?.at, seq: 3, unread: 3 },
        ...flags,
      });
      expect(listed!.at).toBeGreaterThanOrEqual(before);
      expect(listed!.at).toBeLessThanOrEqual(await fixture.store.sessions.now());
      await say(toBob, 1, 2);
      expect(await listOf(amy)).toMatchObject([{ peer: bob, seq: 5, unread: 3 }]);
      expect(await listOf(bob)).toMatchObject([{ peer: amy, seq: 5, unread: 2 }]);
      const toCarol = new Conversation(bob, nextUserId());
      await say(toCarol, 1);
      expect((await listOf(bob)).map(({ peer, seq }) => [peer, seq])).toEqual([
        [amy, 5],
        [toCarol.to, 6],
      ]);
    });

    test('of which a repeat is stored twice by nobody counts it once', async () => {
      const toAmy = new Conversation(nextUserId(), nextUserId());
      await say(toAmy, 1, 2);
      const again = toAmy.append(userTimeline(Number(toAmy.to)), 1, ['a', 'b', 'c']);
      await fixture.store.timelines.append([again]);
      await fixture.store.timelines.append([again]);
      expect(await listOf(Number(toAmy.to))).toMatchObject([{ seq: 3, unread: 3 }]);
    });

    test('does not count what is silent, nor has it as its newest message', async () => {
      const toAmy = new Conversation(nextUserId(), nextUserId());
      const [amy, bob] = [Number(toAmy.to), toAmy.from];
      await say(toAmy, 1, 2, true);
      expect(await listOf(amy)).toEqual([]);
      expect(await listOf(bob)).toEqual([]);
      await say(toAmy, 3, 2);
      await say(toAmy, 5, 4, true);
      expect(await listOf(amy)).toMatchObject([{ peer: bob, seq: 4, unread: 2 }]);
      expect(await listOf(bob)).toMatchObject([{ peer: amy, seq: 4, unread: 0 }]);
    });

    test('with oneself has nothing unread', async () => {
      const notes = new Conversation(nextUserId(), 0);
      const amy = notes.from;
      await say(new Conversation(amy, amy), 1, 2);
      expect(await listOf(amy)).toMatchObject([{ peer: amy, seq: 2, unread: 0 }]);
      await conversations().setFlag(amy, { peer: amy, group: '' }, 'pinned', true);
      expect(await listOf(amy)).toMatchObject([{ peer: amy, seq: 2, isPinned: true }]);
    });

    test('is read up to a number, also within a run, and to the message', async () => {
      const [amy, bob, eve] = [nextUserId(), nextUserId(), nextUserId()];
      const [toAmy, ofEve] = [new Conversation(bob, amy), new Conversation(eve, amy)];
      await say(toAmy, 1, 5);
      await say(ofEve, 1, 2);
      await say(toAmy, 6, 2, true);
      await say(toAmy, 8, 3);
      const unread = async () => (await listOf(amy)).map(({ unread }) => unread);
      expect(await unread()).toEqual([8, 2]);
      const [version = 0] = await fixture.another.marks.versions([amy]);
      const moved = await read(toAmy, 2);
      expect(moved.own).toMatchObject({ watchers: [], version: version + 1 });
      expect(await fixture.another.marks.versions([amy])).toEqual([version + 1]);
      expect(await unread()).toEqual([6, 2]);
      // Back, and again: nothing moves.
      for (const seq of [1, 2]) expect((await read(toAmy, seq)).own).toBeNull();
      await read(toAmy, 5);
      expect(await unread()).toEqual([3, 2]);
      expect((await read(toAmy, 8)).own).toBeNull();
      expect((await read(toAmy, 9)).own).toBeNull();
      await read(toAmy, 11, { isQuiet: true });
      expect(await unread()).toEqual([1, 2]);
      await read(ofEve, 7);
      await read(toAmy, 12);
      expect(await unread()).toEqual([0, 0]);
      expect((await read(toAmy, 13)).own).toBeNull();
      await say(toAmy, 11);
      expect(await unread()).toEqual([1, 0]);
    });

    test('is not read by a delivered mark, nor by an own message', async () => {
      const [amy, bob] = [nextUserId(), nextUserId()];
      const [toAmy, toBob] = [new Conversation(bob, amy), new Conversation(amy, bob)];
      await say(toAmy, 1, 2);
      await say(toBob, 1, 2);
      expect((await read(toAmy, 2, { kind: 'delivered' })).own).toBeNull();
      expect((await read(toAmy, 4)).own).toBeNull();
      expect((await read(toAmy, 0)).own).toBeNull();
      expect(await listOf(amy)).toMatchObject([{ unread: 2 }]);
    });

    test('of a message that is not kept any more nothing is read', async () => {
      const store = await fixture.openStore({ messagesMax: 10, ageMs: limits.timelineAgeMs });
      const toAmy = new Conversation(nextUserId(), nextUserId());
      const [amy, bob] = [Number(toAmy.to), toAmy.from];
      const { timelines, sessions, marks } = store;
      const timeline = userTimeline(amy);
      for (let sendSeq = 1; sendSeq <= 300; sendSeq += 1) {
        await timelines.append([toAmy.append(timeline, sendSeq, [`text ${sendSeq}`])]);
        await sessions.acknowledge([{ userId: amy, device: 'phone', seq: sendSeq }]);
      }
      const { epochHex } = toAmy;
      const mark = { reader: amy, from: bob, epochHex, group: '', isQuiet: false } as const;
      const moveTo = async (seq: number) =>
        (await marks.move([{ ...mark, kind: 'read', sendSeq: seq, seq }]))[0]!.own;
      expect(await moveTo(2)).toBeNull();
      expect(await store.conversations.list(amy)).toMatchObject([{ seq: 300, unread: 300 }]);
      expect(await moveTo(298)).not.toBeNull();
      expect(await store.conversations.list(amy)).toMatchObject([{ seq: 300, unread: 2 }]);
    });
  });

  describe('flags', () => {
    const flagsOf = async (userId: number) =>
      (await listOf(userId)).map(({ peer, isMuted, isPinned }) => [peer, isMuted, isPinned]);

    test('are set and taken away one by one, also where nothing was said', async () => {
      const toAmy = new Conversation(nextUserId(), nextUserId());
      const [amy, bob] = [Number(toAmy.to), toAmy.from];
      const withBob = { peer: bob, group: '' };
      expect(await conversations().setFlag(amy, withBob, 'muted', true)).toBe('set');
      expect(await conversations().setFlag(amy, withBob, 'muted', true)).toBe('set');
      expect(await flagsOf(amy)).toEqual([[bob, true, false]]);
      await say(toAmy, 1);
      await conversations().setFlag(amy, withBob, 'pinned', true);
      await conversations().setFlag(amy, withBob, 'muted', false);
      expect(await flagsOf(amy)).toEqual([[bob, false, true]]);
      await read(toAmy, 1);
      await conversations().setFlag(amy, withBob, 'pinned', false);
      expect(await listOf(amy)).toMatchObject([{ peer: bob, unread: 0, isPinned: false }]);
      expect(await flagsOf(bob)).toEqual([[amy, false, false]]);
    });

    test('of a group are the account’s', async () => {
      const [amy, bob, name] = [nextUserId(), nextUserId(), nextGroup()];
      await fixture.store.groups.create(name, amy);
      await fixture.store.groups.join(name, bob);
      const chess = { peer: 0, group: name };
      expect(await conversations().setFlag(amy, chess, 'muted', true)).toBe('set');
      expect(await inGroup(amy, name)).toMatchObject({ isMuted: true, isPinned: false });
      expect(await inGroup(bob, name)).toMatchObject({ isMuted: false, isPinned: false });
      await conversations().setFlag(amy, chess, 'muted', false);
      expect(await inGroup(amy, name)).toMatchObject({ isMuted: false });
      expect(await listOf(amy)).toEqual([]);
    });

    test('have so many conversations as may be, and no more until one is free', async () => {
      const amy = nextUserId();
      const peers = Array.from({ length: limits.flaggedPerUserMax - 1 }, () => nextUserId());
      const pin = (peer: number, isSet = true) =>
        conversations().setFlag(amy, { peer, group: '' }, 'pinned', isSet);
      for (const peer of peers) expect(await pin(peer)).toBe('set');
      const chess = { peer: 0, group: nextGroup() };
      expect(await conversations().setFlag(amy, chess, 'muted', true)).toBe('set');
      const eve = nextUserId();
      expect(await pin(eve)).toBe('too-many');
      expect(await pin(eve, false)).toBe('set');
      const second = { peer: peers[3]!, group: '' };
      expect(await conversations().setFlag(amy, second, 'muted', true)).toBe('set');
      await conversations().setFlag(amy, chess, 'muted', false);
      expect(await pin(eve)).toBe('set');
      expect(await pin(nextUserId())).toBe('too-many');
    });
  });

  test('of more strangers than may be the newest are listed, and all others', async () => {
    const amy = nextUserId();
    const tellsAmy = (from: number) =>
      new Conversation(from, amy).append(userTimeline(amy), 1, ['hello']);
    const [first, pinned, contact] = [nextUserId(), nextUserId(), nextUserId()];
    for (const from of [first, pinned, contact])
      await fixture.store.timelines.append([tellsAmy(from)]);
    await conversations().setFlag(amy, { peer: pinned, group: '' }, 'pinned', true);
    await say(new Conversation(amy, contact), 1);
    const started = await fixture.store.sessions.now();
    while ((await fixture.store.sessions.now()) <= started);
    const strangers = Array.from({ length: limits.strangersListedMax + 1 }, () => nextUserId());
    await fixture.store.sessions.acknowledge([{ userId: amy, device: 'phone', seq: 99 }]);
    for (let start = 0; start < strangers.length; start += 100)
      await fixture.store.timelines.append(strangers.slice(start, start + 100).map(tellsAmy));
    const listed = new Set((await listOf(amy)).map(({ peer }) => peer));
    expect(listed).toContain(pinned);
    expect(listed).toContain(contact);
    expect(listed).not.toContain(first);
    expect(listed).toContain(strangers.at(-1));
    expect(listed.size).toBeLessThanOrEqual(limits.strangersListedMax + 2);
    expect(listed.size).toBeGreaterThanOrEqual(0.9 * limits.strangersListedMax);
  });

  describe('a conversation in a group', () => {
    const freshGroup = async (others: number) => {
      const [name, owner] = [nextGroup(), nextUserId()];
      await fixture.store.groups.create(name, owner);
      const members = Array.from({ length: others }, nextUserId);
      for (const member of members) await fixture.store.groups.join(name, member);
      return { name, owner, members };
    };

    test('counts what was said since one has joined, read or written', async () => {
      const before = await fixture.store.sessions.now();
      const { name, owner, members } = await freshGroup(1);
      const [bob] = members as [number];
      const ofOwner = new Conversation(owner, name);
      const fresh = await inGroup(bob, name);
      expect(fresh).toMatchObject({ peer: 0, group: name, seq: 0, unread: 0 });
      // It is as new as what was said when it was made.
      expect(fresh.at).toBeGreaterThanOrEqual(before);
      expect(fresh.at).toBeLessThanOrEqual(await fixture.store.sessions.now());
      await say(ofOwner, 1, 3);
      await say(ofOwner, 4, 2, true);
      expect(await inGroup(bob, name)).toMatchObject({ seq: 3, unread: 3 });
      expect((await inGroup(bob, name)).at).toBeGreaterThanOrEqual(fresh.at);
      expect(await inGroup(owner, name)).toMatchObject({ seq: 3, unread: 0 });
      const late = nextUserId();
      await fixture.store.groups.join(name, late);
      await say(ofOwner, 6);
      expect(await inGroup(late, name)).toMatchObject({ seq: 6, unread: 1 });
      expect(await inGroup(bob, name)).toMatchObject({ seq: 6, unread: 4 });
      expect((await read(ofOwner, 2, { reader: bob })).own).not.toBeNull();
      expect(await inGroup(bob, name)).toMatchObject({ unread: 2 });
      expect((await read(ofOwner, 1, { reader: bob })).own).toBeNull();
      await say(new Conversation(bob, name), 1);
      expect(await inGroup(bob, name)).toMatchObject({ seq: 7, unread: 0 });
      expect(await inGroup(owner, name)).toMatchObject({ unread: 1 });
      expect((await read(ofOwner, 99, { reader: late })).own).not.toBeNull();
      expect(await inGroup(late, name)).toMatchObject({ unread: 0 });
    });

    test('is that of members only, and begins anew with the next joining', async () => {
      const { name, owner, members } = await freshGroup(1);
      const [bob] = members as [number];
      const ofOwner = new Conversation(owner, name);
      await say(ofOwner, 1, 2);
      expect(await inGroup(nextUserId(), name)).toBeNull();
      expect(await inGroup(bob, nextGroup())).toBeNull();
      await read(ofOwner, 2, { reader: bob });
      await fixture.store.groups.leave(name, bob);
      expect(await inGroup(bob, name)).toBeNull();
      expect(await read(ofOwner, 2, { reader: bob })).toMatchObject({ moved: false, own: null });
      await say(ofOwner, 3, 2);
      await fixture.store.groups.join(name, bob);
      expect(await inGroup(bob, name)).toMatchObject({ unread: 0 });
      await say(ofOwner, 5, 2);
      expect(await inGroup(bob, name)).toMatchObject({ unread: 2 });
      // Nor does the next group of this name have any of it.
      for (const member of [owner, bob]) await fixture.store.groups.leave(name, member);
      await fixture.store.groups.create(name, bob);
      expect(await inGroup(bob, name)).toMatchObject({ seq: 0, unread: 0 });
      await say(new Conversation(bob, name), 1);
      expect(await inGroup(bob, name)).toMatchObject({ seq: 7, unread: 0 });
    });
  });
}
