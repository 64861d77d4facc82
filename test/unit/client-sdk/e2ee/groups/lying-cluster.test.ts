/**
 * A cluster that lies about an encrypted group: what it can have a device do, and what not. Nobody who was
 * not told of is given a key, no epoch and no key of before somebody went comes back, nothing that was sealed
 * as one passes for another, and nothing is sent in clear text.
 */
import { describe, expect, test } from '@jest/globals';
import { amy, bob, joe, read, say, sealedOf, slotByAmy, teamOf } from '../support/team.ts';

const eve = 4;

describe('a cluster that lies', () => {
  test('has nobody given a key who was not told of: neither as one without, nor by a draw', async () => {
    const { team, devices } = await teamOf(bob, amy);
    const [ofBob] = devices;
    await team.device(eve);
    const said = await say(ofBob!, 'before');
    // She is a member, as it says, without a word of when she came.
    team.group.members.set(eve, 1);
    for (const { encryption } of devices) encryption.connected(true, false);
    team.tell(...devices);
    await say(ofBob!, 'again');
    await team.clock.advance(10_000);
    expect(team.group.called).toContain('groupKeys');
    expect(team.group.everStored.filter(({ userId }) => userId === eve)).toEqual([]);
    expect(said.sent.keyEpoch).toBe(team.group.status.keyEpoch);
    // As soon as she was told of, she is.
    team.group.members.delete(eve);
    team.group.join(eve);
    team.tell(...devices);
    await team.whenGiven(eve);
    expect(ofBob!.told).toContainEqual(expect.objectContaining({ kind: 'joined', userId: eve }));
  });

  test('has nobody given a key of before they came', async () => {
    const { team, devices } = await teamOf(bob, amy);
    const [ofBob] = devices;
    const before = await say(ofBob!, 'before');
    team.group.join(joe);
    const ofJoe = await team.device(joe);
    // As it says, he was there from the beginning, and whoever comes may read all.
    team.group.members.set(joe, 1);
    team.group.history = 'all';
    team.tell(ofBob!);
    await team.whenGiven(joe);
    expect(team.group.slots.filter((slot) => slot.userId === joe)).toMatchObject([{ epoch: 3 }]);
    expect(await read(ofJoe, before)).toEqual({ unreadable: 'no-group-key' });
  });

  test.each(['as the next change', 'with all that was before told anew'])(
    'nor by telling late, %s, that they came early',
    async (how) => {
      const { team, devices } = await teamOf(bob, amy);
      const [ofBob, ofAmy] = devices;
      const before = await say(ofBob!, 'before');
      const ofEve = await team.device(eve);
      team.group.join(eve);
      team.group.members.set(eve, 1);
      const isAnew = how !== 'as the next change';
      team.group.memberChanges = team.group.memberChanges.map((change) => ({
        ...change,
        ...(isAnew && { at: change.at + 1 }),
        ...(change.userId === eve && { epoch: 1 }),
      }));
      team.tell(ofBob!, ofAmy!);
      await team.whenGiven(eve);
      const told = isAnew ? { members: [bob, amy, eve] } : { kind: 'joined', userId: eve };
      expect(ofBob!.told).toContainEqual(expect.objectContaining(told));
      expect(await read(ofEve, before)).toEqual({ unreadable: 'no-group-key' });
      const after = await team.through(say(ofBob!, 'after'));
      expect(await team.through(read(ofEve, after))).toMatchObject({ text: 'after' });
    },
  );

  test('has nobody write under what a stranger has drawn', async () => {
    const { team, devices } = await teamOf(bob, amy);
    const [ofBob] = devices;
    const ofEve = await team.device(eve);
    await say(ofBob!, 'before');
    // For her the cluster makes a draw of hers the newest: a good one, for all.
    team.group.join(eve);
    ofEve.encryption.groups.learn('team', team.group.status.keyEpoch);
    const { sent } = await say(ofEve, 'mine');
    const { slots, memberChanges } = team.group;
    expect(slots).toContainEqual(expect.objectContaining({ userId: bob, by: eve }));
    // Bob is not told of her.
    team.group.memberChanges = memberChanges.slice(0, 2);
    team.tell(ofBob!);
    const answer = say(ofBob!, 'after');
    await team.until(() => team.group.called.filter((name) => name === 'drawGroupKey').length > 2);
    // It takes no draw without a slot for her, and gets none with one.
    team.group.members.delete(eve);
    const { keyEpoch } = sealedOf((await team.through(answer)).sent);
    expect(keyEpoch).toBeGreaterThan(sent.keyEpoch ?? 0);
    const drawn = team.group.everStored.filter(({ epoch }) => epoch === keyEpoch);
    expect(drawn.map(({ userId, by }) => [userId, by])).toEqual([
      [bob, bob],
      [amy, bob],
    ]);
  });

  test('has no key come back that somebody has who went', async () => {
    const { team, devices } = await teamOf(bob, amy, joe);
    const [ofBob, ofAmy] = devices;
    await say(ofBob!, 'with joe');
    const before = { status: team.group.status, slots: [...team.group.slots] };
    team.group.leave(joe);
    team.tell(ofBob!, ofAmy!);
    await say(ofBob!, 'without joe');
    // The register is as it was before; or it has the removal, but nothing that says what it is for.
    for (const freshFrom of [1, before.status.freshFrom]) {
      team.group.status = { ...before.status, freshFrom };
      team.group.slots = [...before.slots];
      for (const { encryption } of devices) encryption.connected(true, false);
      const said = await team.through(say(ofBob!, 'still without'));
      expect(said.sent.keyEpoch).toBeGreaterThan(4);
      expect(await team.through(read(ofAmy!, said))).toMatchObject({ text: 'still without' });
      const slots = team.group.everStored.filter(({ epoch }) => epoch === said.sent.keyEpoch);
      expect(slots.map(({ userId }) => userId)).toEqual([bob, amy]);
    }
  });

  test('nor if it tells that somebody went, but asks for no other key', async () => {
    const { team, devices } = await teamOf(bob, amy, joe);
    const [ofBob, , ofJoe] = devices;
    await say(ofBob!, 'with joe');
    team.group.leave(joe);
    team.group.status = { ...team.group.status, freshFrom: 1 };
    team.tell(ofBob!);
    const said = await team.through(say(ofBob!, 'without joe'));
    expect(said.sent.keyEpoch).toBe(5);
    team.group.members.set(joe, 1);
    team.group.slots = team.group.everStored;
    expect(await team.through(read(ofJoe!, said))).toHaveProperty('unreadable');
  });

  test('nor if it tells late that somebody went long ago', async () => {
    const { team, devices } = await teamOf(bob, amy, joe);
    const [ofBob, , ofJoe] = devices;
    await say(ofBob!, 'with joe');
    const { status, slots } = team.group;
    team.group.leave(joe, 'removed');
    const { memberChanges } = team.group;
    Object.assign(team.group, {
      status,
      slots,
      memberChanges: memberChanges.map((each) =>
        each.kind === 'removed' ? { ...each, epoch: 1 } : each,
      ),
    });
    ofBob!.encryption.connected(true, false);
    team.tell(ofBob!);
    const said = await team.through(say(ofBob!, 'without joe'));
    expect(ofBob!.told).toContainEqual(expect.objectContaining({ kind: 'removed', userId: joe }));
    team.group.members.set(joe, 1);
    team.group.slots = team.group.everStored;
    expect(await team.through(read(ofJoe!, said))).toHaveProperty('unreadable');
  });

  test('nor if it hides from a device whom that device has removed', async () => {
    const { team, devices } = await teamOf(bob, amy, joe);
    const [ofBob, , ofJoe] = devices;
    await say(ofBob!, 'with joe');
    // It says that it is done, and does nothing.
    await ofBob!.encryption.groups.remove('team', joe, async () => {});
    await team.until(() => ofBob!.told.length > 1);
    expect(ofBob!.told.at(-1)).toEqual({ group: 'team', members: [bob, amy] });
    const saying = say(ofBob!, 'without joe');
    await team.until(() => team.group.called.filter((name) => name === 'drawGroupKey').length > 2);
    // It takes no draw without a slot for joe, and gets none with one.
    team.group.members.delete(joe);
    const said = await team.through(saying);
    team.group.members.set(joe, 1);
    team.group.slots = team.group.everStored;
    expect(await team.through(read(ofJoe!, said))).toHaveProperty('unreadable');
  });

  test('and whom the device has removed, and who was let in again, is in it', async () => {
    const { team, devices } = await teamOf(bob, amy, joe);
    const [ofBob, , ofJoe] = devices;
    await say(ofBob!, 'with joe');
    await ofBob!.encryption.groups.remove('team', joe, async () => {
      team.group.leave(joe, 'removed');
      team.group.join(joe);
    });
    const isTold = () => ofBob!.told.some((news) => 'kind' in news && news.kind === 'removed');
    await team.until(isTold);
    const said = await team.through(say(ofBob!, 'welcome back'));
    expect(await team.through(read(ofJoe!, said))).toMatchObject({ text: 'welcome back' });
    expect(ofBob!.told.filter((news) => 'members' in news)).toHaveLength(1);
  });

  test('nor after the device was started anew', async () => {
    const { team, devices } = await teamOf(bob, amy, joe);
    const [ofBob] = devices;
    await say(ofBob!, 'with joe');
    const before = { status: team.group.status, slots: [...team.group.slots] };
    team.group.leave(joe);
    team.tell(ofBob!);
    await say(ofBob!, 'without joe');
    const known = JSON.parse(JSON.stringify(ofBob!.known.save()));
    team.group.status = before.status;
    team.group.slots = before.slots;
    const later = await team.device(bob, { known });
    const said = await team.through(say(later, 'still without'));
    expect(said.sent.keyEpoch).toBe(5);
  });

  test('has nothing sent in clear text, not to a group that was left and joined again', async () => {
    const { team, devices } = await teamOf(bob, amy);
    const [ofBob] = devices;
    await say(ofBob!, 'sealed');
    const { groups } = ofBob!.encryption;
    groups.forget('team');
    groups.learn('team', 0);
    expect(groups.isInClear('team')).toBe(false);
    expect(groups.standingInClear('team')).toBe('unexpected');
    const said = await say(ofBob!, 'sealed');
    expect(sealedOf(said.sent).keyEpoch).toBe(2);
    const known = JSON.parse(JSON.stringify(ofBob!.known.save()));
    const later = await team.device(bob, { known });
    later.encryption.groups.learn('team', 0);
    sealedOf((await say(later, 'sealed')).sent);
    team.group.isInClear = true;
    groups.changed('team');
    const sending = say(ofBob!, 'clear');
    await expect(sending).rejects.toMatchObject({ kind: 'not-encrypted' });
    await expect(sending).rejects.toThrow(/#team was encrypted.*another name/);
  });

  test('has no key of one group used in another of its name, which it is told as', async () => {
    const { team, devices } = await teamOf(bob, amy);
    const [ofBob, ofAmy] = devices;
    const before = await say(ofBob!, 'before');
    const { slots, status } = team.group;
    team.group.makeAnew(bob, amy);
    team.group.status = status;
    team.group.slots = slots;
    for (const { encryption } of devices) encryption.connected(true, false);
    const after = await team.through(say(ofBob!, 'after'));
    expect(ofBob!.told).toContainEqual({ group: 'team', members: [bob, amy], isAnother: true });
    expect(after.sent.keyEpoch).toBe(3);
    team.tell(ofAmy!);
    expect(await team.through(read(ofAmy!, after))).toMatchObject({ text: 'after' });
    // What was said in one is nothing that was said in the other.
    const fresh = await team.device(amy);
    expect(await read(fresh, before)).toEqual({ unreadable: 'no-group-key' });
  });
});

describe('what is sealed as one', () => {
  test('passes for no other: a gift for a draw, a draw for a gift, one draw for another', async () => {
    const { team, devices } = await teamOf(bob, amy);
    const [ofBob] = devices;
    const said = await say(ofBob!, 'psst');
    const { keyEpoch: epoch, drawId } = team.group.status;
    const drawn = team.group.slots.filter(({ userId }) => userId === amy);
    expect(drawn).toMatchObject([{ by: bob, draw: drawId }]);
    const readWith = async (change: object) => {
      team.group.slots = drawn.map((slot) => ({ ...slot, ...change }));
      return read(await team.device(amy), said);
    };
    expect(await readWith({})).toMatchObject({ text: 'psst' });
    for (const change of [{ draw: '' }, { draw: 'x'.repeat(43) }, { by: amy }])
      expect(await readWith(change)).toEqual({ unreadable: 'no-group-key' });
    const later = await team.device(amy);
    team.group.slots = drawn.map((slot) => ({ ...slot, epoch: epoch + 1 }));
    const { sealed } = sealedOf(said.sent);
    expect(await read(later, { ...said, sent: { sealed, keyEpoch: epoch + 1 } })).toEqual({
      unreadable: 'no-group-key',
    });
  });

  test('message of one group opens in no other', async () => {
    const { devices } = await teamOf(bob, amy);
    const [ofBob, ofAmy] = devices;
    const said = await say(ofBob!, 'psst');
    expect(await read(ofAmy!, said)).toMatchObject({ text: 'psst' });
    const view = ofAmy!.known.viewOf('team');
    const other = { ...said, identity: said.identity.replace('#team', '#other') };
    expect(await read(ofAmy!, other)).toEqual({ unreadable: 'damaged' });
    // Of another group of this name, whose keys are the same, as if that could be.
    if (view) ofAmy!.known.keep('team', { ...view, groupId: 'z'.repeat(22) });
    expect(await read(ofAmy!, said)).toEqual({ unreadable: 'no-group-key' });
  });

  test('draw gives all members one key: who was given another one sees that, and draws', async () => {
    const { team, devices } = await teamOf(bob, amy);
    const [, ofAmy] = devices;
    // Amy draws, and seals another key for bob than for herself under the name of that draw.
    const drawing = await say(ofAmy!, 'hers');
    const { keyEpoch: epoch } = team.group.status;
    const other = await slotByAmy(team, bob, epoch, team.group.status.drawId);
    team.group.slots = team.group.slots.map((slot) =>
      slot.userId === bob ? { ...slot, by: amy, sealed: other } : slot,
    );
    const later = await team.device(bob);
    expect(await read(later, drawing)).toEqual({ unreadable: 'no-group-key' });
    const said = await say(later, 'mine');
    expect(said.sent.keyEpoch).toBeGreaterThan(epoch);
    expect(await team.through(read(ofAmy!, said))).toMatchObject({ text: 'mine' });
  });
});
