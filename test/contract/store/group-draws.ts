import { describe, expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import { drawOf, encryptedGroup, type TestGroup } from '../../support/group-keys.ts';
import type { StoreFixture } from '../store.ts';
import { nextUserId } from './users.ts';

/** Keys of encrypted groups that are drawn for all members: which of them count, and which are kept. */
export function describeGroupDraws(fixture: StoreFixture): void {
  const groups = () => fixture.store.groups;
  const keys = () => fixture.another.groupKeys;
  const fresh = (members = 2) => encryptedGroup(fixture.store, members);

  /** A draw for the epoch that is due. */
  const draw = async (group: TestGroup, by: number, sealed = 'key') => {
    const slots = await group.slots(sealed);
    return keys().draw(drawOf(group.name, by, await group.due(), slots));
  };

  describe('a draw', () => {
    test('counts for all members at once, for the present epoch while that has no key', async () => {
      const group = await fresh(3);
      const { name, owner, members } = group;
      expect(await draw(group, owner, 'a')).toMatchObject({
        ...{ status: 'committed', keyEpoch: 3, freshFrom: 3, drawn: 3, missing: [] },
      });
      expect(await groups().find(name)).toMatchObject({ keyEpoch: 3, version: 3 });
      for (const userId of members)
        expect(await keys().read(name, userId)).toMatchObject({
          drawn: 3,
          slots: [{ epoch: 3, by: owner, sealed: `a${userId}` }],
          missing: [],
        });
    });

    test('begins the next epoch where there is a key: drawn, or ratcheted', async () => {
      const group = await fresh();
      const { name, owner, members } = group;
      await draw(group, owner);
      expect(await draw(group, members[1] ?? 0)).toMatchObject({ status: 'committed', drawn: 3 });
      expect(await groups().find(name)).toMatchObject({ keyEpoch: 3, version: 3 });
      await groups().join(name, nextUserId(), true);
      expect(await draw(group, owner)).toMatchObject({ status: 'committed', drawn: 5 });
      await groups().leave(name, members[1] ?? 0);
      expect(await draw(group, owner)).toMatchObject({ status: 'committed', drawn: 6 });
    });

    test('repeated is the same; of two for an epoch the first counts', async () => {
      const group = await fresh();
      const { name, owner, members } = group;
      const slots = await group.slots('a');
      const first = drawOf(name, owner, 2, slots);
      const second = drawOf(name, members[1] ?? 0, 2, await group.slots('b'));
      const results = await Promise.all([first, second].map((each) => keys().draw(each)));
      const statuses = results.map((result) =>
        typeof result === 'string' ? result : result.status,
      );
      expect(statuses.toSorted()).toEqual(['committed', 'taken']);
      const winner = statuses[0] === 'committed' ? first : second;
      expect(results).toMatchObject([{ drawId: winner.draw }, { drawId: winner.draw }]);
      await groups().join(name, nextUserId(), true);
      expect(await keys().draw(winner)).toMatchObject({ status: 'committed', keyEpoch: 3 });
      const read = await keys().read(name, owner);
      expect(read).toMatchObject({ slots: [{ by: winner.by, draw: winner.draw }] });
    });

    test('of another epoch is stale, and so is one that is overtaken by a change of members', async () => {
      const group = await fresh();
      const { name, owner, members } = group;
      const slots = await group.slots('a');
      for (const epoch of [1, 2 + limits.groupEpochsAheadMax + 1, 0xffff_ffff])
        expect(await keys().draw(drawOf(name, owner, epoch, slots))).toMatchObject({
          status: 'stale',
          keyEpoch: 2,
          drawn: 0,
        });
      await groups().leave(name, members[1] ?? 0);
      expect(await keys().draw(drawOf(name, owner, 2, slots))).toMatchObject({ status: 'stale' });
    });

    test('may be for an epoch ahead, which begins with it: members may have seen later ones', async () => {
      const group = await fresh();
      const { name, owner } = group;
      const epoch = 2 + limits.groupEpochsAheadMax;
      const ahead = drawOf(name, owner, epoch, await group.slots('a'));
      const state = { keyEpoch: epoch, freshFrom: epoch, drawn: epoch };
      expect(await keys().draw(ahead)).toMatchObject({ status: 'committed', ...state });
      expect(await groups().find(name)).toMatchObject({ keyEpoch: epoch, version: 3 });
      expect(await draw(group, owner)).toMatchObject({ status: 'committed', drawn: epoch + 1 });
    });

    test('in pages counts with the last of them', async () => {
      const group = await fresh(3);
      const { name, owner } = group;
      const slots = await group.slots('a');
      const page = (from: number, commit: boolean) => ({
        ...drawOf(name, owner, 3, slots.slice(from, from + 1)),
        draw: 'd'.repeat(22),
        commit,
      });
      expect(await keys().draw(page(0, false))).toMatchObject({ status: 'staged', drawn: 0 });
      expect(await keys().draw(page(2, true))).toMatchObject({
        status: 'incomplete',
        missing: [slots[1]?.userId],
        drawn: 0,
      });
      expect(await keys().read(name, owner)).toMatchObject({ slots: [], drawn: 0 });
      expect(await keys().draw(page(1, true))).toMatchObject({ status: 'committed', drawn: 3 });
      expect(await keys().read(name, owner)).toMatchObject({ slots: [{ draw: 'd'.repeat(22) }] });
    });

    test('that was begun before members changed is begun anew', async () => {
      const group = await fresh(3);
      const { name, owner, members } = group;
      await draw(group, owner);
      const slots = await group.slots('b');
      const begun = { ...drawOf(name, owner, 4, slots), draw: 'e'.repeat(22), commit: false };
      expect(await keys().draw(begun)).toMatchObject({ status: 'staged' });
      // The epoch that was to begin has begun by a removal: it is due still, for other members.
      await groups().leave(name, members[2] ?? 0);
      const rest = { ...begun, slots: [], commit: true };
      expect(await keys().draw(rest)).toMatchObject({
        status: 'incomplete',
        missing: [owner, members[1]].toSorted(),
      });
    });

    test('of a member replaces what the same member has staged, and no other’s', async () => {
      const group = await fresh();
      const { name, owner, members } = group;
      const slots = await group.slots('a');
      const half = (by: number, draw: string, from: number, commit: boolean) => ({
        ...drawOf(name, by, 2, slots.slice(from, from + 1)),
        draw: draw.repeat(22),
        commit,
      });
      await keys().draw(half(owner, 'a', 0, false));
      await keys().draw(half(members[1] ?? 0, 'x', 0, false));
      await keys().draw(half(owner, 'b', 1, false));
      const back = await keys().draw(half(owner, 'a', 1, true));
      expect(back).toMatchObject({ status: 'incomplete', missing: [slots[0]?.userId] });
      expect(await keys().draw(half(members[1] ?? 0, 'x', 1, true))).toMatchObject({
        status: 'committed',
      });
    });

    test('leaves those without a key for whom nothing can be sealed, and takes none of strangers', async () => {
      const group = await fresh(3);
      const { name, owner, members } = group;
      const stranger = nextUserId();
      const slots = [
        ...(await group.slots('a')).filter(({ userId }) => userId !== members[1]),
        { userId: members[1] ?? 0, sealed: '' },
        { userId: stranger, sealed: 'stranger' },
      ];
      expect(await keys().draw(drawOf(name, owner, 3, slots))).toMatchObject({
        status: 'committed',
      });
      expect(await keys().read(name, owner)).toMatchObject({
        missing: [{ userId: members[1], since: 2 }],
      });
      expect(await keys().read(name, members[1] ?? 0)).toMatchObject({ slots: [], missing: [] });
      await groups().join(name, stranger, true);
      expect(await keys().read(name, stranger)).toMatchObject({ slots: [] });
    });

    test('is kept as long as there are messages of it, and the newest ones', async () => {
      const group = await fresh();
      const { name, owner } = group;
      for (let epoch = 2; epoch <= 5; epoch += 1) {
        await draw(group, owner);
        if (epoch === 3) await group.write(owner, epoch);
      }
      const read = await keys().read(name, owner);
      // Those of 2 and 4 were never used; that of 5 may be.
      expect(read).toMatchObject({ slots: [{ epoch: 5 }, { epoch: 3 }], drawn: 5 });
      for (let count = 0; count < limits.groupKeyDrawsMax; count += 1) {
        await group.write(owner, 5 + count);
        await draw(group, owner);
      }
      const all = await group.allSlots(owner);
      expect(all.length).toBe(limits.groupKeyDrawsMax);
      expect(all.at(-1)).toMatchObject({ epoch: 6 });
    });
  });

  test('who draws again and again pushes out their own draws', async () => {
    const group = await fresh(3);
    const { name, owner, members } = group;
    const [, member = 0, another = 0] = members;
    let epoch = 3;
    const drawAndWrite = async (by: number) => {
      await draw(group, by);
      await group.write(by, epoch);
      epoch += 1;
    };
    await drawAndWrite(owner);
    await drawAndWrite(member);
    await drawAndWrite(another);
    for (let count = 0; count < limits.groupKeyDrawsMax + 5; count += 1) await drawAndWrite(member);
    const kept = await group.allSlots(owner);
    expect(kept.length).toBe(limits.groupKeyDrawsMax);
    const others = kept.filter(({ by }) => by !== member);
    expect(others.map(({ epoch: of, by }) => [of, by])).toEqual([
      [5, another],
      [3, owner],
    ]);
    expect(kept[0]).toMatchObject({ epoch: epoch - 1, by: member });
    expect(await groups().find(name)).toMatchObject({ keyEpoch: epoch - 1 });
  });
}
