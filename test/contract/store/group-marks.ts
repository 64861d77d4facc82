/** How far the members of a group have got, and what they have to know of each other. */
import { expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import type { MarkMove } from '../../../src/store/marks.ts';
import { groupTimeline } from '../../../src/store/timelines.ts';
import { Conversation } from '../../support/messages.ts';
import type { StoreFixture } from '../store.ts';
import { nextGroup, nextUserId, opening } from './users.ts';

export function describeGroupMarks(fixture: StoreFixture): void {
  const marks = () => fixture.store.marks;
  const ofGroup = (group: string, seq: number) => fixture.another.marks.ofGroup(group, seq);
  const freshGroup = async (others: number) => {
    const [name, owner] = [nextGroup(), nextUserId()];
    await fixture.store.groups.create(name, owner);
    const members = Array.from({ length: others }, nextUserId);
    for (const member of members) await fixture.store.groups.join(name, member);
    const conversation = new Conversation(owner, name);
    const say = async (sendSeq: number, count = 1) => {
      const texts = Array.from({ length: count }, () => 'text');
      const run = conversation.append(groupTimeline(name), sendSeq, texts);
      await fixture.store.timelines.append([{ ...run, onlyIfMember: owner }]);
    };
    const move = async (reader: number, seq: number, fields: Partial<MarkMove> = {}) => {
      const { epochHex } = conversation;
      const mark = { reader, from: owner, epochHex, group: name, sendSeq: seq, seq } as const;
      return (await marks().move([{ ...mark, kind: 'read', isQuiet: false, ...fields }]))[0]!;
    };
    return { name, owner, members, say, move };
  };

  test('are told to the sender, and named while they are few', async () => {
    const { name, owner, members, say, move } = await freshGroup(2);
    const [bob, eve] = members as [number, number];
    await fixture.store.sessions.open([opening(owner)]);
    await say(1, 4);
    const delivered = await move(bob, 3, { kind: 'delivered' });
    expect(delivered).toMatchObject({ moved: true, sendSeq: 3, watchers: [{ device: 'phone' }] });
    expect(delivered.own).toBeNull();
    expect(await fixture.another.marks.versions([owner])).toEqual([delivered.version]);
    const read = await move(bob, 2);
    expect(read).toMatchObject({ moved: true, sendSeq: 2, version: delivered.version + 1 });
    expect(read.own).toMatchObject({ watchers: [], version: 1 });
    const nothing = { moved: false, sendSeq: 0, watchers: [], version: 0, own: null };
    expect(await move(bob, 1)).toEqual(nothing);
    expect(await ofGroup(name, 2)).toEqual({
      members: 3,
      delivered: 1,
      read: 1,
      named: [
        { userId: owner, delivered: 0, read: 0 },
        { userId: bob, delivered: 3, read: 2 },
        { userId: eve, delivered: 0, read: 0 },
      ],
    });
    expect(await ofGroup(name, 3)).toMatchObject({ delivered: 1, read: 0 });
    // What is read was delivered, and none is beyond what was said.
    expect(await move(eve, 99)).toMatchObject({ moved: true, sendSeq: 4 });
    expect((await ofGroup(name, 4)).named?.[2]).toEqual({ userId: eve, delivered: 4, read: 4 });
    const late = nextUserId();
    await fixture.store.groups.join(name, late);
    expect(await ofGroup(name, 4)).toMatchObject({ members: 4, delivered: 2, read: 2 });
    await fixture.store.groups.leave(name, eve);
    expect(await ofGroup(name, 4)).toMatchObject({ members: 3, delivered: 1, read: 1 });
  });

  test('that are quiet, of one’s own or of what nobody has sent count for oneself only', async () => {
    const { name, owner, members, say, move } = await freshGroup(2);
    const [bob, eve] = members as [number, number];
    await say(1, 4);
    expect(await move(bob, 4, { isQuiet: true })).toMatchObject({ moved: false, own: {} });
    expect(await move(eve, 4, { from: bob })).toMatchObject({ moved: false, own: {} });
    expect(await move(owner, 4)).toMatchObject({ moved: false });
    expect(await ofGroup(name, 1)).toMatchObject({ members: 3, delivered: 0, read: 0 });
    expect(await fixture.another.marks.versions([owner, bob, eve])).toEqual([0, 1, 1]);
  });

  test('are those of members only', async () => {
    const { name, owner, say, move } = await freshGroup(0);
    await say(1);
    expect(await move(nextUserId(), 1)).toMatchObject({ moved: false, own: null });
    expect(await move(owner, 1, { group: nextGroup() })).toMatchObject({ moved: false, own: null });
    expect(await ofGroup(name, 1)).toMatchObject({ members: 1, read: 0 });
    expect(await ofGroup(nextGroup(), 1)).toEqual({
      ...{ members: 0, delivered: 0, read: 0, named: [] },
    });
  });

  test('are counted where members are many, and nobody is told', async () => {
    const { name, owner, members, say, move } = await freshGroup(limits.marksNamedMax);
    await say(1);
    const [version] = await marks().versions([owner]);
    for (const member of members.slice(0, 3))
      expect(await move(member, 1)).toMatchObject({ moved: true, watchers: [], version: 0 });
    await move(members[3]!, 1, { kind: 'delivered' });
    const counts = { members: limits.marksNamedMax + 1, delivered: 4, read: 3 };
    expect(await ofGroup(name, 1)).toEqual({ ...counts, named: null });
    expect(await marks().versions([owner])).toEqual([version]);
    await fixture.store.groups.leave(name, members[0]!);
    expect((await ofGroup(name, 1)).named).toHaveLength(limits.marksNamedMax);
  });
}
