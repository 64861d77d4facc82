import { describe, expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import type { Group, GroupChange } from '../../../src/store/groups.ts';
import { groupTimeline } from '../../../src/store/timelines.ts';
import { Conversation, textsOf } from '../../support/messages.ts';
import type { StoreFixture } from '../store.ts';
import { nextGroup, nextUserId } from './users.ts';

/** What owners and admins change, and who may join by it. */
export function describeGroupChanges(fixture: StoreFixture): void {
  const groups = () => fixture.store.groups;
  /** A group with an owner, an admin and two members, in the order of their joining; and a stranger. */
  const freshGroup = async () => {
    const name = nextGroup();
    const [owner, member, admin, another, stranger] = Array.from({ length: 5 }, nextUserId) as [
      ...[owner: number, member: number, admin: number, another: number, stranger: number],
    ];
    await groups().create(name, owner);
    for (const userId of [member, admin, another]) await groups().join(name, userId);
    const change = (by: number, change: GroupChange) =>
      fixture.another.groups.change(name, by, change);
    expect(await change(owner, { kind: 'admin', userId: admin })).toBe('changed');
    const find = async () => (await groups().find(name)) as Group;
    const join = async (userId: number) => (await groups().join(name, userId)).status;
    return { name, owner, member, admin, another, stranger, change, find, join };
  };

  test('a group begins open, with its name as its title, and without admins', async () => {
    const [name, owner] = [nextGroup(), nextUserId()];
    await groups().create(name, owner);
    const begun = {
      name,
      title: name,
      owner,
      admins: [],
      entry: 'open',
      history: 'joined',
      sharePercent: null,
      version: 1,
      keyEpoch: 0,
    };
    expect(await groups().find(name)).toEqual(begun);
    const set = { kind: 'set', title: 'Ä { title }', entry: 'invite', sharePercent: 5 } as const;
    expect(await groups().change(name, owner, set)).toBe('changed');
    const changed = { ...begun, title: set.title, entry: 'invite', sharePercent: 5, version: 2 };
    expect(await fixture.another.groups.find(name)).toEqual(changed);
    // A repeat changes nothing, nor does what is the same.
    await groups().change(name, owner, set);
    await groups().change(name, owner, { kind: 'set' });
    expect(await groups().find(name)).toEqual(changed);
    await groups().change(name, owner, { kind: 'set', sharePercent: null });
    expect(await groups().find(name)).toEqual({ ...changed, sharePercent: null, version: 3 });
    // The next of this name is another one.
    await groups().change(name, owner, { kind: 'invite', userId: nextUserId() });
    await groups().leave(name, owner);
    await groups().create(name, owner);
    expect(await groups().find(name)).toEqual(begun);
  });

  describe('who may change what', () => {
    const changes = (userId: number): Record<string, GroupChange> => ({
      title: { kind: 'set', title: 'new' },
      entry: { kind: 'set', entry: 'closed' },
      share: { kind: 'set', sharePercent: 5 },
      both: { kind: 'set', title: 'new', entry: 'closed' },
      admin: { kind: 'admin', userId },
      unadmin: { kind: 'unadmin', userId },
      'hand-over': { kind: 'hand-over', userId },
      invite: { kind: 'invite', userId },
      remove: { kind: 'remove', userId },
    });
    const owners = ['entry', 'share', 'both', 'admin', 'unadmin', 'hand-over'];

    test('an admin: the title, whom to invite and to remove; the rest is the owner’s', async () => {
      const { another, admin, change, find } = await freshGroup();
      for (const [name, asked] of Object.entries(changes(another))) {
        const before = await find();
        const result = await change(admin, asked);
        expect([name, result]).toEqual([name, owners.includes(name) ? 'not-the-owner' : 'changed']);
        if (result !== 'changed') expect(await find()).toEqual(before);
      }
    });

    test('others: nothing, members or not, and nobody in a group that does not exist', async () => {
      const { name, member, another, stranger, change, find } = await freshGroup();
      const before = await find();
      for (const [kind, asked] of Object.entries(changes(another))) {
        for (const by of [member, stranger, 0]) {
          const refusal = owners.includes(kind) ? 'not-the-owner' : 'not-an-admin';
          expect([kind, await change(by, asked)]).toEqual([kind, refusal]);
        }
        expect(await groups().change(nextGroup(), member, asked)).toBe('unknown-group');
      }
      expect(await find()).toEqual(before);
      expect(await groups().removed(name)).toEqual([]);
    });

    test('nobody removes the owner, and an admin removes no other', async () => {
      const { owner, admin, member, change, find } = await freshGroup();
      await change(owner, { kind: 'admin', userId: member });
      expect((await find()).admins).toEqual([admin, member].toSorted((one, two) => one - two));
      expect(await change(admin, { kind: 'remove', userId: member })).toBe('not-the-owner');
      expect(await change(admin, { kind: 'remove', userId: owner })).toBe('is-the-owner');
      expect(await change(owner, { kind: 'remove', userId: owner })).toBe('is-the-owner');
      expect(await change(owner, { kind: 'remove', userId: member })).toBe('changed');
      expect((await find()).admins).toEqual([admin]);
    });
  });

  describe('admins', () => {
    test('are members, are so many, and not the owner', async () => {
      const { name, owner, admin, stranger, change, find } = await freshGroup();
      const make = (userId: number) => change(owner, { kind: 'admin', userId });
      expect(await make(stranger)).toBe('no-such-member');
      expect(await change(owner, { kind: 'unadmin', userId: stranger })).toBe('no-such-member');
      expect(await make(owner)).toBe('changed');
      const others = Array.from({ length: limits.groupAdminsMax }, nextUserId);
      for (const userId of others) await groups().join(name, userId);
      const results = [];
      for (const userId of others) results.push(await make(userId));
      expect(results.filter((result) => result !== 'changed')).toEqual(['too-many']);
      expect(await make(admin)).toBe('changed');
      expect((await find()).admins).toEqual(
        [admin, ...others.slice(0, -1)].toSorted((one, other) => one - other),
      );
      expect(await change(owner, { kind: 'unadmin', userId: admin })).toBe('changed');
      expect(await make(others.at(-1)!)).toBe('changed');
      expect((await find()).admins).not.toContain(admin);
    });

    test('are so no longer when they leave, and come back as plain members', async () => {
      const { name, admin, find } = await freshGroup();
      const { version } = await find();
      await groups().leave(name, admin);
      expect(await find()).toMatchObject({ admins: [], version: version + 1 });
      await groups().join(name, admin);
      expect(await find()).toMatchObject({ admins: [], version: version + 1 });
    });

    test('inherit before others: the longest-standing of them', async () => {
      const { name, owner, member, admin, another, change, find } = await freshGroup();
      await change(owner, { kind: 'admin', userId: another });
      await groups().leave(name, owner);
      expect(await find()).toMatchObject({ owner: admin, admins: [another] });
      await groups().leave(name, admin);
      expect(await find()).toMatchObject({ owner: another, admins: [] });
      await groups().leave(name, another);
      expect(await find()).toMatchObject({ owner: member, admins: [] });
    });
  });

  test('a group is handed over to a member; who had it is a plain member then', async () => {
    const { owner, admin, member, stranger, change, find } = await freshGroup();
    expect(await change(owner, { kind: 'hand-over', userId: stranger })).toBe('no-such-member');
    const { version } = await find();
    expect(await change(owner, { kind: 'hand-over', userId: owner })).toBe('changed');
    expect((await find()).version).toBe(version);
    expect(await change(owner, { kind: 'hand-over', userId: admin })).toBe('changed');
    expect(await find()).toMatchObject({ owner: admin, admins: [], version: version + 1 });
    expect(await change(owner, { kind: 'hand-over', userId: member })).toBe('not-the-owner');
    expect(await change(admin, { kind: 'remove', userId: owner })).toBe('changed');
  });

  describe('who may join', () => {
    test('by invitation: who has one, once; members stay', async () => {
      const { owner, admin, member, stranger, change, join } = await freshGroup();
      await change(owner, { kind: 'set', entry: 'invite' });
      expect(await join(stranger)).toBe('not-invited');
      expect(await join(member)).toBe('joined');
      await change(admin, { kind: 'invite', userId: stranger });
      expect(await join(stranger)).toBe('joined');
    });

    test('an invitation is used up, or withdrawn by removing', async () => {
      const { name, owner, stranger, change, join } = await freshGroup();
      await change(owner, { kind: 'set', entry: 'invite' });
      await change(owner, { kind: 'invite', userId: stranger });
      await join(stranger);
      await groups().leave(name, stranger);
      expect(await join(stranger)).toBe('not-invited');
      await change(owner, { kind: 'invite', userId: stranger });
      await change(owner, { kind: 'remove', userId: stranger });
      expect(await join(stranger)).toBe('removed-from-group');
    });

    test('an invitation is used up in an open group as well, and of a member there is none', async () => {
      const { name, owner, member, stranger, change, join } = await freshGroup();
      for (const userId of [member, stranger]) await change(owner, { kind: 'invite', userId });
      await join(stranger);
      await change(owner, { kind: 'set', entry: 'invite' });
      for (const userId of [member, stranger]) {
        await groups().leave(name, userId);
        expect(await join(userId)).toBe('not-invited');
      }
    });

    test('invitations are listed with their user until they are used or withdrawn, or the group ends', async () => {
      const { name, owner, admin, member, stranger, change, join } = await freshGroup();
      const list = (userId: number) => fixture.another.groups.invitations(userId);
      expect(await list(stranger)).toEqual([]);
      expect(await change(member, { kind: 'invite', userId: stranger })).toBe('not-an-admin');
      await change(owner, { kind: 'invite', userId: member });
      expect([await list(stranger), await list(member)]).toEqual([[], []]);
      const invite = (by: number) => change(by, { kind: 'invite', userId: stranger });
      await invite(owner);
      const ended = await freshGroup();
      await ended.change(ended.owner, { kind: 'invite', userId: stranger });
      const one = { group: name, by: owner };
      expect(await list(stranger)).toEqual([{ group: ended.name, by: ended.owner }, one]);
      for (const userId of [ended.owner, ended.member, ended.admin, ended.another])
        await groups().leave(ended.name, userId);
      expect(await list(stranger)).toEqual([one]);
      // By whoever was the last to do it.
      await invite(admin);
      expect(await list(stranger)).toEqual([{ group: name, by: admin }]);
      await change(owner, { kind: 'remove', userId: stranger });
      expect(await list(stranger)).toEqual([]);
      await invite(owner);
      expect(await list(stranger)).toEqual([one]);
      await join(stranger);
      expect(await list(stranger)).toEqual([]);
    });

    test('of invitations to one user the newest are listed, and all count', async () => {
      const { stranger } = await freshGroup();
      const most = limits.invitationsPerUserMax;
      const names = Array.from({ length: most + 1 }, nextGroup);
      for (const name of names) {
        const by = nextUserId();
        await groups().create(name, by);
        await groups().change(name, by, { kind: 'set', entry: 'invite' });
        await groups().change(name, by, { kind: 'invite', userId: stranger });
      }
      const listed = (await groups().invitations(stranger)).map(({ group }) => group);
      expect(listed).toEqual(names.slice(1).toReversed());
      expect(await groups().join(names[0] ?? '', stranger)).toMatchObject({ status: 'joined' });
    });

    test('closed: nobody, invited or not, until it is opened', async () => {
      const { owner, stranger, change, join } = await freshGroup();
      await change(owner, { kind: 'invite', userId: stranger });
      await change(owner, { kind: 'set', entry: 'closed' });
      expect(await join(stranger)).toBe('group-closed');
      await change(owner, { kind: 'set', entry: 'invite' });
      expect(await join(stranger)).toBe('joined');
    });

    test('so many are invited at one time', async () => {
      const { owner, stranger, change, join } = await freshGroup();
      const invite = (userId: number) => change(owner, { kind: 'invite', userId });
      const guests = Array.from({ length: limits.groupInvitedMax }, nextUserId);
      for (let start = 0; start < guests.length; start += 100)
        await Promise.all(guests.slice(start, start + 100).map(invite));
      expect(await invite(stranger)).toBe('too-many');
      expect(await invite(guests[0]!)).toBe('changed');
      await join(guests[0]!);
      expect(await invite(stranger)).toBe('changed');
    });
  });

  describe('who is removed', () => {
    test('is no member, and comes back only by invitation, wherever they ask', async () => {
      const { name, owner, member, change, find, join } = await freshGroup();
      const { version } = await find();
      expect(await change(owner, { kind: 'remove', userId: member })).toBe('changed');
      expect(await groups().memberships([{ group: name, userId: member }])).toEqual([null]);
      expect(await groups().of(member)).toEqual([]);
      expect(await groups().members(name, 0, 10)).not.toContain(member);
      expect(await groups().removed(name)).toEqual([member]);
      expect(await find()).toMatchObject({ version: version + 1 });
      expect(await join(member)).toBe('removed-from-group');
      expect(await fixture.another.groups.join(name, member)).toEqual({
        status: 'removed-from-group',
      });
      expect(await groups().create(name, member)).toMatchObject({ status: 'group-exists' });
      // A repeat says the same, and is told to nobody.
      expect(await change(owner, { kind: 'remove', userId: member })).toBe('changed');
      expect(await find()).toMatchObject({ version: version + 1 });
      await change(owner, { kind: 'invite', userId: member });
      expect(await groups().removed(name)).toEqual([]);
      expect(await join(member)).toBe('joined');
    });

    test('before they have joined is kept out of an open group as well', async () => {
      const { owner, stranger, change, join } = await freshGroup();
      await change(owner, { kind: 'remove', userId: stranger });
      expect(await join(stranger)).toBe('removed-from-group');
    });

    test('is refused for good what they sent before, whenever it arrives', async () => {
      const { name, owner, member, change, join } = await freshGroup();
      const conversation = new Conversation(member, name);
      const timeline = groupTimeline(name);
      const write = async (sendSeq: number, texts: readonly string[]) => {
        const run = conversation.append(timeline, sendSeq, texts);
        const results = await fixture.store.timelines.append([{ ...run, onlyIfMember: member }]);
        return results[0];
      };
      expect(await write(1, ['m1'])).toMatchObject({ status: 'taken' });
      await change(owner, { kind: 'remove', userId: member });
      const refused = { status: 'not-a-member', stored: 0 };
      expect(await write(2, ['late', 'later'])).toMatchObject({ ...refused, refused: 2 });
      await change(owner, { kind: 'invite', userId: member });
      await join(member);
      expect(await write(2, ['late', 'later'])).toMatchObject({ ...refused, refused: 2 });
      expect(await write(3, ['later'])).toMatchObject({ ...refused, refused: 1 });
      expect(await write(1, ['m1'])).toMatchObject({ status: 'taken', duplicates: 1 });
      expect(await write(4, ['m4'])).toMatchObject({ status: 'taken', duplicates: 0 });
      const { messages } = await fixture.store.timelines.read({ timeline, after: 0, limit: 10 });
      expect(textsOf(messages)).toEqual(['m1', 'm4']);
    });

    test('while writing and joining: what was taken is there, and they are out in the end', async () => {
      const { name, owner, member, change, join } = await freshGroup();
      const conversation = new Conversation(member, name);
      const timeline = groupTimeline(name);
      const writing = Array.from({ length: 30 }, async (_, index) => {
        const { timelines } = index % 2 === 0 ? fixture.store : fixture.another;
        const run = conversation.append(timeline, index + 1, [`m${index + 1}`]);
        const [result] = await timelines.append([{ ...run, restart: true, onlyIfMember: member }]);
        return result?.status === 'taken' && result.duplicates === 0 ? [`m${index + 1}`] : [];
      });
      const [taken] = await Promise.all([
        Promise.all(writing),
        change(owner, { kind: 'remove', userId: member }),
        join(member),
      ]);
      expect(await groups().memberships([{ group: name, userId: member }])).toEqual([null]);
      expect(await groups().of(member)).toEqual([]);
      const { messages } = await fixture.store.timelines.read({ timeline, after: 0, limit: 100 });
      expect(textsOf(messages).toSorted()).toEqual(taken.flat().toSorted());
    });

    test('is forgotten when more than so many were removed since', async () => {
      const { name, owner, member, change, join } = await freshGroup();
      await change(owner, { kind: 'remove', userId: member });
      const others = Array.from({ length: limits.groupRemovedMax }, nextUserId);
      const remove = (userId: number) => change(owner, { kind: 'remove', userId });
      for (let start = 0; start < others.length - 1; start += 100)
        await Promise.all(
          others.slice(start, Math.min(start + 100, others.length - 1)).map(remove),
        );
      // Once more is not later.
      await remove(member);
      expect(await join(member)).toBe('removed-from-group');
      await remove(others.at(-1)!);
      expect((await groups().removed(name)).toSorted()).toEqual(others.toSorted());
      expect(await join(member)).toBe('joined');
    });
  });
}
