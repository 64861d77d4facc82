/**
 * Named groups at the gateway: who is a member here, who is told what, and the server's interest in
 * each group.
 */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { callOne } from '../../../src/api/batch-call.ts';
import { limits } from '../../../src/base/limits.ts';
import { command } from '../../../src/codec/commands.ts';
import { encodeRequest } from '../../../src/codec/sdk-frame.ts';
import { settle } from '../../support/virtual-clock.ts';
import { waitUntil } from '../../support/wait-until.ts';
import {
  body,
  emptyPage,
  GatewayHarness,
  opened,
  type Peer,
  readOf,
} from './support/gateway-harness.ts';

const notAMember = 7302;
let harness: GatewayHarness;

beforeEach(() => {
  harness = new GatewayHarness();
});

/** Logged in, and a member of the group. */
async function member(userId: number, group = 'chess'): Promise<Peer> {
  const peer = await harness.cim(userId);
  await read(peer, group);
  return peer;
}

/** Reads the group's timeline; the code with which the page ends. */
async function read(peer: Peer, group = 'chess'): Promise<number> {
  const before = peer.received(command.read).length;
  peer.write(readOf(group));
  await waitUntil('a page ends', () => peer.received(command.read).length > before);
  return peer.received(command.read).at(-1)?.code ?? -1;
}

function texts(peer: Peer): string[] {
  return peer.received(command.message).map(({ resMsg }) => resMsg);
}

/** A route says that the user is in the group no more, and says so, too, when it is asked. */
async function leaves(userId: number, group: string): Promise<void> {
  const answer = harness.reads.answer;
  harness.reads.answer = (entry, answered) =>
    entry.userId === userId && entry.group === group
      ? { ...emptyPage, code: notAMember }
      : answer(entry, answered);
  const asked = harness.reads.answered;
  await membership(userId, group, false);
  await waitUntil('the route is asked', () => harness.reads.answered > asked);
}

function membership(userId: number, group: string, isMember: boolean, invitedBy = 0) {
  return callOne(harness.gateway.api.membership, {
    sessionId: harness.sessionOf(userId),
    instance: 'me',
    group,
    code: isMember ? 0 : 7302,
    joined: 3,
    head: 4,
    invitedBy,
    keyEpoch: 0,
  });
}

/** What was said of the server's interest in a group, in order. */
function said(group = 'chess'): string[] {
  return harness.interests.entries
    .filter((entry) => entry.group === group)
    .map(({ gone }) => (gone ? 'gone' : 'here'));
}

