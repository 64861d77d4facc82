/** Who reads what in an encrypted group: through joins, removals, lost calls and members who mean harm. */
import { describe, expect, test } from '@jest/globals';
import { CimError } from '../../../../../src/base/errors.ts';
import type { GroupKeyCalls } from '../../../../../src/client/sdk/e2ee/groups/group-register.ts';
import { amy, bob, joe, read, say, sealedOf, slotByAmy, teamOf } from '../support/team.ts';

describe('in an encrypted group', () => {
  test('all members read what one writes, and another device of one does, too', async () => {
    const { team, devices } = await teamOf(bob, amy, joe);
    const said = await say(devices[0]!, 'psst');
    expect(Buffer.from(sealedOf(said.sent).sealed).includes('psst')).toBe(false);
    expect(await read(devices[0]!, said)).toEqual({ text: 'psst', key: 'verified' });
    expect(await read(devices[1]!, said)).toEqual({ text: 'psst', key: 'unverified' });
    expect(await read(await team.device(joe), said)).toMatchObject({ text: 'psst' });
    expect(await read(await team.device(bob), said)).toMatchObject({ text: 'psst' });
  });

  test('one key is drawn for all messages until members change', async () => {
    const { team, devices } = await teamOf(bob, amy);
    for (let message = 0; message < 5; message++) await say(devices[0]!, 'psst');
    await say(devices[1]!, 'psst');
    expect(team.group.called.filter((name) => name === 'drawGroupKey')).toHaveLength(1);
  });

  test('content is sealed and signed with its text, and neither passes for the other', async () => {
    const { devices } = await teamOf(bob, amy);
    const [ofBob, ofAmy] = devices;
    const content = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    const identity = `${bob}.0011223344556677.#team.1000`;
    const draft = { text: 'psst', content, silent: true };
    const sent = await ofBob!.encryption.groups.seal('team', identity, draft);
    const { sealed, keyEpoch } = sealedOf(sent);
    const message = { from: bob, group: 'team', identity, keyEpoch, sealed, silent: true };
    const openWith = (parts: object) =>
      ofAmy!.encryption.groups.open({ ...message, ...parts }, false);
    const sealedContent = sent.content ?? new Uint8Array();
    expect(await openWith({ content: sealedContent })).toMatchObject({ text: 'psst', content });
    const damaged = { unreadable: 'damaged' };
    expect(await openWith({})).toEqual(damaged);
    expect(await openWith({ content: sealed })).toEqual(damaged);
    expect(await openWith({ content: sealedContent, silent: false })).toEqual(damaged);
    expect(await openWith({ content })).toEqual({ unreadable: 'unknown-form' });
  });

  test('who joins reads from then on, by the key that somebody gives, and nothing from before', async () => {
    const { team, devices } = await teamOf(bob, amy);
    const before = await say(devices[0]!, 'before');
    const ofJoe = await team.member(joe);
    team.tell(...devices);
    const after = await say(devices[0]!, 'after');
    expect(after.sent.keyEpoch).toBe((before.sent.keyEpoch ?? 0) + 1);
    expect(await team.through(read(ofJoe, after, true))).toMatchObject({ text: 'after' });
    expect(await read(ofJoe, before)).toEqual({ unreadable: 'no-group-key' });
    expect(team.group.called.filter((name) => name === 'drawGroupKey')).toHaveLength(1);
  });

  test('with --history all, who joins is given the earlier keys', async () => {
    const { team, devices } = await teamOf(bob, amy);
    team.group.history = 'all';
    const first = await say(devices[0]!, 'first');
    team.group.leave(amy);
    team.tell(devices[0]!);
    const second = await say(devices[0]!, 'second');
    const ofJoe = await team.member(joe);
    team.tell(devices[0]!);
    await team.whenGiven(joe);
    expect(await read(ofJoe, first)).toMatchObject({ text: 'first' });
    expect(await read(ofJoe, second)).toMatchObject({ text: 'second' });
  });

  test('who joins while nobody is there draws a key to write, which the others read', async () => {
    const { team, devices } = await teamOf(bob, amy);
    await say(devices[0]!, 'before');
    const ofJoe = await team.member(joe);
    const said = await say(ofJoe, 'anybody there?');
    for (const device of devices)
      expect(await team.through(read(device, said))).toMatchObject({ text: 'anybody there?' });
  });

  test('who was removed reads nothing after that, with a copy of all that was ever stored', async () => {
    const { team, devices } = await teamOf(bob, amy, joe);
    const [ofBob, , ofJoe] = devices;
    const before = await say(ofBob!, 'before');
    expect(await read(ofJoe!, before)).toMatchObject({ text: 'before' });
    team.group.leave(joe);
    team.tell(ofBob!);
    const after = await say(ofBob!, 'after');
    expect(await read(devices[1]!, after)).toMatchObject({ text: 'after' });
    // Whoever runs the cluster may lie for them.
    team.group.members.set(joe, 1);
    team.group.slots = team.group.everStored;
    await team.clock.advance(60_000);
    expect(await read(ofJoe!, after)).toEqual({ unreadable: 'damaged' });
    const everything = team.group.everStored.filter(({ epoch }) => epoch === after.sent.keyEpoch);
    expect(everything.every(({ userId }) => userId !== joe)).toBe(true);
    team.group.slots = everything.map((slot) => ({ ...slot, userId: joe }));
    expect(await read(await team.device(joe), after)).toEqual({ unreadable: 'no-group-key' });
  });

  test('who is removed while a key is on its way reads nothing, and goes on', async () => {
    const { team, devices } = await teamOf(bob, amy, joe);
    const [ofBob, ofAmy] = devices;
    const before = await say(ofBob!, 'before');
    const later = await team.device(amy);
    expect(await read(ofAmy!, before)).toMatchObject({ text: 'before' });
    team.group.leave(joe);
    team.tell(ofBob!);
    const said = await say(ofBob!, 'after');
    team.group.members.delete(amy);
    for (const device of [ofAmy!, later])
      expect(await team.through(read(device, said, true))).toHaveProperty('unreadable');
  });

  test('a group that is made again under its name has other keys in the same epochs', async () => {
    const { team, devices } = await teamOf(bob, amy);
    const [ofBob, ofAmy] = devices;
    expect(await read(ofAmy!, await say(ofBob!, 'before'))).toMatchObject({ text: 'before' });
    team.group.makeAnew(bob, amy);
    for (const { encryption } of devices) encryption.groups.forget('team');
    team.tell(...devices);
    const said = await say(ofBob!, 'after');
    expect(said.sent.keyEpoch).toBe(2);
    expect(await read(ofAmy!, said)).toMatchObject({ text: 'after' });
  });

  test('a store that has lost what came last, and a group in which others came since', async () => {
    const { team, devices } = await teamOf(bob, amy);
    const [ofBob, ofAmy] = devices;
    await say(ofBob!, 'before');
    team.group.startAnew(bob, amy);
    for (const { encryption } of devices) encryption.connected(true, false);
    // No key of before is sealed with: it was not drawn for those who are members now.
    const said = await say(ofAmy!, 'after');
    expect(team.group.status.drawn).toBe(2);
    team.tell(ofBob!);
    await team.clock.advance(1_000);
    expect(await read(ofBob!, said)).toMatchObject({ text: 'after' });
  });

  test('a route that goes on and on with keys is not asked for ever', async () => {
    const { team, devices } = await teamOf(bob, amy);
    const [ofBob] = devices;
    const said = await say(ofBob!, 'psst');
    team.group.isEndless = true;
    const later = await team.device(amy);
    expect(await read(later, said)).toEqual({ unreadable: 'no-group-key' });
    expect(team.group.called.length).toBeLessThan(1_000);
  });

  test('a member whose key has changed since it was confirmed is not given the new one', async () => {
    const { team, devices } = await teamOf(bob, amy, joe);
    const [ofBob, ofAmy] = devices;
    await say(ofBob!, 'before');
    ofBob!.pins.verify(amy, 'the key that bob has compared');
    team.group.leave(joe);
    team.tell(ofBob!);
    await expect(say(ofBob!, 'after')).rejects.toMatchObject({ kind: 'key-changed' });
    expect((await say(ofAmy!, 'by amy')).sent.sealed).toBeDefined();
  });
});

