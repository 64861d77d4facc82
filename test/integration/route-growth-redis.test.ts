/** What each way in leaves in Redis. */
import { beforeAll, describe } from '@jest/globals';
import { limits } from '../../src/base/limits.ts';
import { describeGrowth } from '../contract/route/growth.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { openRedisStore } from '../support/redis-store.ts';

/**
 * Each key's own memory, and what it takes in Redis' tables of keys and of times to live, which
 * MEMORY USAGE leaves out: as much as two pointers, and an entry of 24 bytes with its two.
 */
const weighing = `
  local weights = {}
  for _, key in ipairs(redis.call('KEYS', ARGV[1] .. ':*')) do
    local kind = string.match(key, '^[^:]*:([^:]*)')
    local bytes = redis.call('MEMORY', 'USAGE', key, 'SAMPLES', 0) + 16
    if redis.call('PTTL', key) >= 0 then bytes = bytes + 40 end
    weights[kind] = (weights[kind] or 0) + bytes
  end
  return cjson.encode(weights)`;

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});

const hoursOf = (ms: number) => ms / 3_600_000;
// Set a sixteenth longer than asked (src/store/redis/scripts/append.lua).
const sourceHours = (hoursOf(limits.sourceStateMs) * 17) / 16;
const hours = {
  from: sourceHours,
  request: hoursOf(limits.idempotencyKeyMs),
  sent: hoursOf(limits.sourceStateMs),
  counts: sourceHours,
  head: hoursOf(limits.endedGroupMs),
  log: (hoursOf(limits.timelineAgeMs) * 17) / 16,
};

async function openWeighed() {
  const prefix = 'cim';
  const retention = { messagesMax: 100_000, ageMs: limits.timelineAgeMs };
  const { store } = await openRedisStore(redis.address, { prefix, retention });
  const weigh = async () => {
    const weights = await redis.command('EVAL', weighing, '0', prefix);
    return new Map<string, number>(Object.entries(JSON.parse(weights)));
  };
  return { store, messages: 'log', weigh, hours };
}

describe('what is left in Redis', () => describeGrowth(openWeighed));
