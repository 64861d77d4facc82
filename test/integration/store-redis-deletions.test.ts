/** What Redis keeps of an account that was deleted: all its keys are looked through. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Keys, onDeletion } from '../../src/store/redis/keys.ts';
import { userTimeline } from '../../src/store/timelines.ts';
import { nextGroup, nextUserId } from '../contract/store/users.ts';
import { liveFully, newRace, raceDeletion } from '../support/deletion-race.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { type OpenedStore, openRedisStore } from '../support/redis-store.ts';

const keys = new Keys('cim');
const seeds = Array.from({ length: 10 }, (_, index) => index + 1);
let redis: TestRedis;
let opened: OpenedStore;

beforeAll(async () => {
  redis = await startRedis();
  opened = await openRedisStore(redis.address);
});

/** Of all keys that name the user, or hold the id in a field or as a member: "<ms left, -1 for ever> <key>". */
const findTraces = `
  local found = {}
  for _, key in ipairs(redis.call('KEYS', '*')) do
    local kind, text = redis.call('TYPE', key).ok, key
    if kind == 'hash' then text = text .. table.concat(redis.call('HGETALL', key), ' ')
    elseif kind == 'zset' then text = text .. table.concat(redis.call('ZRANGE', key, 0, -1), ' ')
    elseif kind == 'set' then text = text .. table.concat(redis.call('SMEMBERS', key), ' ')
    elseif kind == 'string' then text = text .. redis.call('GET', key) end
    if string.find(text, ARGV[1], 1, true) then found[#found + 1] = redis.call('PTTL', key) .. ' ' .. key end
  end
  return found`;

async function tracesOf(userId: number): Promise<{ expire: string[]; last: string[] }> {
  const lines = (await redis.command('EVAL', findTraces, '0', `${userId}`)).split('\n');
  const keyOf = (line: string) => line.slice(line.indexOf(' ') + 1);
  return {
    expire: lines.filter((line) => !line.startsWith('-1 ')).map(keyOf),
    last: lines.filter((line) => line.startsWith('-1 ')).map(keyOf),
  };
}

/** Kinds of keys, in order. */
function kindsOf(found: readonly string[]): string[] {
  return [...new Set(found.map((key) => key.split(':')[1] ?? ''))].toSorted();
}

/** As if it had begun long ago: the next `finish` is the last. */
async function settle(userId: number): Promise<void> {
  await redis.command('ZADD', keys.deletions(), '1', `${userId}`);
  await opened.store.deletions.finish(userId);
}

/** Nobody gets the files of the user; they are known until their bytes are gone. */
async function removeFiles(owner: number): Promise<void> {
  const { files } = opened.store;
  const list = await redis.command('ZRANGE', keys.filesOf(owner), '0', '-1');
  const left = list.split('\n').filter(Boolean);
  expect(left).not.toEqual([]);
  expect(await Promise.all(left.map((id) => files.find(id)))).toEqual(left.map(() => null));
  await files.remove(left.map((id) => ({ id, owner })));
}

/** What docs/guides/ones-data.md lists: the id, and the records of others in which it is. */
async function expectNothingElse(userId: number, peers: readonly number[]): Promise<void> {
  await removeFiles(userId);
  const { expire, last } = await tracesOf(userId);
  const records = peers
    .map(userTimeline)
    .flatMap((peer) => [keys.talk(peer), `cim:marks:{${peer}}`]);
  const others = last.filter((key) => !records.includes(key));
  expect(others).toEqual([keys.watchers(userTimeline(userId))]);
  const mayExpire = new Set(['counts', 'from', 'observers', 'request', 'sent']);
  expect(kindsOf(expire).filter((kind) => !mayExpire.has(kind))).toEqual([]);
}

test('nothing but the id for ever, what others hold, and what expires by itself', async () => {
  const race = newRace();
  const { amy, bob } = race;
  const { deletions, conversations, groups } = opened.store;
  await liveFully(race, opened.store);
  const before = await tracesOf(amy);
  const kinds = kindsOf([...before.expire, ...before.last]);
  // What a deletion has to do something about is all there: of a new kind of key, make one there.
  const ofUser = Object.entries(onDeletion).filter(([, what]) => what !== 'others');
  const notYet = ['counts', 'deletions'];
  for (const [kind] of ofUser.filter(([each]) => !notYet.includes(each)))
    expect(kinds).toContain(kind);
  await deletions.begin(amy);
  await deletions.finish(amy);
  expect(await deletions.pending()).toContainEqual({ userId: amy, isSettled: false });

  // As a route does that has not heard of it; a join under way has done its first step.
  await conversations.block(amy, nextUserId());
  await groups.create(nextGroup(), amy);
  await settle(amy);

  expect(await deletions.pending()).not.toContainEqual(expect.objectContaining({ userId: amy }));
  await expectNothingElse(amy, [bob]);
  expect(await deletions.begin(amy)).toEqual({ status: 'deleted' });
  expect(await deletions.isDeleted(amy)).toBe(true);
});

describe('while people write, log in, join and mark', () => {
  test.each(seeds)('nothing is left over, seed %i', async (seed) => {
    const race = newRace();
    const other = await openRedisStore(redis.address);
    await liveFully(race, opened.store);
    await raceDeletion(race, { seed, store: opened.store, deleter: other.store });
    await settle(race.amy);
    await expectNothingElse(race.amy, [race.bob]);
  });

  test.each(seeds)('nor where the route dies in the middle of it, seed %i', async (seed) => {
    const race = newRace();
    const dying = await openRedisStore(redis.address);
    await liveFully(race, opened.store);
    await raceDeletion(race, {
      ...{ seed, store: opened.store, deleter: dying.store },
      dies: async (random) => {
        for (let turn = random.integer(0, 20); turn > 0; turn--) await nextTurn();
        await dying.store.close();
      },
    });
    await settle(race.amy);
    await expectNothingElse(race.amy, [race.bob]);
  });
});

test('all keys are of kinds of which it is decided what a deletion does with them', async () => {
  const all = (await redis.command('KEYS', '*')).split('\n');
  const decided = Object.keys(onDeletion);
  expect(kindsOf(all).filter((kind) => !decided.includes(kind))).toEqual([]);
});

test('that was noted before a route died is begun by the next one, and forgotten if it never was', async () => {
  const userId = nextUserId();
  await redis.command('ZADD', keys.deletions(), '1', `${userId}`);
  const { deletions } = opened.store;
  expect(await deletions.begin(userId)).toEqual({ status: 'unknown' });
  await deletions.finish(userId);
  expect(await deletions.pending()).toEqual([]);
});