describe('two who draw at once', () => {
  test('use one and the same key, and all read both', async () => {
    const { team, devices } = await teamOf(bob, amy, joe);
    const both = Promise.all([say(devices[0]!, 'one'), say(devices[1]!, 'two')]);
    const said = await team.through(both);
    for (const device of devices) {
      expect(await read(device, said[0])).toMatchObject({ text: 'one' });
      expect(await read(device, said[1])).toMatchObject({ text: 'two' });
    }
    expect(said[0].sent.keyEpoch).toBe(said[1].sent.keyEpoch);
  });
});

describe('a client that dies', () => {
  const calls: readonly (keyof GroupKeyCalls)[] = ['groupKeys', 'groupChanges', 'drawGroupKey'];
  test.each(calls)('at %s leaves nobody without a key', async (name) => {
    const { team, devices } = await teamOf(bob, amy, joe);
    const die = () => {
      // Whatever it asks next.
      team.group.before.set(name, die);
      throw new CimError('unauthenticated', 'it is dead');
    };
    team.group.before.set(name, die);
    await expect(say(devices[0]!, 'lost')).rejects.toThrow('it is dead');
    team.group.before.clear();
    const said = await say(devices[1]!, 'psst');
    for (const device of [await team.device(bob), devices[2]!])
      expect(await read(device, said)).toMatchObject({ text: 'psst' });
  });

  test('after its draw was taken, before it heard of it, uses that very draw', async () => {
    const { team, devices } = await teamOf(bob, amy);
    let isLost = false;
    const { drawGroupKey } = team.group.callsOf(bob);
    const lossy = { ...team.group.callsOf(bob) };
    lossy.drawGroupKey = async (request) => {
      const answer = await drawGroupKey(request);
      if (!isLost) {
        isLost = true;
        throw new CimError('unavailable', 'the answer is lost');
      }
      return answer;
    };
    team.group.callsOf = () => lossy;
    const ofBob = await team.device(bob);
    const said = await team.through(say(ofBob, 'psst'));
    expect(isLost).toBe(true);
    expect(await read(devices[1]!, said)).toMatchObject({ text: 'psst' });
  });
});

