/** What the store says and does while Redis is away: away at the start, killed, frozen, cut off, full, demoted. */
import { describe, expect, test } from '@jest/globals';
import { CimError } from '../../src/base/errors.ts';
import { limits } from '../../src/base/limits.ts';
import type { RedisStore } from '../../src/store/redis/redis-store.ts';
import { freePort } from '../support/free-port.ts';
import { inTime } from '../support/in-time.ts';
import { startRedis, TestRedis } from '../support/redis.ts';
import { openRedisStore, Writer } from '../support/redis-store.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { waitUntil } from '../support/wait-until.ts';

/** The bound within which a call must end: afterwards a server tries another route. */
const boundMs = limits.linkAnswerMsMax;

function bounded<T>(call: Promise<T>): Promise<{ result: T; isInTime: boolean }> {
  return inTime(boundMs, call);
}

function works(store: RedisStore): Promise<unknown> {
  return waitUntil('the store works', async () => (await store.problem()) === null);
}

describe('Redis away at the start', () => {
  test('is said, refused quickly, and over when it comes', async () => {
    const redis = new TestRedis(await freePort());
    const { result, isInTime } = await bounded(openRedisStore(redis.address));
    const { store, log } = result;
    expect(isInTime).toBe(true);
    // Strangers may read it: why, but not where that is.
    expect(await store.problem()).toBe('Redis: connect ECONNREFUSED …');

    const writer = new Writer();
    const refused = await bounded(writer.write(store));
    expect(refused).toMatchObject({ result: { status: 'busy' }, isInTime: true });
    const calls = [
      store.timelines.heads([writer.timeline]),
      store.timelines.read({ timeline: writer.timeline, after: 0, limit: 1 }),
      store.timelines.addInterest('lobby', { instance: 'a', address: 'b' }),
      store.groups.create('chess', 1),
      store.groups.leave('chess', 1),
      store.groups.of(1),
      store.groups.find('chess'),
      store.groups.members('chess', 0, 1),
      store.groups.acknowledge([{ userId: 1, group: 'chess', seq: 1 }]),
      store.accounts.register({ name: 'amy' }),
      store.accounts.get([1]),
      store.sessions.of([1]),
      store.sessions.assignJava(1, 'a'),
      store.sessions.acknowledge([{ userId: 1, device: 'a', seq: 1 }]),
      store.sessions.now(),
      store.schedules.lease(1, 1_000),
      store.schedules.listOf(1),
      store.schedules.cancel({ id: 'a', owner: 1 }),
      store.requests.claim({ owner: 1, key: 'a', fingerprint: 'b', epochHex: 'c' }),
    ];
    for (const outcome of await Promise.allSettled(calls)) {
      const { reason } = outcome as PromiseRejectedResult;
      expect(reason).toBeInstanceOf(CimError);
      expect(reason).toMatchObject({ kind: 'busy' });
    }

    await redis.start();
    await works(store);
    expect(await writer.write(store)).toMatchObject({ status: 'taken', seq: 1 });
    expect(log.map(({ level, message }) => `${level}: ${message}`)).toEqual([
      'warn: the store cannot be reached, trying on',
      'info: redis connected',
    ]);
  });
});

describe('Redis killed while running', () => {
  test('appends are busy at once; back, everything acknowledged is there and the scripts are loaded anew', async () => {
    const redis = await startRedis();
    const { store, log } = await openRedisStore(redis.address);
    const writer = new Writer();
    for (let count = 0; count < 5; count += 1) await writer.write(store);

    await redis.kill();
    const refused = await bounded(writer.write(store));
    expect(refused).toMatchObject({ result: { status: 'busy' }, isInTime: true });
    await waitUntil('it is said', async () => (await store.problem()) !== null);

    await redis.start();
    await works(store);
    expect(await writer.write(store)).toMatchObject({ status: 'taken', duplicates: 0, seq: 6 });
    expect(await writer.stored(store)).toEqual(writer.sent);
    expect(log.map(({ message }) => message)).toEqual([
      'redis connected',
      'the store cannot be reached, trying on',
      'redis connected',
    ]);
  });

  test('in the middle of many appends: none is lost, none is stored twice', async () => {
    const redis = await startRedis();
    const { store, log } = await openRedisStore(redis.address);
    const writers = Array.from({ length: 20 }, () => new Writer());
    const write = async (writer: Writer) => {
      for (let refusals = 0; writer.sent.length < 200; ) {
        const { status } = await writer.write(store);
        expect(status).not.toBe('out-of-order');
        if (status === 'taken') continue;
        await works(store);
        refusals += 1;
        if (refusals === 100) throw new Error(`refused again and again: ${JSON.stringify(log)}`);
      }
    };
    const writing = Promise.all(writers.map(write));
    await waitUntil('all have begun', () => writers.every(({ sent }) => sent.length > 10));
    await redis.kill();
    await redis.start();
    await writing;
    for (const writer of writers) expect(await writer.stored(store)).toEqual(writer.sent);
  });
});

