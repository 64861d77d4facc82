/** Ways to Redis: passwords, databases, rights, sentinels; and what the store says about settings under which data is lost. */
import { describe, expect, test } from '@jest/globals';
import { ignore } from '../../src/base/ignore.ts';
import type { RedisStore } from '../../src/store/redis/redis-store.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis, startSentinel, type TestRedis } from '../support/redis.ts';
import { openRedisStore, Writer } from '../support/redis-store.ts';
import { documentedRules, documentedUser, makeUser } from '../support/redis-user.ts';
import { waitUntil } from '../support/wait-until.ts';

async function expectWorks(store: RedisStore): Promise<void> {
  expect(await store.problem()).toBeNull();
  expect(await new Writer().write(store)).toMatchObject({ status: 'taken', seq: 1 });
}

describe('passwords', () => {
  const password = 'pa:ss/w@rd %';
  const quoted = encodeURIComponent(password);

  test('a password, and a user with one', async () => {
    const redis = await startRedis({ requirepass: password });
    await redis.command('ACL', 'SETUSER', 'amy', 'on', `>${password}`, '~*', '+@all');
    await expectWorks((await openRedisStore(`redis://:${quoted}@${redis.address}`)).store);
    await expectWorks((await openRedisStore(`redis://amy:${quoted}@${redis.address}`)).store);
  });

  test.each([
    ['a wrong one', `amy:not-${quoted}@`, 'WRONGPASS'],
    ['none', '', 'NOAUTH'],
  ])('%s is said, without the password', async (_, credentials, reason) => {
    const redis = await startRedis({ requirepass: password });
    const { store, log } = await openRedisStore(`redis://${credentials}${redis.address}`);
    expect(await store.problem()).toMatch(`Redis: ${reason}`);
    expect(await new Writer().write(store)).toMatchObject({ status: 'busy' });
    expect(log).toMatchObject([{ level: 'warn', fields: { redis: `redis://${redis.address}` } }]);
    const told = JSON.stringify([log, await store.problem()]);
    for (const secret of [password, quoted, 'not-']) expect(told).not.toContain(secret);
  });

  test('put right while the store waits: it works', async () => {
    const redis = await startRedis({ requirepass: 'other' });
    const { store } = await openRedisStore(`redis://:${quoted}@${redis.address}`);
    expect(await store.problem()).toMatch('WRONGPASS');
    await redis.command('CONFIG', 'SET', 'requirepass', password);
    await waitUntil('the store works', async () => (await store.problem()) === null);
    await expectWorks(store);
  });
});

