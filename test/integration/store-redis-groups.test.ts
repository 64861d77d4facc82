/** Named groups in Redis: what a crash between the two steps of joining and leaving leaves, and what heals it. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { limits } from '../../src/base/limits.ts';
import type { Groups } from '../../src/store/groups.ts';
import { Keys } from '../../src/store/redis/keys.ts';
import { scripts } from '../../src/store/redis/scripts.ts';
import { groupTimeline } from '../../src/store/timelines.ts';
import { nextGroup, nextUserId } from '../contract/store/users.ts';
import { drawOf, encryptedGroup, gaveTo } from '../support/group-keys.ts';
import { Conversation } from '../support/messages.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { type OpenedStore, openRedisStore } from '../support/redis-store.ts';

const keys = new Keys('cim');
let redis: TestRedis;
let opened: OpenedStore;
let groups: Groups;

beforeAll(async () => {
  redis = await startRedis();
  opened = await openRedisStore(redis.address);
  groups = opened.store.groups;
});

async function freshGroup(): Promise<{ name: string; owner: number; userId: number }> {
  const [name, owner] = [nextGroup(), nextUserId()];
  await groups.create(name, owner);
  return { name, owner, userId: nextUserId() };
}

/** The first step of a join alone; gives the number of the listing. */
function list(name: string, userId: number): Promise<string> {
  const { text } = scripts.listGroup;
  const full = `${limits.groupsPerUserMax}`;
  return redis.command('EVAL', text, '1', keys.groupsOf(userId), name, full);
}

/** The second step of a join alone. */
async function enter(name: string, userId: number, listing: string): Promise<string | undefined> {
  const timeline = groupTimeline(name);
  const reply = await redis.command(
    'EVAL',
    scripts.joinGroup.text,
    '10',
    ...[keys.group(name), keys.members(timeline), keys.roll(name), keys.head(timeline)],
    ...[keys.standing(name), keys.invited(name), keys.removed(name)],
    ...[keys.delivered(name), keys.read(name), keys.talk(timeline)],
    ...[`${userId}`, listing, `${limits.groupJoinMs / 2}`, '10', '', name, '0', '10', '10'],
  );
  return reply.split('\n')[0];
}

/** The first step of a leave alone. */
function exit(name: string, userId: number): Promise<string> {
  const timeline = groupTimeline(name);
  return redis.command(
    'EVAL',
    scripts.leaveGroup.text,
    '11',
    ...[keys.group(name), keys.members(timeline), keys.roll(name), keys.log(timeline)],
    ...[keys.talk(timeline), keys.head(timeline), keys.standing(name)],
    ...[keys.invited(name), keys.removed(name), keys.delivered(name), keys.read(name)],
    ...[`${userId}`, `${limits.endedGroupMs}`, '10'],
  );
}

/** The last step of a leave alone. */
function unlist(name: string, userId: number, listing: string): Promise<string> {
  const { text } = scripts.unlistGroup;
  return redis.command('EVAL', text, '1', keys.groupsOf(userId), '0', name, listing);
}

/** As if the listings had been made so long ago, all at one time; gives their number. */
async function age(userId: number, ageMs: number, ...names: readonly string[]): Promise<string> {
  const number = `${(Date.now() - ageMs) * 1_000}`;
  const listings = names.flatMap((name) => [name, number]);
  await redis.command('HSET', keys.groupsOf(userId), ...listings);
  return number;
}

async function namesOf(userId: number): Promise<string[]> {
  return (await groups.of(userId)).map(({ group }) => group);
}

function listed(userId: number): Promise<string> {
  return redis.command('HLEN', keys.groupsOf(userId));
}

test('who is the owner next is found without a look at all members', async () => {
  const { name, owner, userId } = await freshGroup();
  const [earlier, later] = [nextUserId(), nextUserId()];
  // In another order than that of their ids.
  for (const member of [later, earlier, userId]) await groups.join(name, member);
  await redis.command('CONFIG', 'RESETSTAT');
  await exit(name, owner);
  expect(await redis.command('INFO', 'commandstats')).not.toMatch(/cmdstat_(hgetall|hkeys|hscan)/);
  expect(await groups.find(name)).toMatchObject({ owner: later });
  await exit(name, later);
  expect(await groups.find(name)).toMatchObject({ owner: earlier });
});