describe('Redis frozen', () => {
  test('calls end in time; thawed, a repeated append is stored once', async () => {
    const redis = await startRedis();
    const { store } = await openRedisStore(redis.address);
    const writer = new Writer();
    await writer.write(store);
    redis.freeze();
    const timedOut = await Promise.all([
      bounded(writer.write(store)),
      bounded(store.accounts.get([1]).catch((error: unknown) => error)),
      bounded(store.problem()),
    ]);
    for (const { isInTime } of timedOut) expect(isInTime).toBe(true);
    expect(timedOut[0].result.status).toBe('busy');
    expect(timedOut[1].result).toMatchObject({ kind: 'busy' });
    expect(timedOut[2].result).toMatch('no answer');

    // A connection that owes an answer is given up, and then nothing waits any more.
    // What ends before a timer of no time has waited for nobody.
    await waitUntil(
      'calls end at once',
      async () => (await inTime(0, writer.write(store))).isInTime,
    );
    redis.thaw();
    await works(store);
    // The one that was under way when it froze has been executed meanwhile.
    expect(await writer.write(store)).toMatchObject({ status: 'taken', duplicates: 1, seq: 2 });
    expect(await writer.stored(store)).toEqual(writer.sent);
  });

  test('at the start: is said, and over when it thaws', async () => {
    const redis = await startRedis();
    redis.freeze();
    const { store } = await openRedisStore(redis.address);
    expect(await store.problem()).toMatch(/^Redis: .*timeout/);
    redis.thaw();
    await works(store);
  });
});

describe('the network', () => {
  test('an append under way when the connection is lost is not sent again by itself', async () => {
    const redis = await startRedis();
    const proxy = await startTcpProxy(redis.port);
    const { store } = await openRedisStore(`127.0.0.1:${proxy.port}`);
    const writer = new Writer();
    await writer.write(store);
    const appends = async () =>
      Number(/cmdstat_xadd:calls=(\d+)/.exec(await redis.command('INFO', 'commandstats'))?.[1]);
    redis.freeze();
    const writing = writer.write(store);
    // What the frozen server has not read goes with the connection.
    proxy.reset();
    expect((await writing).status).toBe('busy');
    redis.thaw();
    await works(store);
    expect(await appends()).toBe(1);
    expect(await writer.write(store)).toMatchObject({ duplicates: 0, seq: 2 });
  });

  test('a silent network is busy in time, and over when it speaks', async () => {
    const redis = await startRedis();
    const proxy = await startTcpProxy(redis.port);
    const { store } = await openRedisStore(`127.0.0.1:${proxy.port}`);
    const writer = new Writer();
    await writer.write(store);
    proxy.silence();
    const refused = await bounded(writer.write(store));
    expect(refused).toMatchObject({ result: { status: 'busy' }, isInTime: true });
    proxy.restore();
    await works(store);
    await waitUntil('it is taken', async () => (await writer.write(store)).status === 'taken');
    expect(await writer.stored(store)).toEqual(writer.sent);
  });
});

describe('Redis refuses', () => {
  test('writes when it is full: busy, and reads go on', async () => {
    const redis = await startRedis();
    const { store } = await openRedisStore(redis.address);
    const writer = new Writer();
    await writer.write(store);
    await redis.command('CONFIG', 'SET', 'maxmemory', '1mb');
    expect(await writer.write(store)).toMatchObject({ status: 'busy' });
    await expect(store.accounts.register({ name: 'amy' })).rejects.toMatchObject({ kind: 'busy' });
    expect(await writer.stored(store)).toEqual(['text 1']);
    await redis.command('CONFIG', 'SET', 'maxmemory', '0');
    expect(await writer.write(store)).toMatchObject({ status: 'taken', duplicates: 0, seq: 2 });
  });

  test('writes as a replica, or without enough replicas: busy', async () => {
    const redis = await startRedis();
    const master = await startRedis();
    const { store } = await openRedisStore(redis.address);
    const writer = new Writer();
    await writer.write(store);
    await redis.command('CONFIG', 'SET', 'min-replicas-to-write', '1');
    expect(await writer.write(store)).toMatchObject({ status: 'busy' });
    await redis.command('CONFIG', 'SET', 'min-replicas-to-write', '0');
    expect(await writer.write(store)).toMatchObject({ status: 'taken', seq: 2 });
    await redis.command('REPLICAOF', '127.0.0.1', `${master.port}`);
    // Of somebody new: it may have lost all else already to be as empty as its master.
    expect(await new Writer().write(store)).toMatchObject({ status: 'busy' });
  });
});
