import { describe, expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import type { GroupKeyChanges, NoRegister } from '../../../src/store/group-keys.ts';
import {
  drawOf,
  encryptedGroup,
  gaveTo,
  newAccount,
  type TestGroup,
} from '../../support/group-keys.ts';
import type { StoreFixture } from '../store.ts';
import { nextGroup, nextUserId } from './users.ts';

/** Encrypted groups: their epochs, and the register of their keys. */
export function describeGroupKeys(fixture: StoreFixture): void {
  const groups = () => fixture.store.groups;
  const keys = () => fixture.another.groupKeys;
  const none = { members: 0, keys: 0 };
  const idOf = (changes: GroupKeyChanges | NoRegister) =>
    typeof changes === 'string' ? changes : changes.groupId;
  const fresh = (members = 2) => encryptedGroup(fixture.store, members);

  /** A draw for the epoch that is due. */
  const draw = async (group: TestGroup, by: number, sealed = 'key') => {
    const slots = await group.slots(sealed);
    return keys().draw(drawOf(group.name, by, await group.due(), slots));
  };

  describe('a group is encrypted', () => {
    test('from its creation, for those who can read it', async () => {
      const [name, owner, other] = [nextGroup(), nextUserId(), nextUserId()];
      const created = await groups().create(name, owner, 'joined', true);
      expect(created).toMatchObject({ status: 'joined', membership: { keyEpoch: 1 } });
      expect(await groups().find(name)).toMatchObject({ keyEpoch: 1, version: 1 });
      expect(await groups().create(name, owner)).toMatchObject({ already: true });
      expect(await groups().join(name, other)).toEqual({ status: 'encrypted-group' });
      expect(await groups().members(name, 0, 10)).toEqual([owner]);
      expect(await groups().of(other)).toEqual([]);
      const joined = await groups().join(name, other, true);
      expect(joined).toMatchObject({ already: false, membership: { keyEpoch: 2 } });
      expect(await groups().join(name, other)).toMatchObject({ already: true });
      expect(await groups().find(name)).toMatchObject({ keyEpoch: 2, version: 2 });
      expect(await groups().of(other)).toMatchObject([{ keyEpoch: 2 }]);
    });

    test('or never', async () => {
      const [name, owner, other] = [nextGroup(), nextUserId(), nextUserId()];
      await groups().create(name, owner);
      const exists = { status: 'group-exists', owner };
      expect(await groups().create(name, owner, 'joined', true)).toEqual(exists);
      expect(await groups().join(name, other, true)).toMatchObject({
        status: 'joined',
        membership: { keyEpoch: 0 },
      });
      expect(await groups().find(name)).toMatchObject({ keyEpoch: 0, version: 1 });
      expect(await keys().read(name, owner)).toBe('not-encrypted');
    });

    test('with so many members at most', async () => {
      const { name } = await fresh(1);
      // As many as a test has time for: a smaller crowd says nothing.
      if (fixture.crowd < limits.encryptedGroupMembersMax) return;
      for (let count = 1; count < limits.encryptedGroupMembersMax; count += 1)
        await groups().join(name, nextUserId(), true);
      expect(await groups().join(name, nextUserId(), true)).toEqual({ status: 'too-many' });
    });
  });

  describe('its epoch', () => {
    test('grows with who joins, leaves and is removed, and so does its version', async () => {
      const { name, owner, members } = await fresh();
      const [, member = 0] = members;
      const state = async () => {
        const { keyEpoch, version } = (await groups().find(name)) ?? {};
        const read = await keys().read(name, owner);
        return [keyEpoch, version, typeof read === 'string' ? read : read.freshFrom];
      };
      expect(await state()).toEqual([2, 2, 1]);
      const other = nextUserId();
      await groups().join(name, other, true);
      expect(await state()).toEqual([3, 3, 1]);
      await groups().leave(name, member);
      expect(await state()).toEqual([4, 4, 4]);
      await groups().change(name, owner, { kind: 'admin', userId: other });
      expect(await state()).toEqual([4, 5, 4]);
      await groups().change(name, owner, { kind: 'remove', userId: other });
      expect(await state()).toEqual([5, 6, 5]);
      // Repeats change nothing, nor does what is about somebody else.
      await groups().change(name, owner, { kind: 'remove', userId: other });
      await groups().leave(name, member);
      await groups().join(name, owner, true);
      await groups().change(name, owner, { kind: 'invite', userId: nextUserId() });
      expect(await state()).toEqual([5, 6, 5]);
    });

    test('grows when an account is deleted', async () => {
      const member = await newAccount(fixture.store);
      const { name, owner } = await fresh(1);
      await groups().join(name, member, true);
      await fixture.store.deletions.begin(member);
      await fixture.store.deletions.finish(member);
      expect(await groups().find(name)).toMatchObject({ keyEpoch: 3 });
      expect(await keys().read(name, owner)).toMatchObject({ freshFrom: 3 });
      expect(await keys().changes(name, owner, { members: 2, keys: 0 })).toMatchObject({
        members: [{ kind: 'left', userId: member, epoch: 3 }],
      });
    });

    test('grows once when an owner leaves, and the group goes on', async () => {
      const { name, owner, members } = await fresh(3);
      await groups().leave(name, owner);
      expect(await groups().find(name)).toMatchObject({
        owner: members[1],
        keyEpoch: 4,
        version: 4,
      });
    });

    test('begins anew with the next group of its name, which has none of its keys', async () => {
      const group = await fresh();
      const { name, owner, members } = group;
      await draw(group, owner);
      await keys().give(name, owner, [gaveTo(members[1] ?? 0, 2)]);
      const before = await keys().changes(name, owner, none);
      for (const userId of members) await groups().leave(name, userId);
      await groups().create(name, owner, 'all', true);
      expect(await keys().read(name, owner)).toEqual({
        ...{ keyEpoch: 1, freshFrom: 1, drawn: 0, drawId: '' },
        ...{ slots: [], more: false, missing: [] },
      });
      const anew = await keys().changes(name, owner, none);
      expect(anew).toMatchObject({ members: [{ number: 1, kind: 'created' }], keys: [] });
      expect(idOf(anew)).not.toBe(idOf(before));
    });
  });

  describe('what is given', () => {
    test('is for members, by members, of epochs that have a key and are theirs', async () => {
      const group = await fresh();
      const { name, owner, members } = group;
      const [, member = 0] = members;
      await draw(group, owner);
      const late = nextUserId();
      await groups().join(name, late, true);
      expect(await keys().read(name, member)).toMatchObject({
        missing: [{ userId: late, since: 3 }],
      });
      const give = (by: number, userId: number, epoch: number) =>
        keys().give(name, by, [gaveTo(userId, epoch)]);
      const stranger = nextUserId();
      expect(await give(stranger, late, 3)).toBe('not-a-member');
      expect(await give(owner, stranger, 3)).toBe(0);
      expect(await give(late, late, 3)).toBe(0);
      for (const epoch of [0, 1, 2, 4]) expect(await give(owner, late, epoch)).toBe(0);
      expect(await give(member, late, 3)).toBe(1);
      expect(await give(member, late, 3)).toBe(0);
      expect(await keys().read(name, late)).toMatchObject({
        slots: [{ epoch: 3, by: member, draw: '', sealed: `given${late}` }],
      });
      expect(await keys().read(name, owner)).toMatchObject({ missing: [] });
    });

    test('of earlier epochs only where members may read what was said before', async () => {
      const group = await encryptedGroup(fixture.store, 1, 'all');
      const { name, owner } = group;
      await draw(group, owner);
      await group.write(owner, 1);
      await draw(group, owner);
      const late = nextUserId();
      await groups().join(name, late, true);
      const all = [1, 2, 3].map((epoch) => gaveTo(late, epoch));
      expect(await keys().give(name, owner, [all[0]!])).toBe(1);
      expect(await keys().read(name, owner)).toMatchObject({ missing: [{ userId: late }] });
      expect(await keys().give(name, owner, all)).toBe(2);
      expect((await group.allSlots(late)).map(({ epoch }) => epoch)).toEqual([3, 2, 1]);
      expect(await keys().read(name, owner)).toMatchObject({ missing: [] });
    });

    test('by so many for an epoch, and so much for a member', async () => {
      const group = await encryptedGroup(fixture.store, limits.groupKeyGiversMax + 2, 'all');
      const { name, members } = group;
      const [receiver = 0, ...givers] = members;
      await draw(group, receiver);
      const taken = [];
      const epoch = members.length;
      for (const by of givers) taken.push(await keys().give(name, by, [gaveTo(receiver, epoch)]));
      expect(taken).toEqual([...Array(limits.groupKeyGiversMax).fill(1), 0]);
      // Epochs that begin with a join have keys that can be given.
      for (let count = 0; count < limits.groupKeysGivenMax; count += 1)
        await groups().join(name, nextUserId(), true);
      const page = (from: number) =>
        Array.from({ length: limits.groupKeysPerGiftMax }, (_, at) => gaveTo(receiver, from + at));
      let all = limits.groupKeyGiversMax;
      for (let from = epoch + 1; from <= epoch + limits.groupKeysGivenMax; from += page(0).length)
        all += Number(await keys().give(name, givers[0]!, page(from)));
      expect(all).toBe(limits.groupKeysGivenMax);
      const slots = await group.allSlots(receiver);
      // And that of the draw.
      expect(slots.length).toBe(limits.groupKeysGivenMax + 1);
      expect(new Set(slots.map(({ epoch, by }) => `${epoch} ${by}`)).size).toBe(slots.length);
      const order = slots.map(({ epoch }) => epoch);
      expect(order).toEqual(order.toSorted((one, other) => other - one));
    });
  });

  test('who leaves loses all that was sealed for them, and comes back without', async () => {
    const group = await fresh(3);
    const { name, owner, members } = group;
    const [, member = 0, another = 0] = members;
    await draw(group, owner);
    await keys().give(name, another, [gaveTo(member, 3)]);
    await groups().leave(name, member);
    await groups().change(name, owner, { kind: 'remove', userId: another });
    await groups().change(name, owner, { kind: 'invite', userId: another });
    for (const userId of [member, another]) {
      expect(await keys().read(name, userId)).toBe('not-a-member');
      await groups().join(name, userId, true);
      expect(await keys().read(name, userId)).toMatchObject({ slots: [] });
    }
    expect(await keys().read(name, owner)).toMatchObject({
      slots: [{ epoch: 3 }],
      missing: [
        { userId: member, since: 6 },
        { userId: another, since: 7 },
      ],
    });
  });

  test('who cannot open what there is forgets it, and is given it anew', async () => {
    const group = await fresh();
    const { name, owner, members } = group;
    const [, member = 0] = members;
    await draw(group, owner);
    expect(await keys().forget(name, nextUserId())).toBe('not-a-member');
    expect(await keys().forget(name, member)).toBeNull();
    expect(await keys().read(name, member)).toMatchObject({ slots: [], drawn: 2 });
    expect(await keys().read(name, owner)).toMatchObject({
      slots: [{ epoch: 2 }],
      missing: [{ userId: member, since: 2 }],
    });
    expect(await keys().give(name, owner, [gaveTo(member, 2)])).toBe(1);
    expect(await keys().read(name, member)).toMatchObject({ slots: [{ draw: '' }] });
  });

  test('strangers read nothing, give nothing and draw nothing', async () => {
    const group = await fresh();
    const { name, owner } = group;
    const stranger = nextUserId();
    const before = await keys().read(name, owner);
    for (const known of [name, nextGroup()]) {
      expect(await keys().read(known, stranger)).toBe('not-a-member');
      expect(await keys().changes(known, stranger, none)).toBe('not-a-member');
      expect(await keys().forget(known, stranger)).toBe('not-a-member');
      expect(await keys().draw(drawOf(known, stranger, 2, []))).toBe('not-a-member');
      expect(await keys().give(known, stranger, [gaveTo(owner, 2)])).toBe('not-a-member');
    }
    expect(await keys().read(name, owner)).toEqual(before);
  });

  test('every change is told, in order, in pages, and the newest are kept', async () => {
    const group = await fresh();
    const { name, owner, members } = group;
    const [, member = 0] = members;
    const late = nextUserId();
    await draw(group, owner);
    await groups().join(name, late, true);
    await keys().give(name, member, [gaveTo(late, 3)]);
    await groups().change(name, owner, { kind: 'remove', userId: late });
    await groups().leave(name, member);
    const all = await keys().changes(name, owner, none);
    const ofMembers = [
      { number: 1, epoch: 1, kind: 'created', userId: owner, by: owner },
      { number: 2, epoch: 2, kind: 'joined', userId: member, by: member },
      { number: 3, epoch: 3, kind: 'joined', userId: late, by: late },
      { number: 4, epoch: 4, kind: 'removed', userId: late, by: owner },
      { number: 5, epoch: 5, kind: 'left', userId: member, by: member },
    ];
    expect(all).toMatchObject({
      groupId: expect.stringMatching(/^[\w-]{22}$/),
      members: ofMembers,
      keys: [
        { number: 1, epoch: 2, kind: 'drawn', userId: owner, by: owner },
        { number: 2, epoch: 3, kind: 'given', userId: late, by: member },
      ],
    });
    expect(await keys().changes(name, owner, { members: 3, keys: 1 })).toMatchObject({
      groupId: idOf(all),
      members: ofMembers.slice(3),
      keys: [{ number: 2 }],
    });
    const { groupChangesMax: kept, groupChangesPageMax: page } = limits;
    for (let count = 3; count <= kept + 3; count += 1) await draw(group, owner);
    // However often keys are drawn, it is known who has joined and gone.
    const first = await keys().changes(name, owner, none);
    expect(first).toMatchObject({ members: ofMembers });
    expect(typeof first !== 'string' && first.keys.length).toBe(page);
    expect(typeof first !== 'string' && first.keys[0]).toMatchObject({ number: 4 });
    expect(await keys().changes(name, owner, { members: 5, keys: kept })).toMatchObject({
      members: [],
      keys: [1, 2, 3].map((more) => ({ number: kept + more, kind: 'drawn' })),
    });
  });

  describe('an append', () => {
    test('of what is clear, or sealed, is refused for good where the group is the other', async () => {
      const { name, owner, append } = await fresh();
      const clear = nextGroup();
      await groups().create(clear, owner);
      expect(await append(owner, 1, 0)).toMatchObject({ status: 'encrypted-group', refused: 1 });
      expect(await append(owner, 1, 2)).toMatchObject({ status: 'encrypted-group', refused: 1 });
      expect(await append(owner, 2, 2)).toMatchObject({ status: 'taken', seq: 1 });
      const group = { ...(await fresh()), name: clear };
      expect(await group.append(owner, 1, 2, 1, clear)).toMatchObject({
        status: 'not-encrypted',
        refused: 1,
      });
      expect(await group.append(owner, 2, 0, 1, clear)).toMatchObject({ status: 'taken' });
      expect(await fixture.store.timelines.heads([`g:${name}`, `g:${clear}`])).toEqual([1, 1]);
    });

    test('under another key than the present one takes no number', async () => {
      const { owner, members, name, append } = await fresh();
      const [, member = 0] = members;
      const stale = { status: 'stale-key', stored: 0, refused: 0 };
      for (const epoch of [1, 3]) expect(await append(owner, 1, epoch, 2)).toMatchObject(stale);
      expect(await append(owner, 1, 2, 2)).toMatchObject({ status: 'taken', seq: 1, stored: 2 });
      await groups().leave(name, member);
      // What was there before is a duplicate, whatever the key is by now.
      expect(await append(owner, 1, 2, 2)).toMatchObject({ status: 'taken', duplicates: 2 });
      expect(await append(owner, 2, 2, 3)).toMatchObject({ ...stale, duplicates: 1 });
      expect(await append(owner, 3, 2)).toMatchObject({ ...stale, duplicates: 0 });
      expect(await append(owner, 4, 3)).toMatchObject({ status: 'out-of-order', expected: 3 });
      expect(await append(owner, 3, 3, 2)).toMatchObject({ status: 'taken', seq: 3, stored: 2 });
      expect(await append(owner, 5, 3)).toMatchObject({ status: 'taken', seq: 5 });
    });

    test('of who is no member is refused as such, whatever the key', async () => {
      const { name, members, append } = await fresh();
      const [, member = 0] = members;
      await groups().leave(name, member);
      expect(await append(member, 1, 2)).toMatchObject({ status: 'not-a-member' });
      expect(await append(member, 2, 3)).toMatchObject({ status: 'not-a-member' });
      expect(await append(member, 3, 0)).toMatchObject({ status: 'not-a-member' });
    });
  });
}