describe('a member', () => {
  test('is who has read the timeline: it is written what is pushed, but for what it sent itself', async () => {
    const [amy, bob, stranger] = [await member(1), await member(3), await harness.cim(4)];
    await harness.pushGroup('chess', 8, body(1, 'your move', 'chess'));
    expect(await bob.when(({ cmd }) => cmd === command.message)).toMatchObject({
      resMsg: 'your move',
      group: 'chess',
      seq: 8,
    });
    await Promise.all([amy.settled(), stranger.settled()]);
    expect([texts(amy), texts(stranger)]).toEqual([[], []]);
  });

  test('is told to read what was pushed while its first page was on its way', async () => {
    const amy = await harness.cim(1);
    harness.reads.hold();
    amy.write(readOf('chess'));
    await waitUntil('the read is asked for', () => harness.reads.heldCount === 1);
    await harness.pushGroup('chess', 6, body(9, 'early', 'chess'));
    harness.reads.answer = () => ({ ...emptyPage, head: 5 });
    harness.reads.release();
    expect(await amy.when(({ cmd }) => cmd === command.hint)).toMatchObject({
      group: 'chess',
      head: 6,
    });
    expect(texts(amy)).toEqual([]);
  });

  test('is not told to read over and over when the store has lost what was pushed', async () => {
    const amy = await member(1);
    await harness.pushGroup('chess', 8, body(9, 'lost by a failover', 'chess'));
    harness.reads.answer = () => ({ ...emptyPage, head: 5 });
    await read(amy);
    await amy.settled();
    expect(amy.received(command.hint)).toEqual([]);
  });

  test('is nobody whom the route refuses, and nobody any more once it does', async () => {
    harness.reads.answer = () => ({ ...emptyPage, code: notAMember });
    const amy = await harness.cim(1);
    expect(await read(amy)).toBe(notAMember);
    await harness.pushGroup('chess', 1, body(9, 'secret', 'chess'));
    harness.reads.answer = () => emptyPage;
    expect(await read(amy)).toBe(0);
    await harness.pushGroup('chess', 2, body(9, 'welcome', 'chess'));
    harness.reads.answer = () => ({ ...emptyPage, code: notAMember });
    expect(await read(amy)).toBe(notAMember);
    await harness.pushGroup('chess', 3, body(9, 'secret', 'chess'));
    await amy.settled();
    expect(texts(amy)).toEqual(['welcome']);
  });

  test('stays one when a later read cannot be answered', async () => {
    const amy = await member(1);
    harness.reads.answer = () => ({ ...emptyPage, code: 8100 });
    expect(await read(amy)).toBe(8100);
    await harness.pushGroup('chess', 2, body(9, 'still here?', 'chess'));
    await amy.settled();
    expect(texts(amy)).toEqual(['still here?']);
  });

  test('that left elsewhere is told, and shown nothing more', async () => {
    const amy = await member(1);
    await leaves(1, 'chess');
    await harness.pushGroup('chess', 2, body(9, 'secret', 'chess'));
    await amy.settled();
    expect(amy.received(command.group)).toMatchObject([{ group: 'chess', code: notAMember }]);
    expect(texts(amy)).toEqual([]);
  });

  test('is nobody who left while the first page was on its way', async () => {
    const amy = await harness.cim(1);
    harness.reads.hold();
    amy.write(readOf('chess'));
    await waitUntil('the read is asked for', () => harness.reads.heldCount === 1);
    await membership(1, 'chess', false);
    await waitUntil('the route is asked', () => harness.reads.heldCount === 2);
    harness.reads.answer = ({ limit }) =>
      limit === 1 ? { ...emptyPage, code: notAMember } : emptyPage;
    harness.reads.release();
    await amy.when(({ cmd }) => cmd === command.group);
    await harness.pushGroup('chess', 2, body(9, 'secret', 'chess'));
    await amy.settled();
    expect(texts(amy)).toEqual([]);
  });

  test('follows no more groups than a user may be in, and some more', async () => {
    const amy = await harness.cim(1);
    const { subscriptionsPerConnectionMax } = limits;
    for (let index = 0; index < subscriptionsPerConnectionMax; index++)
      amy.write(readOf(`group-${index}`));
    const isFull = () => amy.received(command.read).length === subscriptionsPerConnectionMax;
    await waitUntil('all are read', isFull);
    expect(await read(amy, 'one-too-many')).toBe(7304);
    await leaves(1, 'group-0');
    expect(await read(amy, 'one-too-many')).toBe(0);
  });
});

