import { describe, expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import { lobby } from '../../../src/codec/commands.ts';
import { type JoinResult, unreadableUpTo } from '../../../src/store/groups.ts';
import { groupTimeline } from '../../../src/store/timelines.ts';
import { Conversation, textsOf } from '../../support/messages.ts';
import type { StoreFixture } from '../store.ts';
import { nextGroup, nextUserId } from './users.ts';

const nobodyYet = 0;

export function describeGroups(fixture: StoreFixture): void {
  const groups = () => fixture.store.groups;
  const timelines = () => fixture.store.timelines;
  /** A group of its own with its owner and members, in the order of their joining. */
  const freshGroup = async (members = 0) => {
    const name = nextGroup();
    const owner = nextUserId();
    await groups().create(name, owner);
    const others = Array.from({ length: members }, nextUserId);
    for (const userId of others) await groups().join(name, userId);
    return { name, owner, others };
  };
  /** One text to the group, by somebody whom nobody asks. */
  const say = async (name: string, text = 'hi') => {
    const run = new Conversation(nextUserId(), name).append(groupTimeline(name), 1, [text]);
    const [result] = await timelines().append([run]);
    expect(result).toMatchObject({ status: 'taken' });
    return result!.seq;
  };
  const read = (name: string, after = 0) =>
    timelines().read({ timeline: groupTimeline(name), after, limit: limits.pageMessagesMax });
  const namesOf = async (userId: number) => (await groups().of(userId)).map(({ group }) => group);
  const isMember = async (name: string, userId: number) =>
    (await groups().memberships([{ group: name, userId }]))[0] !== null;

  describe('what members may read', () => {
    const placeOf = async (name: string, userId: number) =>
      (await groups().memberships([{ group: name, userId }]))[0]!;

    test('is what was said since their latest joining, unless the group was made otherwise', async () => {
      const { name, others } = await freshGroup(1);
      await say(name);
      const [userId] = others as [number];
      expect(unreadableUpTo(await placeOf(name, userId))).toBe(0);
      await groups().leave(name, userId);
      await say(name);
      await groups().join(name, userId);
      expect(await placeOf(name, userId)).toMatchObject({ joined: 2, history: 'joined' });
      await say(name);
      expect(unreadableUpTo(await placeOf(name, userId))).toBe(2);
      expect(await groups().of(userId)).toEqual([await placeOf(name, userId)]);
    });

    test('is all of a group that was made so, for good, on every store of the cluster', async () => {
      const [name, owner, userId] = [nextGroup(), nextUserId(), nextUserId()];
      const created = await groups().create(name, owner, 'all');
      expect(created).toMatchObject({ status: 'joined', membership: { history: 'all' } });
      await say(name);
      const again = await groups().create(name, owner, 'joined');
      expect(again).toMatchObject({
        status: 'joined',
        already: true,
        membership: { history: 'all' },
      });
      const joined = await fixture.another.groups.join(name, userId);
      expect(joined).toMatchObject({ membership: { joined: 1, history: 'all' } });
      expect(unreadableUpTo(await placeOf(name, userId))).toBe(0);
      expect(await fixture.another.groups.find(name)).toMatchObject({ history: 'all' });
      // The next of this name is another group.
      for (const each of [owner, userId]) await groups().leave(name, each);
      await groups().create(name, userId);
      expect(await groups().find(name)).toMatchObject({ owner: userId, history: 'joined' });
    });
  });

  describe('creating', () => {
    test('makes a group and its owner a member', async () => {
      const [name, owner] = [nextGroup(), nextUserId()];
      expect(await groups().find(name)).toBeNull();
      const membership = {
        group: name,
        joined: 0,
        cursor: 0,
        head: 0,
        history: 'joined',
        keyEpoch: 0,
      };
      expect(await groups().create(name, owner)).toEqual({
        status: 'joined',
        owner,
        already: false,
        membership,
      });
      expect(await groups().find(name)).toMatchObject({ name, owner });
      expect(await groups().of(owner)).toEqual([membership]);
      expect(await groups().members(name, nobodyYet, 10)).toEqual([owner]);
    });

    test('again is harmless for the owner, and refused to others, members or not', async () => {
      const { name, owner, others } = await freshGroup(1);
      await say(name);
      expect(await groups().create(name, owner)).toEqual({
        status: 'joined',
        owner,
        already: true,
        membership: { group: name, joined: 0, cursor: 0, head: 1, history: 'joined', keyEpoch: 0 },
      });
      for (const userId of [others[0]!, nextUserId()]) {
        expect(await groups().create(name, userId)).toEqual({ status: 'group-exists', owner });
      }
      expect(await namesOf(others[0]!)).toEqual([name]);
      expect(await groups().members(name, nobodyYet, 10)).toEqual([owner, others[0]]);
    });

    test('by many at once: one owns it, the others hear who', async () => {
      const name = nextGroup();
      const users = Array.from({ length: 10 }, nextUserId);
      const results = await Promise.all(
        users.map((userId, index) =>
          (index % 2 === 0 ? fixture.store : fixture.another).groups.create(name, userId),
        ),
      );
      const { owner } = (await groups().find(name))!;
      for (const [index, userId] of users.entries()) {
        expect(results[index]).toMatchObject({
          status: userId === owner ? 'joined' : 'group-exists',
          owner,
        });
        expect(await namesOf(userId)).toEqual(userId === owner ? [name] : []);
      }
    });
  });

  describe('joining', () => {
    test('a group that does not exist is refused, and leaves nothing', async () => {
      const [name, userId] = [nextGroup(), nextUserId()];
      expect(await groups().join(name, userId)).toEqual({ status: 'unknown-group' });
      expect(await groups().of(userId)).toEqual([]);
      expect(await groups().find(name)).toBeNull();
      expect(await groups().members(name, nobodyYet, 10)).toEqual([]);
    });

    test('begins at the head of the timeline', async () => {
      const { name, owner } = await freshGroup();
      await say(name);
      await say(name);
      const userId = nextUserId();
      expect(await groups().join(name, userId)).toEqual({
        status: 'joined',
        owner,
        already: false,
        membership: { group: name, joined: 2, cursor: 2, head: 2, history: 'joined', keyEpoch: 0 },
      });
      await say(name);
      expect(await groups().of(userId)).toEqual([
        { group: name, joined: 2, cursor: 2, head: 3, history: 'joined', keyEpoch: 0 },
      ]);
    });

    test('again changes nothing', async () => {
      const { name, owner } = await freshGroup();
      const userId = nextUserId();
      await groups().join(name, userId);
      await say(name);
      await groups().acknowledge([{ userId, group: name, seq: 1 }]);
      await say(name);
      const membership = {
        group: name,
        joined: 0,
        cursor: 1,
        head: 2,
        history: 'joined',
        keyEpoch: 0,
      };
      expect(await groups().join(name, userId)).toEqual({
        status: 'joined',
        owner,
        already: true,
        membership,
      });
      expect(await groups().of(userId)).toEqual([membership]);
    });

    test('of one user many times at once is one membership', async () => {
      const { name, owner } = await freshGroup();
      const userId = nextUserId();
      const results = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          (index % 2 === 0 ? fixture.store : fixture.another).groups.join(name, userId),
        ),
      );
      expect(results.filter((result) => isNew(result))).toHaveLength(1);
      expect(results.filter(({ status }) => status === 'joined')).toHaveLength(10);
      expect(await groups().members(name, nobodyYet, 10)).toEqual([owner, userId]);
      expect(await namesOf(userId)).toEqual([name]);
    });

    test('is for so many groups, and there is room again when one is left', async () => {
      const userId = nextUserId();
      const names = Array.from({ length: limits.groupsPerUserMax }, nextGroup);
      for (const name of names) await groups().create(name, userId);
      const { name: full } = await freshGroup();
      expect(await groups().join(full, userId)).toEqual({ status: 'too-many' });
      expect(await groups().create(nextGroup(), userId)).toEqual({ status: 'too-many' });
      expect(await isMember(full, userId)).toBe(false);
      // It is in this one already.
      expect(await groups().join(names[0]!, userId)).toMatchObject({ already: true });
      await groups().leave(names[0]!, userId);
      expect(await groups().join(full, userId)).toMatchObject({ status: 'joined' });
      expect(await namesOf(userId)).toEqual([...names.slice(1), full].toSorted());
    });

    test('has no limit that refused joins use up', async () => {
      const userId = nextUserId();
      const { name } = await freshGroup();
      for (let count = 0; count <= limits.groupsPerUserMax; count += 1) {
        expect(await groups().join(nextGroup(), userId)).toEqual({ status: 'unknown-group' });
        expect(await groups().create(name, userId)).toMatchObject({ status: 'group-exists' });
      }
      expect(await groups().join(name, userId)).toMatchObject({ status: 'joined' });
    });
  });

  describe('leaving', () => {
    test('ends a membership once', async () => {
      const { name, owner, others } = await freshGroup(1);
      const userId = others[0]!;
      expect(await groups().leave(name, userId)).toBe(true);
      expect(await groups().leave(name, userId)).toBe(false);
      expect(await groups().of(userId)).toEqual([]);
      expect(await isMember(name, userId)).toBe(false);
      expect(await groups().members(name, nobodyYet, 10)).toEqual([owner]);
      expect(await groups().find(name)).toMatchObject({ name, owner });
      expect(await groups().leave(nextGroup(), userId)).toBe(false);
    });

    test('and joining again starts anew', async () => {
      const { name, others } = await freshGroup(1);
      const userId = others[0]!;
      await say(name);
      await groups().acknowledge([{ userId, group: name, seq: 1 }]);
      await groups().leave(name, userId);
      await say(name);
      await say(name);
      await groups().acknowledge([{ userId, group: name, seq: 2 }]);
      expect(await groups().join(name, userId)).toMatchObject({
        already: false,
        membership: { joined: 3, cursor: 3, head: 3 },
      });
    });

    test('of the owner: who has been in it for longest becomes the owner', async () => {
      const { name, owner, others } = await freshGroup(3);
      const [second, third, fourth] = others as [number, number, number];
      // By leaving and joining again one goes to the end of the line.
      await groups().leave(name, second);
      await groups().join(name, second);
      await groups().leave(name, owner);
      expect(await groups().find(name)).toMatchObject({ name, owner: third });
      await groups().leave(name, third);
      expect(await groups().find(name)).toMatchObject({ name, owner: fourth });
      await groups().leave(name, fourth);
      expect(await groups().find(name)).toMatchObject({ name, owner: second });
      // The name is the new owner's now.
      expect(await groups().create(name, owner)).toEqual({ status: 'group-exists', owner: second });
      expect(await groups().create(name, second)).toMatchObject({ already: true });
    });

    test('of the last one: the group and its messages are gone, its counter goes on', async () => {
      const { name, owner } = await freshGroup();
      const server = { instance: 'instance-a', address: '10.0.0.1:9000:8081' };
      await timelines().addInterest(name, server);
      await say(name, 'old');
      await say(name, 'old');
      await groups().leave(name, owner);
      expect(await groups().find(name)).toBeNull();
      expect(await groups().members(name, nobodyYet, 10)).toEqual([]);
      expect(await groups().join(name, owner)).toEqual({ status: 'unknown-group' });
      expect(await read(name)).toEqual({ messages: [], head: 2, first: 3, rewound: false });

      const somebody = nextUserId();
      expect(await groups().create(name, somebody)).toEqual({
        status: 'joined',
        owner: somebody,
        already: false,
        membership: { group: name, joined: 2, cursor: 2, head: 2, history: 'joined', keyEpoch: 0 },
      });
      expect(await say(name, 'new')).toBe(3);
      const { messages } = await read(name);
      expect(textsOf(messages)).toEqual(['new']);
      expect(messages[0]?.seq).toBe(3);
    });

    test('of all at once leaves nothing, and of all but one a group with an owner', async () => {
      const one = await freshGroup(9);
      const other = await freshGroup(9);
      const leaving = [
        ...[one.owner, ...one.others].map((userId) => ({ name: one.name, userId })),
        ...[other.owner, ...other.others.slice(1)].map((userId) => ({ name: other.name, userId })),
      ];
      const left = await Promise.all(
        leaving.map(({ name, userId }, index) =>
          (index % 2 === 0 ? fixture.store : fixture.another).groups.leave(name, userId),
        ),
      );
      expect(left).toEqual(leaving.map(() => true));
      expect(await groups().find(one.name)).toBeNull();
      expect(await groups().find(other.name)).toMatchObject({
        name: other.name,
        owner: other.others[0],
      });
    });

    test('and joining at once, again and again: the list and the group agree in the end', async () => {
      const { name } = await freshGroup();
      const users = Array.from({ length: 20 }, nextUserId);
      await Promise.all(
        users.flatMap((userId) =>
          Array.from({ length: 6 }, (_, index) => {
            const { groups } = index % 3 === 0 ? fixture.another : fixture.store;
            return index % 2 === 0 ? groups.join(name, userId) : groups.leave(name, userId);
          }),
        ),
      );
      for (const userId of users) {
        expect(await namesOf(userId)).toEqual((await isMember(name, userId)) ? [name] : []);
      }
    });
  });

  describe('cursors', () => {
    test('move forward, not beyond the head, and never back', async () => {
      const { name, owner } = await freshGroup();
      for (let count = 0; count < 5; count += 1) await say(name);
      const acknowledge = async (seq: number) => {
        await groups().acknowledge([{ userId: owner, group: name, seq }]);
        return (await groups().of(owner))[0]?.cursor;
      };
      expect(await acknowledge(3)).toBe(3);
      expect(await acknowledge(2)).toBe(3);
      expect(await acknowledge(99)).toBe(5);
      expect(await acknowledge(4)).toBe(5);
    });

    test('are one per user and group, and not lower than where the user joined', async () => {
      const { name, owner } = await freshGroup();
      const { name: other } = await freshGroup();
      await groups().join(other, owner);
      for (let count = 0; count < 3; count += 1) await say(name);
      await say(other);
      const late = nextUserId();
      await groups().join(name, late);
      await groups().acknowledge([
        { userId: owner, group: name, seq: 2 },
        { userId: late, group: name, seq: 1 },
        { userId: owner, group: other, seq: 1 },
      ]);
      const cursors = async (userId: number) =>
        Object.fromEntries((await groups().of(userId)).map(({ group, cursor }) => [group, cursor]));
      expect(await cursors(owner)).toEqual({ [name]: 2, [other]: 1 });
      expect(await cursors(late)).toEqual({ [name]: 3 });
    });

    test('of who is not in the group are ignored', async () => {
      const { name } = await freshGroup();
      const userId = nextUserId();
      await say(name);
      await groups().acknowledge([
        { userId, group: name, seq: 1 },
        { userId, group: nextGroup(), seq: 1 },
      ]);
      expect(await groups().of(userId)).toEqual([]);
      expect(await isMember(name, userId)).toBe(false);
      await groups().acknowledge([]);
    });
  });

  test('the groups of a user come by name', async () => {
    const userId = nextUserId();
    // Also such as an object would take for something else.
    const names = ['b', 'a', '__proto__', 'Z', 'ä', '10', '9', '\u{1F600}', '\uFFFD'].map(
      (name) => `${name} ${userId}`,
    );
    for (const name of [...names, '__proto__']) await groups().create(name, userId);
    expect(await namesOf(userId)).toEqual([...names, '__proto__'].toSorted());
    await groups().leave('__proto__', userId);
  });

  test('names differ by any character', async () => {
    const { name } = await freshGroup();
    expect(await groups().find(name.toUpperCase())).toBeNull();
    expect(await groups().find(`${name} `)).toBeNull();
  });

  test('whether users are members is answered in the order asked', async () => {
    const one = await freshGroup(1);
    const other = await freshGroup();
    const questions: [group: string, userId: number, answer: boolean][] = [
      [one.name, one.owner, true],
      [other.name, one.owner, false],
      [one.name, one.others[0]!, true],
      [nextGroup(), one.owner, false],
      [other.name, other.owner, true],
      [one.name, nextUserId(), false],
    ];
    const memberships = await groups().memberships(
      questions.map(([group, userId]) => ({ group, userId })),
    );
    expect(memberships.map((membership) => membership?.group ?? null)).toEqual(
      questions.map(([group, , answer]) => (answer ? group : null)),
    );
    expect(await groups().memberships([])).toEqual([]);
  });

  test('interest is answered with the head of the timeline, and the version of the group', async () => {
    const { name } = await freshGroup();
    const server = { instance: 'instance-a', address: '10.0.0.1:9000:8081' };
    expect(await timelines().addInterest(name, server)).toEqual({ head: 0, version: 1 });
    await say(name);
    await say(name);
    expect(await timelines().addInterest(name, server)).toEqual({ head: 2, version: 1 });
    await groups().change(name, (await groups().find(name))!.owner, { kind: 'set', title: 'new' });
    expect(await timelines().addInterest(name, server)).toEqual({ head: 2, version: 2 });
  });

  test('of a group that does not exist, or has ended, no interest is left', async () => {
    const server = { instance: 'instance-a', address: '10.0.0.1:9000:8081' };
    const other = { ...server, instance: 'instance-b' };
    const madeUp = nextGroup();
    expect(await timelines().addInterest(madeUp, server)).toBeNull();
    expect(await timelines().watchers([groupTimeline(madeUp)])).toEqual([[]]);
    const { name, owner } = await freshGroup();
    await timelines().addInterest(name, server);
    await timelines().addInterest(name, other);
    await groups().leave(name, owner);
    expect(await timelines().addInterest(name, server)).toBeNull();
    await timelines().removeInterest(name, other.instance);
    expect(await timelines().watchers([groupTimeline(name)])).toEqual([[]]);
    // The lobby has no record, and is always there.
    expect(await timelines().addInterest(lobby, server)).toEqual({
      head: expect.any(Number),
      version: 0,
    });
    await timelines().removeInterest(lobby, server.instance);
  });

  test('a crowd joins at once, is paged through, and hears of one message', async () => {
    const { name, owner } = await freshGroup();
    const users = Array.from({ length: fixture.crowd }, nextUserId);
    await inParallel(users, 200, async (userId, index) => {
      const store = index % 2 === 0 ? fixture.store : fixture.another;
      expect(await store.groups.join(name, userId)).toMatchObject({ already: false });
    });
    const everybody = [owner, ...users].toSorted((one, other) => one - other);
    const paged: number[] = [];
    for (;;) {
      const page = await groups().members(name, paged.at(-1) ?? nobodyYet, limits.membersPageMax);
      expect(page.length).toBeLessThanOrEqual(limits.membersPageMax);
      if (page.length === 0) break;
      paged.push(...page);
    }
    expect(paged).toEqual(everybody);

    const server = { instance: 'instance-a', address: '10.0.0.1:9000:8081' };
    await timelines().addInterest(name, server);
    const run = new Conversation(owner, name).append(groupTimeline(name), 1, ['to all']);
    const [result] = await timelines().append([{ ...run, onlyIfMember: owner }]);
    expect(result).toMatchObject({ status: 'taken', seq: 1, watchers: [server] });
    expect(result?.watchers).toHaveLength(1);
    await groups().acknowledge(users.map((userId) => ({ userId, group: name, seq: 1 })));
    for (const userId of [users[0]!, users.at(-1)!]) {
      expect(await groups().of(userId)).toEqual([
        { group: name, joined: 0, cursor: 1, head: 1, history: 'joined', keyEpoch: 0 },
      ]);
    }
    // The next owner is found among all of them.
    await groups().leave(name, owner);
    expect(users).toContain((await groups().find(name))?.owner);
  });
}

function isNew(result: JoinResult): boolean {
  return result.status === 'joined' && !result.already;
}

async function inParallel<Item>(
  items: readonly Item[],
  parallel: number,
  work: (item: Item, index: number) => Promise<void>,
): Promise<void> {
  const left = items.entries();
  const worker = async () => {
    for (const [index, item] of left) await work(item, index);
  };
  await Promise.all(Array.from({ length: parallel }, worker));
}
