/** What Redis keeps of an account that was deleted: all its keys are looked through. */
import { beforeAll, expect, test } from '@jest/globals';
import { Keys } from '../../src/store/redis/keys.ts';
import { groupTimeline, userTimeline } from '../../src/store/timelines.ts';
import { nextGroup, nextUserId, opening } from '../contract/store/users.ts';
import { Conversation } from '../support/messages.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { type OpenedStore, openRedisStore } from '../support/redis-store.ts';

const keys = new Keys('cim');
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

async function liveFully(userId: number): Promise<void> {
  const { accounts, groups, conversations, schedules, requests, sessions, timelines } =
    opened.store;
  const [group, bob] = [nextGroup(), nextUserId()];
  await accounts.register({ userId, name: `Name${userId}`, verifier: 'v' });
  await accounts.offerKeys(userId, { publicKey: 'p', wrappedKey: 'w' });
  await groups.create(group, userId);
  await groups.join(group, bob);
  await conversations.block(userId, bob);
  await schedules.create({ id: 's', owner: userId, payload: Buffer.from('x') }, 1e6);
  await schedules.create({ id: 'cancelled', owner: userId, payload: Buffer.from('x') }, 1e6);
  await schedules.cancel({ id: 'cancelled', owner: userId });
  await requests.claim({ owner: userId, key: 'k', fingerprint: 'f', epochHex: 'e' });
  await sessions.open([opening(userId)]);
  await sessions.assignJava(userId, '10.0.0.1:9000:8081');
  const notes = new Conversation(userId, userId).append(userTimeline(userId), 1, ['mine']);
  const said = new Conversation(userId, group).append(groupTimeline(group), 1, ['to all']);
  await timelines.append([notes, { ...said, onlyIfMember: userId }]);
}

test('is the id for ever, what was said in groups, and what expires by itself', async () => {
  const userId = nextUserId();
  await liveFully(userId);
  const { deletions, conversations, groups } = opened.store;
  expect((await tracesOf(userId)).last.length).toBeGreaterThan(8);
  await deletions.begin(userId);
  await deletions.finish(userId);
  expect(await deletions.pending()).toEqual([{ userId, isSettled: false }]);

  // As a route does that has not heard of it; a join under way has done its first step.
  await conversations.block(userId, nextUserId());
  await groups.create(nextGroup(), userId);
  await redis.command('ZADD', keys.deletions(), '1', `${userId}`);
  expect(await deletions.pending()).toEqual([{ userId, isSettled: true }]);
  await deletions.finish(userId);

  expect(await deletions.pending()).toEqual([]);
  const { expire, last } = await tracesOf(userId);
  expect(last).toEqual([keys.watchers(userTimeline(userId))]);
  const kinds = new Set(expire.map((key) => key.split(':')[1]));
  expect([...kinds].toSorted()).toEqual(['counts', 'from', 'request', 'sent']);
  expect(await deletions.begin(userId)).toEqual({ status: 'deleted' });
  expect(await deletions.isDeleted(userId)).toBe(true);
});

test('that was noted before a route died is begun by the next one, and forgotten if it never was', async () => {
  const userId = nextUserId();
  await redis.command('ZADD', keys.deletions(), '1', `${userId}`);
  const { deletions } = opened.store;
  expect(await deletions.begin(userId)).toEqual({ status: 'unknown' });
  await deletions.finish(userId);
  expect(await deletions.pending()).toEqual([]);
});