describe('a user who joins or leaves elsewhere', () => {
  test('is told on every connection of a cim device', async () => {
    const amy = await harness.cim(1);
    await membership(1, 'chess', true);
    expect(await amy.when(({ cmd }) => cmd === command.group)).toMatchObject({
      group: 'chess',
      code: 0,
      after: 3,
      head: 4,
    });
  });

  test('hears of it after the welcome, if it happens during the login', async () => {
    harness.opens.answer = () => {
      void membership(1, 'chess', true);
      return opened;
    };
    const amy = await harness.cim(1);
    await amy.settled();
    expect(amy.frames.map(({ cmd }) => cmd)).toEqual([
      command.welcome,
      command.group,
      command.ping,
    ]);
  });

  test('is in it still, if word of their leaving comes after that of their return', async () => {
    const amy = await member(1);
    await membership(1, 'chess', true);
    const asked = harness.reads.answered;
    await membership(1, 'chess', false);
    await waitUntil('the route is asked', () => harness.reads.answered > asked);
    expect(harness.reads.entries.at(-1)).toMatchObject({ userId: 1, group: 'chess', limit: 1 });
    await harness.pushGroup('chess', 2, body(9, 'still here?', 'chess'));
    await amy.settled();
    expect(amy.received(command.group).map(({ code }) => code)).toEqual([0]);
    expect(texts(amy)).toEqual(['still here?']);
  });

  test.each([
    ['joined', true],
    ['left once more', false],
  ])('is asked for once more, if they have %s before the answer', async (_what, isMember) => {
    const amy = await member(1);
    harness.reads.hold();
    await membership(1, 'chess', false);
    await waitUntil('the route is asked', () => harness.reads.heldCount === 1);
    await membership(1, 'chess', isMember);
    const [old, young] = isMember ? [notAMember, 0] : [0, notAMember];
    harness.reads.answer = () => ({ ...emptyPage, code: old });
    harness.reads.releaseOne(0);
    await waitUntil('the route is asked once more', () => harness.reads.heldCount === 1);
    harness.reads.answer = () => ({ ...emptyPage, code: young });
    harness.reads.release();
    await amy.settled();
    expect(amy.received(command.group).map(({ code }) => code)).toEqual([young]);
  });

  test('is believed to have left when no route can tell', async () => {
    const amy = await member(1);
    harness.reads.answer = () => ({ ...emptyPage, code: 8100 });
    await membership(1, 'chess', false);
    expect(await amy.when(({ cmd }) => cmd === command.group)).toMatchObject({ code: notAMember });
  });

  test('and one who is invited, is told, and what they follow stays', async () => {
    const amy = await member(1);
    await membership(1, 'ops', false, 9);
    await membership(1, 'chess', false, 9);
    await harness.pushGroup('chess', 2, body(9, 'still here?', 'chess'));
    await amy.settled();
    const invitations = amy.received(command.group).map(({ group, from }) => [group, from]);
    expect(invitations).toEqual([
      ['ops', 9],
      ['chess', 9],
    ]);
    expect(texts(amy)).toEqual(['still here?']);
  });

  test('is not told on a Java peer, which knows no groups', async () => {
    const java = await harness.java(2);
    await waitUntil('it is logged in', () => [...harness.gateway.sessions()].length === 1);
    await membership(2, 'chess', true);
    await java.settled();
    expect(java.frames.map(({ cmd }) => cmd)).toEqual([command.ping]);
  });
});