describe('databases', () => {
  test('a database of its own', async () => {
    const redis = await startRedis();
    await expectWorks((await openRedisStore(`redis://${redis.address}/3`)).store);
    expect(await redis.command('INFO', 'keyspace')).toMatch(/^# Keyspace\s+db3:keys=\d+[^\n]*$/);
  });

  test('one that does not exist is said, and nothing is written to another', async () => {
    const redis = await startRedis();
    const { store } = await openRedisStore(`redis://${redis.address}/99`);
    expect(await store.problem()).toMatch('DB index is out of range');
    expect(await new Writer().write(store)).toMatchObject({ status: 'busy' });
    expect(await redis.command('INFO', 'keyspace')).toBe('# Keyspace');
  });
});

describe('rights', () => {
  const password = 'of cim';
  const openAs = (redis: TestRedis, prefix = 'cim') =>
    openRedisStore(`redis://${documentedUser}:${encodeURIComponent(password)}@${redis.address}`, {
      prefix,
    });

  test('those of docs/guides/redis.md suffice, also to wait for replicas in another database', async () => {
    const redis = await startRedis();
    await makeUser([redis], password);
    const { store, log } = await openRedisStore(
      `redis://${documentedUser}:${encodeURIComponent(password)}@${redis.address}/2`,
      { ackReplicas: 1 },
    );
    expect(await store.problem()).toBeNull();
    // Nobody confirms it, but it was allowed.
    expect(await new Writer().write(store)).toMatchObject({ status: 'busy' });
    expect(await redis.command('ACL', 'LOG')).toBe('');
    expect(log.map(({ message }) => message)).toContain('redis connected');
  });

  test('one that is missing is named, and the store works once it is granted', async () => {
    const redis = await startRedis();
    await makeUser([redis], password, [...documentedRules(), '-xadd', '-mget']);
    const { store, log } = await openAs(redis);
    expect(await store.problem()).toMatch('its user may not run XADD, MGET on keys');
    expect(log).toMatchObject([
      { level: 'warn', message: 'the store cannot be reached, trying on' },
    ]);
    expect(await new Writer().write(store)).toMatchObject({ status: 'busy' });
    await makeUser([redis], password, ['+xadd', '+mget']);
    await waitUntil('the store works', async () => (await store.problem()) === null);
    await expectWorks(store);
  });

  test.each([
    ['its keys', ['resetkeys', '~other:*'], 'cim:'],
    ['scripts', ['-eval'], "'eval'"],
  ])('without %s the problem says so', async (_, rules, said) => {
    const redis = await startRedis();
    await makeUser([redis], password, [...documentedRules(), ...rules]);
    const { store } = await openAs(redis);
    const problem = await store.problem();
    expect(problem).toMatch(said);
    expect(problem).not.toMatch(password);
  });

  test('keys of another system on the same Redis are out of reach', async () => {
    const redis = await startRedis();
    await makeUser([redis], password);
    const { store } = await openAs(redis, 'cim2');
    expect(await store.problem()).toMatch('on keys that begin with cim2:');
    await expectWorks((await openAs(redis)).store);
  });
});

test('sentinels lead to the master, and to the next one when it is gone', async () => {
  const master = await startRedis();
  const replica = await startRedis();
  await replica.command('REPLICAOF', '127.0.0.1', `${master.port}`);
  const sentinel = await startSentinel('main', master);
  const away = `127.0.0.1:${await freePort()}`;
  const { store, log } = await openRedisStore(`sentinel://${away},${sentinel.address}/main`);
  const writer = new Writer();
  expect(await writer.write(store)).toMatchObject({ status: 'taken', seq: 1 });
  await waitUntil('the replica has it and the sentinel knows the replica', async () => {
    const keys = await replica.command('DBSIZE');
    const known = await sentinel.command('SENTINEL', 'REPLICAS', 'main');
    return keys !== '0' && known.includes(`${replica.port}`);
  });

  await master.kill();
  await waitUntil('a write is taken', async () => (await writer.write(store)).status === 'taken');
  expect(await replica.command('ROLE')).toMatch(/^master/);
  // When it spreads the new configuration, a sentinel ends the connections of the promoted master
  // once more: one that was made before that is lost again.
  const stored = await waitUntil('it can be read', () => {
    return writer.stored(store).catch(ignore('not allowed yet'));
  });
  expect(stored).toEqual(['text 1', 'text 2']);
  const messages = log.map(({ message }) => message);
  expect(messages.slice(0, 2)).toEqual([
    'redis connected',
    'the store cannot be reached, trying on',
  ]);
  expect(messages.at(-1)).toBe('redis connected');
});

describe('settings under which data is lost are warned of at the start', () => {
  const message = 'redis may lose what it has acknowledged';
  const warnings = async (settings: Record<string, string>) => {
    const redis = await startRedis(settings);
    const { log } = await openRedisStore(redis.address);
    return log.filter((line) => line.message === message).map(({ fields }) => fields['warning']);
  };

  test.each([
    ['none, with an append-only file', { appendonly: 'yes', save: '' }, []],
    ['none, with snapshots', { appendonly: 'no', save: '3600 1' }, []],
    [
      'persistence',
      { appendonly: 'no', save: '' },
      [expect.stringMatching(/^appendonly is no and save is empty/)],
    ],
    [
      'eviction',
      { 'maxmemory-policy': 'allkeys-lru' },
      [expect.stringMatching(/^maxmemory-policy is allkeys-lru/)],
    ],
  ])('%s', async (_, settings, expected) => {
    expect(await warnings(settings as unknown as Record<string, string>)).toEqual(expected);
  });

  test('not where CONFIG is forbidden, as with hosted Redis', async () => {
    const redis = await startRedis({ appendonly: 'no', save: '' });
    await redis.command('ACL', 'SETUSER', 'default', '-config');
    const { store, log } = await openRedisStore(redis.address);
    await expectWorks(store);
    expect(log.map((line) => line.message)).toEqual(['redis connected']);
  });
});

test.each(['ftp://host', 'host:port', 'redis://host/first', 'sentinel://host', 'one,two', ''])(
  '%p is refused',
  async (url) => {
    await expect(openRedisStore(url)).rejects.toMatchObject({ kind: 'bad-config' });
  },
);

test('a prefix that would break hash tags is refused', async () => {
  await expect(openRedisStore('127.0.0.1', { prefix: 'a{b' })).rejects.toMatchObject({
    kind: 'bad-config',
  });
});
