/**
 * What is left of an account that was deleted, from each of the two steps on. How one settles takes
 * minutes: test/unit/store/sqlite/deletions.test.ts and test/integration/store-redis-deletions.test.ts.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { lobby } from '../../../src/codec/commands.ts';
import { groupTimeline, userTimeline } from '../../../src/store/timelines.ts';
import { Conversation, textsOf } from '../../support/messages.ts';
import type { StoreFixture } from '../store.ts';
import { nextGroup, nextUserId, opening } from './users.ts';

const unknown = { status: 'unknown' };
const nothingKept = { messages: [], head: 0, first: 1, rewound: false };

export function describeDeletions(fixture: StoreFixture): void {
  const store = () => fixture.store;
  const deletions = () => fixture.store.deletions;

  const freshAccount = async () => {
    const userId = nextUserId();
    await store().accounts.register({ userId, name: `Name${userId}`, verifier: 'a'.repeat(64) });
    return userId;
  };
  const readAll = (userId: number) =>
    store().timelines.read({ timeline: userTimeline(userId), after: 0, limit: 100 });
  /** To the receiver, and as the sender's own copy. */
  const say = (conversation: Conversation, text: string) => {
    const timelines = [Number(conversation.to), conversation.from].map(userTimeline);
    const runs = timelines.map((timeline) => conversation.append(timeline, 1, [text]));
    return store().timelines.append(runs);
  };

  test('of an account that there never was, nothing becomes known', async () => {
    const userId = nextUserId();
    expect(await deletions().begin(userId)).toEqual(unknown);
    await deletions().finish(userId);
    expect(await deletions().isDeleted(userId)).toBe(false);
    const toThem = new Conversation(nextUserId(), userId);
    expect(await say(toThem, 'hi')).toMatchObject([{ status: 'taken' }, { status: 'taken' }]);
  });

  describe('of one who was in everything', () => {
    let [amy, bob] = [0, 0];
    let [own, joined] = ['', ''];
    let toAmy = new Conversation(0, 0);
    let fromAmy = new Conversation(0, 0);

    /** Bob has read what amy sent. */
    const markRead = async () => {
      const { epochHex } = fromAmy;
      const place = { reader: bob, from: amy, epochHex, group: '', sendSeq: 1, seq: 2 };
      const [moved] = await store().marks.move([{ ...place, kind: 'read', isQuiet: false }]);
      return moved;
    };

    beforeAll(async () => {
      [amy, bob] = [await freshAccount(), await freshAccount()];
      [own, joined] = [nextGroup(), nextGroup()];
      const { accounts, groups, conversations, schedules, requests, sessions } = store();
      await accounts.offerKeys(amy, { publicKey: 'p', wrappedKey: 'w' });
      await groups.create(own, amy);
      await groups.join(own, bob);
      await groups.create(joined, bob);
      await groups.join(joined, amy);
      await conversations.block(amy, nextUserId());
      await schedules.create({ id: 'later', owner: amy, payload: Buffer.from('x') }, 3_600_000);
      await requests.claim({ owner: amy, key: 'k', fingerprint: 'f', epochHex: '0'.repeat(16) });
      await sessions.open([opening(amy, { generation: 1 }), opening(amy, { device: 'laptop' })]);
      await sessions.assignJava(amy, '10.0.0.1:9000:8081');
      toAmy = new Conversation(bob, amy);
      await say(toAmy, 'to amy');
      fromAmy = new Conversation(amy, bob);
      await say(fromAmy, 'to bob');
      expect((await markRead())?.moved).toBe(true);
      const toGroup = new Conversation(amy, joined);
      const said = toGroup.append(groupTimeline(joined), 1, ['to all']);
      await store().timelines.append([{ ...said, onlyIfMember: amy }]);
    });

    test('beginning gives the sessions, once, and ends all by which the account is known', async () => {
      const { accounts, sessions, conversations } = store();
      const begun = await deletions().begin(amy);
      expect(begun).toMatchObject({ status: 'begun' });
      const devices = begun.status === 'begun' ? begun.sessions.map(({ device }) => device) : [];
      expect(devices.toSorted()).toEqual(['laptop', 'phone']);
      expect(await fixture.another.deletions.begin(amy)).toEqual({ status: 'begun', sessions: [] });
      expect(await deletions().isDeleted(amy)).toBe(true);
      expect(await accounts.get([amy, bob])).toMatchObject([null, { userId: bob }]);
      expect(await accounts.credential(amy)).toBeNull();
      expect(await accounts.keyPair(amy)).toBeNull();
      expect(await accounts.publicKeys([amy])).toEqual([null]);
      expect(await accounts.revoke(amy)).toBeNull();
      expect(await store().presence.showLastSeen(amy, true)).toBe(false);
      expect(await accounts.offerKeys(amy, { publicKey: 'q', wrappedKey: 'v' })).toBeNull();
      const secret = { userId: amy, expected: null, verifier: 'b'.repeat(64), wrappedKey: null };
      expect(await accounts.replaceSecret(secret)).toBeNull();
      expect(await sessions.of([amy])).toEqual([[]]);
      expect(await conversations.blockedBy(amy)).toEqual([]);
      expect(await readAll(amy)).toEqual(nothingKept);
      expect(await deletions().pending()).toContainEqual({ userId: amy, isSettled: false });
    });

    test('no session is opened, of whatever generation, and none is closed or acknowledged', async () => {
      const { sessions } = store();
      const reports = [0, 1, 2].map((generation) => opening(amy, { generation }));
      expect(await sessions.open(reports)).toEqual(reports.map(() => ({ status: 'revoked' })));
      await sessions.close([{ userId: amy, device: 'phone', connectionNumber: 1 }]);
      await sessions.acknowledge([{ userId: amy, device: 'phone', seq: 1 }]);
      expect(await deletions().isDeleted(amy)).toBe(true);
    });

    test('nothing is appended to its timeline, whoever sends it, new or again', async () => {
      const gone = { status: 'gone', stored: 0, refused: 0, watchers: [] };
      const [again] = await say(toAmy, 'to amy');
      expect(again).toMatchObject(gone);
      const [tooLate, ownCopy] = await say(new Conversation(bob, amy), 'too late');
      expect(tooLate).toMatchObject(gone);
      expect(ownCopy).toMatchObject({ status: expect.stringMatching(/^(busy|gone)$/), stored: 0 });
      const [toBob, ofAmy] = await say(new Conversation(amy, bob), 'under way');
      expect([toBob, ofAmy]).toMatchObject([{ status: 'taken', stored: 1 }, gone]);
      const note = new Conversation(amy, amy).append(userTimeline(amy), 1, ['a note']);
      expect(await store().timelines.append([note])).toMatchObject([gone]);
      expect(await readAll(amy)).toEqual(nothingKept);
    });

    test('nobody moves a mark on what they have sent', async () => {
      expect((await markRead())?.moved).toBe(false);
      expect(await store().marks.ofPeers(amy, [bob])).toEqual([[]]);
      expect(await store().marks.versions([amy])).toEqual([0]);
    });

    test('what others hold stays theirs', async () => {
      const texts = textsOf((await readAll(bob)).messages);
      expect(texts).toEqual(expect.arrayContaining(['to amy', 'to bob', 'under way']));
      const read = { timeline: groupTimeline(joined), after: 0, limit: 10 };
      expect(textsOf((await store().timelines.read(read)).messages)).toEqual(['to all']);
    });

    test('finishing ends its memberships and schedules, and the owner is another one', async () => {
      const { groups, schedules } = store();
      await deletions().finish(amy);
      await fixture.another.deletions.finish(amy);
      expect(await groups.of(amy)).toEqual([]);
      expect(await groups.members(joined, 0, 10)).toEqual([bob]);
      expect(await groups.members(own, 0, 10)).toEqual([bob]);
      expect(await groups.find(own)).toMatchObject({ owner: bob });
      expect(await schedules.listOf(amy)).toEqual({ schedules: [], hasMore: false });
      expect(await schedules.cancel({ owner: amy, id: 'later' })).toBe('unknown');
      expect(await deletions().pending()).toContainEqual({ userId: amy, isSettled: false });
    });

    test('its id is never used again, and its name is free', async () => {
      const { accounts } = store();
      const name = `Name${amy}`;
      const deleted = { status: 'deleted' };
      expect(await accounts.register({ userId: amy, name })).toEqual(deleted);
      expect(await accounts.register({ userId: amy, name: `Other${amy}` })).toEqual(deleted);
      const carl = nextUserId();
      const registered = { status: 'registered', created: true, account: { userId: carl, name } };
      expect(await accounts.register({ userId: carl, name })).toEqual(registered);
      expect(await accounts.register({ userId: amy, name })).toEqual(deleted);
      await deletions().finish(amy);
      expect(await accounts.get([carl])).toEqual([{ userId: carl, name }]);
    });
  });

  test('the name is free as soon as the deletion has begun', async () => {
    const userId = await freshAccount();
    await deletions().begin(userId);
    const again = await store().accounts.register({ name: `Name${userId}` });
    expect(again).toMatchObject({ status: 'registered', created: true });
    await deletions().finish(userId);
    expect(await store().accounts.register({ name: `Name${userId}` })).toEqual({
      ...again,
      created: false,
    });
  });

  test('the last member takes the group along', async () => {
    const userId = await freshAccount();
    const group = nextGroup();
    await store().groups.create(group, userId);
    await deletions().begin(userId);
    await deletions().finish(userId);
    expect(await store().groups.find(group)).toBeNull();
  });

  test('to the lobby nobody belongs, so what was said there stays', async () => {
    const userId = await freshAccount();
    const said = new Conversation(userId, lobby).append(groupTimeline(lobby), 1, ['hello']);
    const [{ seq } = { seq: 0 }] = await store().timelines.append([said]);
    await deletions().begin(userId);
    await deletions().finish(userId);
    const page = await store().timelines.read({
      timeline: groupTimeline(lobby),
      after: seq - 1,
      limit: 1,
    });
    expect(textsOf(page.messages)).toEqual(['hello']);
  });
}