describe('members that change while a key is drawn', () => {
  test('are given another one', async () => {
    const { team, devices } = await teamOf(bob, amy);
    const ofJoe = await team.device(joe);
    team.group.before.set('drawGroupKey', () => team.group.join(joe));
    const said = await team.through(say(devices[0]!, 'psst'));
    expect(await read(ofJoe, said)).toMatchObject({ text: 'psst' });
    team.group.before.set('drawGroupKey', () => team.group.leave(amy));
    team.group.leave(joe);
    team.tell(...devices);
    const next = await team.through(say(devices[0]!, 'pst'));
    expect(next.sent.keyEpoch).toBe(team.group.status.keyEpoch);
    expect(team.group.everStored.filter(({ epoch }) => epoch === next.sent.keyEpoch)).toEqual([
      expect.objectContaining({ userId: bob }),
    ]);
  });
});

describe('a member who means harm', () => {
  test('cannot write as another', async () => {
    const { devices } = await teamOf(bob, amy, joe);
    const [ofBob, ofAmy, ofJoe] = devices;
    const said = await say(ofJoe!, 'send me money');
    const identity = said.identity.replace(/^\d+/, String(bob));
    const { encryption } = ofJoe!;
    const asBob = await encryption.groups.seal('team', identity, { text: 'send joe money' });
    const forged = { from: bob, identity, sent: asBob };
    expect(await read(ofAmy!, forged)).toEqual({ unreadable: 'unknown-sender' });
    // With the id of bob's key in front.
    const real = sealedOf((await say(ofBob!, 'hi')).sent);
    const { sealed, keyEpoch } = sealedOf(asBob);
    const renamed = sealed.slice();
    renamed.set(real.sealed.subarray(1, 9), 1);
    const again = { ...forged, sent: { sealed: renamed, keyEpoch } };
    expect(await read(ofAmy!, again)).toEqual({ unreadable: 'damaged' });
  });

  test('cannot keep a newcomer from reading and writing by giving them rubbish first', async () => {
    const { team, devices } = await teamOf(bob, amy);
    const [ofBob, ofAmy] = devices;
    await say(ofBob!, 'before');
    const ofJoe = await team.member(joe);
    const { keyEpoch: epoch } = team.group.status;
    const rubbish = Buffer.alloc(89, 1).toString('base64url');
    team.group.give({ userId: joe, epoch, by: amy, draw: '', sealed: rubbish });
    const said = await say(ofJoe, 'here I am');
    for (const device of [ofBob!, ofAmy!])
      expect(await team.through(read(device, said))).toMatchObject({ text: 'here I am' });
    team.tell(ofBob!);
    const answer = await say(ofBob!, 'hello');
    expect(await read(ofJoe, answer)).toMatchObject({ text: 'hello' });
  });

  test('that gives a newcomer another key than the rest have does not split the group', async () => {
    const { team, devices } = await teamOf(bob, amy);
    const [ofBob, ofAmy] = devices;
    await say(ofBob!, 'before');
    const ofJoe = await team.member(joe);
    const { keyEpoch: epoch } = team.group.status;
    const other = await slotByAmy(team, joe, epoch);
    team.group.give({ userId: joe, epoch, by: amy, draw: '', sealed: other });
    const said = await say(ofJoe, 'here I am');
    for (const device of [ofBob!, ofAmy!])
      expect(await team.through(read(device, said))).toMatchObject({ text: 'here I am' });
  });

  test('nor keeps them from reading', async () => {
    const { team, devices } = await teamOf(bob, amy);
    const [ofBob] = devices;
    await say(ofBob!, 'before');
    const ofJoe = await team.member(joe);
    const { keyEpoch: epoch } = team.group.status;
    const other = await slotByAmy(team, joe, epoch);
    team.group.give({ userId: joe, epoch, by: amy, draw: '', sealed: other });
    team.tell(ofBob!);
    const said = await say(ofBob!, 'hello');
    expect(await read(ofJoe, said)).toEqual({ unreadable: 'damaged' });
    // Now the others see that joe has no key.
    expect(team.group.slots.filter(({ userId }) => userId === joe)).toEqual([]);
    team.restart(ofBob!);
    await team.whenGiven(joe);
    await team.clock.advance(1_000);
    expect(await read(ofJoe, said)).toMatchObject({ text: 'hello' });
  });

  test('cannot make others let go of their keys by what nobody can open', async () => {
    const { team, devices } = await teamOf(bob, amy);
    const [ofBob, ofAmy] = devices;
    const before = await say(ofBob!, 'before');
    expect(await read(ofAmy!, before)).toMatchObject({ text: 'before' });
    const said = await say(ofBob!, 'hello');
    const { sealed } = sealedOf(said.sent);
    const { keyEpoch } = team.group.status;
    for (const epoch of [0xffff_ffff, keyEpoch + 1_001, keyEpoch]) {
      const rubbish = { sealed: sealed.slice().fill(7, 30), keyEpoch: epoch };
      const reading = read(ofAmy!, { ...said, sent: rubbish });
      for (let second = 0; second < 15; second++) await team.clock.advance(1_000);
      expect(await reading).toHaveProperty('unreadable');
    }
    expect(team.group.called).not.toContain('forgetGroupKeys');
    expect(await read(ofAmy!, said)).toMatchObject({ text: 'hello' });
  });

  test('cannot have a newcomer use a key that nobody else was seen to use', async () => {
    const { team, devices } = await teamOf(bob, amy);
    const [ofBob, ofAmy] = devices;
    await say(ofBob!, 'before');
    const ofJoe = await team.member(joe);
    team.tell(ofAmy!);
    await team.whenGiven(joe);
    // Given by amy alone, and rightly; bob uses it.
    team.tell(ofBob!);
    const said = await say(ofBob!, 'hello');
    expect(await read(ofJoe, said)).toMatchObject({ text: 'hello' });
    const draws = () => team.group.called.filter((name) => name === 'drawGroupKey').length;
    const before = draws();
    await say(ofJoe, 'hi');
    expect(draws()).toBe(before);
  });
});