describe('the interest in a group', () => {
  test('is registered before its first member reads, and once for all members', async () => {
    const [amy, bob] = [await harness.cim(1), await harness.cim(3)];
    harness.interests.hold();
    amy.write(readOf('chess'));
    bob.write(readOf('chess'));
    await waitUntil('it is asked for', () => harness.interests.heldCount > 0);
    await Promise.all([amy.settled(), bob.settled()]);
    expect(harness.reads.entries).toEqual([]);
    harness.interests.release();
    await waitUntil('both read', () => harness.reads.entries.length === 2);
    expect(said()).toEqual(['here']);
  });

  test('that cannot be registered refuses the read as retryable', async () => {
    const amy = await harness.cim(1);
    harness.interests.answer = () => ({ code: 8100, head: 0 });
    expect(await read(amy)).toBe(8100);
    expect(harness.reads.entries).toEqual([]);
    harness.interests.answer = () => ({ code: 0, head: 0 });
    expect(await read(amy)).toBe(0);
  });

  test('that does not exist is none, and the read is told so', async () => {
    const amy = await harness.cim(1);
    harness.interests.answer = () => ({ code: 7301, head: 0 });
    expect(await read(amy)).toBe(7301);
    expect(harness.reads.entries).toEqual([]);
  });

  test('that does not exist is kept no place for, and is nothing to withdraw', async () => {
    const amy = await harness.cim(1);
    harness.interests.answer = () => ({ code: 7301, head: 0 });
    for (let index = 0; index < 100; index++) await read(amy, `made-up-${index}`);
    expect(harness.gateway.groups.size).toBe(1);
    await harness.clock.advance(2 * limits.sweepMs);
    expect(said('made-up-1')).toEqual(['here']);
  });

  test('that has ended is registered anew for one of its name', async () => {
    const amy = await member(1);
    harness.interests.answer = ({ group }) => ({ code: group === 'chess' ? 7301 : 0, head: 0 });
    await harness.clock.advance(limits.silenceMsMax - 2_000);
    await amy.settled();
    harness.interests.answer = () => ({ code: 0, head: 0 });
    const before = said().length;
    expect(await read(amy)).toBe(0);
    expect(said().slice(before)).toEqual(['here']);
  });

  test('is said again every 30 s', async () => {
    await member(1);
    await harness.clock.advance(limits.silenceMsMax - 2_000);
    expect(said()).toEqual(['here', 'here']);
  });

  test('is said again at once in another store, whose numbers begin anew', async () => {
    const amy = await member(1);
    await harness.pushGroup('chess', 1, body(9, 'before', 'chess'));
    await amy.settled();
    // There the first message came before anybody could say it.
    harness.interests.answer = () => ({ code: 0, head: 1 });
    harness.opens.answer = () => ({ ...opened, storeId: 'a07e257072e00002' });
    await harness.cim(2);
    await harness.clock.advance(2 * limits.sweepMs);
    expect(said()).toEqual(['here', 'here']);
    await amy.settled();
    expect(amy.received(command.hint).at(-1)).toMatchObject({ group: 'chess', head: 1 });
  });

  test('is withdrawn a while after the last member has gone, and not while somebody is back', async () => {
    const [amy, bob] = [await member(1), await member(3)];
    amy.stream.end();
    await waitUntil('one has gone', () => harness.gateway.connectionCount === 1);
    await harness.clock.advance(20_000);
    await bob.settled();
    bob.stream.end();
    await waitUntil('all have gone', () => harness.gateway.connectionCount === 0);
    await harness.clock.advance(20_000);
    const cy = await member(5);
    await harness.clock.advance(20_000);
    await cy.settled();
    expect(said()).not.toContain('gone');
    cy.stream.end();
    await harness.clock.advance(limits.interestLingerMs + 3 * limits.sweepMs);
    expect(said().at(-1)).toBe('gone');
    expect(harness.gateway.groups.find('chess')).toBeUndefined();
  });

  test('in a group that nobody may read is withdrawn at once', async () => {
    harness.reads.answer = () => ({ ...emptyPage, code: 7301 });
    const amy = await harness.cim(1);
    for (let index = 0; index < 100; index++) await read(amy, `guess-${index}`);
    await harness.clock.advance(2 * limits.sweepMs);
    expect(harness.gateway.groups.size).toBe(1);
  });

  test('of whoever reads while it is being withdrawn is registered again first', async () => {
    const amy = await member(1);
    amy.stream.end();
    await waitUntil('it has gone', () => harness.gateway.connectionCount === 0);
    harness.interests.hold();
    await harness.clock.advance(limits.interestLingerMs + 3 * limits.sweepMs);
    expect(said().at(-1)).toBe('gone');
    harness.opens.answer = () => opened;
    const bob = await harness.cim(3);
    bob.write(readOf('chess'));
    await bob.settled();
    expect(harness.reads.entries).toHaveLength(1);
    harness.interests.release();
    await waitUntil('it reads', () => harness.reads.entries.length === 2);
    expect(said().slice(-2)).toEqual(['gone', 'here']);
  });

  test('that a route still goes by, though nobody follows the group, is withdrawn until it knows', async () => {
    await harness.cim(1);
    const answer = harness.interests.answer;
    harness.interests.answer = () => ({ code: 8100, head: 0 });
    expect(await harness.pushGroup('chess', 8, body(9, 'to nobody', 'chess'))).toEqual({
      foreign: false,
    });
    await harness.clock.advance(limits.sweepMs);
    expect(said()).toEqual(['gone']);
    harness.interests.answer = answer;
    await harness.clock.advance(3 * limits.sweepMs);
    expect(said()).toEqual(['gone', 'gone']);
    const transient = { sessionIds: [], group: 'go', instance: 'me', body: body(9, 'hi', 'go') };
    await callOne(harness.gateway.api.transient, transient);
    await harness.clock.advance(limits.sweepMs);
    expect(said('go')).toEqual(['gone']);
  });

  test('is withdrawn when the server stops', async () => {
    await member(1);
    const stopped = harness.gateway.stop();
    await waitUntil('it is said', async () => {
      await harness.clock.advance(100);
      return said().at(-1) === 'gone';
    });
    await stopped;
    expect(said('lobby').at(-1)).toBe('gone');
  });
});