describe('a join that crashed between its steps', () => {
  test('is none: the group decides', async () => {
    const { name, owner, userId } = await freshGroup();
    await list(name, userId);
    expect(await namesOf(userId)).toEqual([]);
    expect(await groups.memberships([{ group: name, userId }])).toEqual([null]);
    expect(await groups.members(name, 0, 10)).toEqual([owner]);
  });

  test('is completed by the next attempt', async () => {
    const { name, userId } = await freshGroup();
    await list(name, userId);
    expect(await groups.join(name, userId)).toMatchObject({ status: 'joined', already: false });
    expect(await namesOf(userId)).toEqual([name]);
  });

  test('can be left, and be taken off the list', async () => {
    const { name, userId } = await freshGroup();
    await list(name, userId);
    expect(await groups.leave(name, userId)).toBe(false);
    expect(await namesOf(userId)).toEqual([]);
  });

  test('does not count for ever: a full list is tidied up', async () => {
    const { name, userId } = await freshGroup();
    const [real, ...others] = Array.from({ length: limits.groupsPerUserMax }, nextGroup);
    await groups.create(real!, userId);
    await age(userId, limits.groupJoinMs / 2, ...others);
    // Any of them may still become a membership.
    expect(await groups.join(name, userId)).toEqual({ status: 'too-many' });
    await age(userId, limits.groupJoinMs + 1_000, ...others);
    expect(await groups.join(name, userId)).toMatchObject({ status: 'joined' });
    expect(await namesOf(userId)).toEqual([real, name].toSorted());
    expect(await listed(userId)).toBe('2');
  });

  test('can not be completed when its listing may have been tidied up', async () => {
    const { name, owner, userId } = await freshGroup();
    const listing = await age(userId, limits.groupJoinMs / 2 + 1_000, name);
    expect(await enter(name, userId, listing)).toBe('late');
    expect(await groups.members(name, 0, 10)).toEqual([owner]);
  });
});

describe('a leave that crashed between its steps', () => {
  test('has happened: the group decides', async () => {
    const { name, userId } = await freshGroup();
    await groups.join(name, userId);
    await exit(name, userId);
    expect(await listed(userId)).toBe('1');
    expect(await namesOf(userId)).toEqual([]);
    expect(await groups.leave(name, userId)).toBe(false);
  });

  test('does not keep the user from joining again, anew', async () => {
    const { name, userId } = await freshGroup();
    await groups.join(name, userId);
    await exit(name, userId);
    const say = new Conversation(nextUserId(), name).append(groupTimeline(name), 1, ['meanwhile']);
    await opened.store.timelines.append([say]);
    expect(await groups.join(name, userId)).toMatchObject({
      already: false,
      membership: { joined: 1, cursor: 1 },
    });
    expect(await namesOf(userId)).toEqual([name]);
  });

  test.each([
    ['before', true],
    ['after', false],
  ])(
    'and wakes up does not take away the join whose first step came %s its own first',
    async (_, joinFirst) => {
      const { name, userId } = await freshGroup();
      await groups.join(name, userId);
      let [listing, left] = ['', ''];
      if (joinFirst) listing = await list(name, userId);
      left = await exit(name, userId);
      if (!joinFirst) listing = await list(name, userId);
      expect(await enter(name, userId, listing)).toBe('joined');
      await unlist(name, userId, left);
      expect(await namesOf(userId)).toEqual([name]);
      // And this one knows which listing is its own.
      expect(await groups.leave(name, userId)).toBe(true);
      expect(await listed(userId)).toBe('0');
    },
  );
});

test('a group that is gone leaves its counter, and nothing that stays for ever besides', async () => {
  const { name, owner } = await freshGroup();
  const timeline = groupTimeline(name);
  const conversation = new Conversation(owner, name);
  await opened.store.timelines.append([conversation.append(timeline, 1, ['old'])]);
  await groups.leave(name, owner);
  const exist = async (...names: string[]) => Number(await redis.command('EXISTS', ...names));
  expect(await exist(keys.group(name), keys.members(timeline), keys.roll(name))).toBe(0);
  expect(await exist(keys.groupsOf(owner))).toBe(0);
  expect(await redis.command('GET', keys.head(timeline))).toBe('1');
  // What is written to it later has an end as well.
  await opened.store.timelines.append([conversation.append(timeline, 2, ['new'])]);
  expect(await redis.command('XLEN', keys.log(timeline))).toBe('1');
  expect(Number(await redis.command('PTTL', keys.log(timeline)))).toBeGreaterThan(0);
});