describe('places in groups', () => {
  test('are told cumulatively, each group for itself, and only by members', async () => {
    const amy = await member(1, 'chess');
    await read(amy, 'go');
    harness.acknowledgements.hold();
    for (const [group, after] of [
      ['chess', 1],
      ['chess', 2],
      ['chess', 3],
      ['go', 5],
      ['poker', 9],
      ['lobby', 9],
    ] as const) {
      amy.write(encodeRequest({ cmd: command.ack, group, after }));
    }
    await waitUntil('two are told', () => harness.acknowledgements.heldCount === 2);
    harness.acknowledgements.release();
    await waitUntil('the last is told', () => harness.acknowledgements.entries.length === 3);
    await settle();
    expect(harness.acknowledgements.entries.map(({ group, seq }) => [group, seq])).toEqual([
      ['chess', 1],
      ['go', 5],
      ['chess', 3],
    ]);
  });
});

describe('what a group is', () => {
  const chess = {
    ...{ group: 'chess', title: 'Chess club', owner: 3, admins: [1, 9], entry: 'invite' },
    ...{ sharePercent: 20, version: 2, keyEpoch: 0 },
  };
  /** The answer to the next questions: this, where the server knows another version. */
  const become = (facts: typeof chess, removed: readonly number[] = []) => {
    harness.interests.answer = ({ version }) => ({
      code: 0,
      head: 0,
      ...(version !== facts.version && { facts: [facts], removed }),
    });
  };
  /** The versions that the server has named. */
  const asked = () =>
    harness.interests.entries
      .filter(({ group }) => group === 'chess')
      .map(({ version }) => version);
  const told = (peer: Peer) =>
    peer.received(command.group).map(({ group, code, facts }) => ({
      ...{ group, code, title: facts?.title, version: facts?.version },
    }));
  const changed = (instance = 'me') =>
    callOne(harness.gateway.api.groupChanged, { group: 'chess', instance });
  const club = { group: 'chess', code: 0, title: 'Chess club', version: 2 };

  test('is told to who becomes a member, and is asked for once', async () => {
    become(chess);
    const [amy, bob] = [await member(1), await member(3)];
    await Promise.all([amy.settled(), bob.settled()]);
    expect([told(amy), told(bob)]).toEqual([[club], [club]]);
    expect(amy.received(command.group)[0]?.facts).toMatchObject({
      ...{ title: 'Chess club', owner: 3, admins: [1, 9], entry: 'invite', sharePercent: 20 },
    });
    expect(asked()).toEqual([0]);
  });

  test('is told to members at once when a route says that it has changed', async () => {
    become(chess);
    const [amy, stranger] = [await member(1), await harness.cim(4)];
    become({ ...chess, title: 'Go club', version: 3 });
    expect((await changed('another'))?.code).not.toBe(0);
    expect(await changed()).toEqual({ code: 0 });
    await Promise.all([amy.settled(), stranger.settled()]);
    expect(told(amy)).toEqual([club, { ...club, title: 'Go club', version: 3 }]);
    expect(told(stranger)).toEqual([]);
    expect(asked()).toEqual([0, 2]);
  });

  test('of an encrypted one each epoch of its key is told, also to who joins', async () => {
    become({ ...chess, keyEpoch: 4 });
    const amy = await member(1);
    become({ ...chess, keyEpoch: 5, version: 3 });
    await changed();
    // Another version of the same is none that members have to hear of.
    become({ ...chess, keyEpoch: 5, version: 4 });
    await changed();
    await amy.settled();
    const epochs = amy.received(command.group).flatMap(({ facts }) => facts?.keyEpoch ?? []);
    expect(epochs).toEqual([4, 5]);
    const bob = await harness.cim(3);
    await callOne(harness.gateway.api.membership, {
      ...{ sessionId: harness.sessionOf(3), instance: 'me', group: 'go', code: 0 },
      ...{ joined: 3, head: 4, invitedBy: 0, keyEpoch: 9 },
    });
    await bob.settled();
    expect(bob.received(command.group)).toMatchObject([{ group: 'go', keyEpoch: 9 }]);
  });

  test('is asked for once more when it changes while it is asked for', async () => {
    become(chess);
    const amy = await member(1);
    harness.interests.hold();
    await changed();
    await changed();
    await waitUntil('it is asked for', () => harness.interests.heldCount === 1);
    harness.interests.release();
    await amy.settled();
    expect(asked()).toEqual([0, 2, 2]);
  });

  test('is found at the next check if nobody said that it has changed', async () => {
    become(chess);
    const amy = await member(1);
    become({ ...chess, title: 'Go club', version: 3 });
    await harness.clock.advance(limits.checkMs + 2 * limits.sweepMs);
    await amy.settled();
    expect(told(amy).at(-1)).toMatchObject({ title: 'Go club' });
  });

  test('somebody was removed: they are told and follow it no more, and others hear nothing', async () => {
    become(chess);
    const [amy, bob] = [await member(1), await member(3)];
    become({ ...chess, version: 3 }, [1, 77]);
    await changed();
    await amy.when(({ code }) => code === 7324);
    await harness.pushGroup('chess', 8, body(9, 'without amy', 'chess'));
    await Promise.all([amy.settled(), bob.settled()]);
    expect(told(amy)).toEqual([
      club,
      { ...club, code: 7324, title: undefined, version: undefined },
    ]);
    expect(told(bob)).toEqual([club]);
    expect([texts(amy), texts(bob)]).toEqual([[], ['without amy']]);
  });

  test.each(['reads it', 'joins it'])(
    'somebody was removed, and %s before the answer: it is asked once more',
    async (how) => {
      become(chess);
      const [amy, bob] = [await member(1), await member(3)];
      harness.interests.hold();
      become({ ...chess, version: 3 }, [1, 3]);
      await changed();
      await waitUntil('it is asked for', () => harness.interests.heldCount === 1);
      // Amy is invited, and back, on their way to this server at the same time as the answer.
      if (how === 'reads it') {
        await leaves(1, 'chess');
        harness.reads.answer = () => emptyPage;
        await read(amy);
      } else await membership(1, 'chess', true);
      harness.interests.releaseOne(0);
      await bob.when(({ code }) => code === 7324);
      become({ ...chess, version: 3 }, [3]);
      await waitUntil('it is asked once more', () => harness.interests.heldCount === 1);
      harness.interests.release();
      await harness.pushGroup('chess', 8, body(9, 'welcome back', 'chess'));
      await Promise.all([amy.settled(), bob.settled()]);
      expect([texts(amy), texts(bob)]).toEqual([['welcome back'], []]);
      expect(amy.received(command.group).map(({ code }) => code)).not.toContain(7324);
      expect(asked()).toEqual([0, 2, 0]);
      await changed();
      await amy.settled();
      expect(asked()).toEqual([0, 2, 0, 3]);
    },
  );

  test('somebody was removed who had just read it: the next answer says so', async () => {
    become(chess);
    const amy = await member(1);
    harness.interests.hold();
    become({ ...chess, version: 3 }, [1]);
    await changed();
    await read(amy);
    harness.interests.releaseOne(0);
    await waitUntil('it is asked once more', () => harness.interests.heldCount === 1);
    harness.interests.release();
    await amy.when(({ code }) => code === 7324);
    await harness.pushGroup('chess', 8, body(9, 'without amy', 'chess'));
    await amy.settled();
    expect(texts(amy)).toEqual([]);
  });

  test('nobody follows is not asked for', async () => {
    await harness.cim(1);
    expect(await changed()).toEqual({ code: 0 });
    expect(asked()).toEqual([]);
  });
});