test('the number of a group that has ended goes after a while; a new one of its name keeps it', async () => {
  const { name, owner } = await freshGroup();
  const timeline = groupTimeline(name);
  await opened.store.timelines.append([
    new Conversation(owner, name).append(timeline, 1, ['one', 'two']),
  ]);
  const lifeMs = async () => Number(await redis.command('PTTL', keys.head(timeline)));
  expect(await lifeMs()).toBe(-1);
  await groups.leave(name, owner);
  expect(await lifeMs()).toBeGreaterThan(limits.endedGroupMs - 60_000);
  expect(await lifeMs()).toBeLessThanOrEqual(limits.endedGroupMs);
  expect(await groups.create(name, owner)).toMatchObject({ membership: { joined: 2, head: 2 } });
  expect(await lifeMs()).toBe(-1);
});

describe('the register of an encrypted group', () => {
  /** What there is of the group, but for what outlasts it. */
  const keysOf = async (name: string) => {
    const known = await redis.command('KEYS', '*');
    const tag = keys.group(name).slice('cim:group:'.length);
    return known
      .split('\n')
      .filter((key) => key.includes(tag))
      .map((key) => key.replace(tag, '').slice('cim:'.length))
      .toSorted();
  };

  test('ends with its group, and what was sealed for a member with the membership', async () => {
    const { name, owner, members, slots, due } = await encryptedGroup(opened.store, 3);
    const { groupKeys } = opened.store;
    const [, member = 0, another = 0] = members;
    await groupKeys.draw(drawOf(name, owner, await due(), await slots('a')));
    await groupKeys.give(name, member, [gaveTo(another, 3)]);
    const next = { ...drawOf(name, another, 4, await slots('b')), commit: false };
    await groupKeys.draw(next);
    expect(await keysOf(name)).toEqual(
      expect.arrayContaining([
        ...['changes:', 'draw::3', 'draws:', `given::${another}`, 'since:', `staged::${another}`],
      ]),
    );
    await groups.leave(name, another);
    const draw = `${keys.group(name).replace(':group:', ':draw:')}:3`;
    expect(await redis.command('HGET', draw, `${another}`)).toBe('');
    expect((await keysOf(name)).filter((key) => key.includes(`${another}`))).toEqual([]);
    for (const userId of members) await groups.leave(name, userId);
    expect(await keysOf(name)).toEqual([]);
  });

  test('forgets what is staged, and nothing that counts', async () => {
    const { name, owner, slots } = await encryptedGroup(opened.store, 2);
    const draw = drawOf(name, owner, 2, await slots('a'));
    await opened.store.groupKeys.draw({ ...draw, commit: false });
    const key = (kind: string) => keys.group(name).replace(':group:', `:${kind}:`);
    const life = Number(await redis.command('PTTL', `${key('staged')}:${owner}`));
    expect(life).toBeGreaterThan(0);
    expect(life).toBeLessThanOrEqual(limits.groupKeyStagedMs);
    await redis.command('DEL', `${key('staged')}:${owner}`);
    // As if it had expired.
    expect(await opened.store.groupKeys.draw({ ...draw, slots: [] })).toMatchObject({
      status: 'incomplete',
      missing: [owner, owner + 1],
    });
    await opened.store.groupKeys.draw(draw);
    expect(await redis.command('PTTL', `${key('draw')}:2`)).toBe('-1');
  });

  test('takes the pages of the largest group', async () => {
    const { name, owner, slots, due } = await encryptedGroup(
      opened.store,
      limits.encryptedGroupMembersMax,
    );
    const all = await slots('s'.repeat(100));
    const draw = { ...drawOf(name, owner, await due(), []), draw: 'd'.repeat(22) };
    const pages = [];
    for (let from = 0; from < all.length; from += limits.groupKeySlotsPerCallMax)
      pages.push(all.slice(from, from + limits.groupKeySlotsPerCallMax));
    const statuses = [];
    for (const [index, page] of pages.entries()) {
      const commit = index === pages.length - 1;
      const drawn = await opened.store.groupKeys.draw({ ...draw, slots: page, commit });
      statuses.push(typeof drawn === 'string' ? drawn : drawn.status);
    }
    expect(statuses).toEqual(['staged', 'staged', 'committed']);
    expect(await groups.join(name, nextUserId(), true)).toEqual({ status: 'too-many' });
  });
});
