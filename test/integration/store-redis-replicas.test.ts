/** `--ack-replicas`: what is acknowledged is on replicas; and what a failover takes without it. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { CimError } from '../../src/base/errors.ts';
import { limits } from '../../src/base/limits.ts';
import { createLogger } from '../../src/base/log.ts';
import { Counters } from '../../src/base/process/counters.ts';
import { Health } from '../../src/base/process/health.ts';
import { Keys } from '../../src/store/redis/keys.ts';
import type { RedisStore } from '../../src/store/redis/redis-store.ts';
import { nextUserId } from '../contract/store/users.ts';
import { inTime } from '../support/in-time.ts';
import { Conversation, textsOf } from '../support/messages.ts';
import { startRedis, startRedisCluster, startSentinel, type TestRedis } from '../support/redis.ts';
import { type OpenedStore, openRedisStore, Writer } from '../support/redis-store.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { onTeardown } from '../support/teardown.ts';
import { waitUntil } from '../support/wait-until.ts';

const keys = new Keys('cim');

/** A replica that has caught up, and follows. `port` is where it finds the master. */
async function startReplica(master: TestRedis, port = master.port): Promise<TestRedis> {
  const replica = await startRedis();
  await replica.command('REPLICAOF', '127.0.0.1', `${port}`);
  await waitUntil('the replica is in step', async () => {
    const replication = await master.command('INFO', 'replication');
    return /^slave\d+:.*state=online/m.test(replication);
  });
  onTeardown(() => replica.thaw());
  return replica;
}

function openConfirmed(address: string): Promise<OpenedStore> {
  return openRedisStore(address, { ackReplicas: 1 });
}

/** Writes until it is taken: on a busy machine a replica may be late as well. */
function writeUntilTaken(writer: Writer, store: RedisStore): Promise<unknown> {
  return waitUntil('it is taken', async () => (await writer.write(store)).status === 'taken');
}

function bounded<T>(call: Promise<T>): Promise<{ result: T; isInTime: boolean }> {
  return inTime(limits.linkAnswerMsMax, call);
}

/** How often a server has been asked to do this. */
async function callsOf(redis: TestRedis, command: string): Promise<number> {
  const stats = await redis.command('INFO', 'commandstats');
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
}

describe('a master with a replica', () => {
  let master: TestRedis;
  let replica: TestRedis;
  let store: RedisStore;
  beforeEach(async () => {
    master = await startRedis();
    replica = await startReplica(master);
    ({ store } = await openConfirmed(master.address));
  });

  test('what is taken is on the replica', async () => {
    const writer = new Writer();
    for (let count = 1; count <= 20; count += 1) {
      await writeUntilTaken(writer, store);
      expect(await replica.command('GET', keys.head(writer.timeline))).toBe(`${count}`);
    }
    expect(await writer.stored(store)).toEqual(writer.sent);
  });

  test('frozen: busy in time; thawed, it is taken, and stored once', async () => {
    const writer = new Writer();
    await writeUntilTaken(writer, store);
    replica.freeze();
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const refused = await bounded(writer.write(store));
      expect(refused).toMatchObject({ result: { status: 'busy' }, isInTime: true });
    }
    replica.thaw();
    const taken = await waitUntil('it is taken', async () => {
      const result = await writer.write(store);
      return result.status === 'taken' && result;
    });
    expect(taken).toMatchObject({ duplicates: 1, seq: 2 });
    expect(await writer.stored(store)).toEqual(['text 1', 'text 2']);
  });

  test('a repeat over another connection is not taken before the replica has it', async () => {
    const writer = new Writer();
    replica.freeze();
    expect(await writer.write(store)).toMatchObject({ status: 'busy' });
    const { store: other } = await openConfirmed(master.address);
    expect(await writer.write(other)).toMatchObject({ status: 'busy' });
    replica.thaw();
    await writeUntilTaken(writer, other);
    expect(await replica.command('GET', keys.head(writer.timeline))).toBe('1');
    expect(await writer.stored(other)).toEqual(['text 1']);
  });

  test('a repeat is written again, so that there is something to wait for', async () => {
    const name = `group ${nextUserId()}`;
    const userId = nextUserId();
    const writer = new Writer();
    const refused = new Conversation(userId, name).append(`g:${name}`, 1, ['m1']);
    const batch = [writer.next(), { ...refused, onlyIfMember: userId }];
    const plain = (await openRedisStore(master.address)).store;
    // What a group refuses is remembered if there is such a group.
    await plain.groups.create(name, nextUserId());
    await store.timelines.append(batch);
    const writes = await callsOf(master, 'set');
    const results = await plain.timelines.append(batch);
    expect(results.map(({ status }) => status)).toEqual(['taken', 'not-a-member']);
    expect(await callsOf(master, 'set')).toBe(writes);
    await store.timelines.append(batch);
    expect(await callsOf(master, 'set')).toBe(writes + 2);
    const source = keys.source(writer.timeline, writer.conversation.source);
    expect(Number(await master.command('PTTL', source))).toBeGreaterThan(0);
  });

  test('what no replica has is not read: a failover may take it', async () => {
    const writer = new Writer();
    await writeUntilTaken(writer, store);
    const { store: plain } = await openRedisStore(master.address);
    replica.freeze();
    // Written, and not acknowledged to anybody who asks for replicas.
    await writer.write(plain);
    const read = { timeline: writer.timeline, after: 0, limit: 10 };
    await expect(store.timelines.read(read)).rejects.toMatchObject({ kind: 'busy' });
    await expect(store.timelines.readBack(read.timeline, 0, 10)).rejects.toMatchObject({
      kind: 'busy',
    });
    replica.thaw();
    const page = await waitUntil('it is read', () =>
      store.timelines.read(read).catch((error: CimError) => {
        if (error.kind !== 'busy') throw error;
        return null;
      }),
    );
    expect(textsOf(page.messages)).toEqual(['text 1', 'text 2']);
  });

  test('many batches share the waiting, and all end in time when there is no answer', async () => {
    const writers = Array.from({ length: 200 }, () => new Writer());
    await Promise.all(writers.map((writer) => writeUntilTaken(writer, store)));
    expect(await callsOf(master, 'wait')).toBeLessThan(writers.length / 4);

    replica.freeze();
    const first = bounded(writers[0]!.write(store));
    // These come while the first is being waited for.
    await waitUntil('it waits', async () =>
      /cmd=wait/.test(await master.command('CLIENT', 'LIST')),
    );
    const others = writers.slice(1).map((writer) => bounded(writer.write(store)));
    for (const refused of await Promise.all([first, ...others]))
      expect(refused).toMatchObject({ result: { status: 'busy' }, isInTime: true });
    replica.thaw();
    for (const writer of writers) {
      await writeUntilTaken(writer, store);
      expect(await writer.stored(store)).toEqual(['text 1', 'text 2']);
    }
  });

  test('what needs no replica does not wait for one', async () => {
    const writer = new Writer();
    await writeUntilTaken(writer, store);
    replica.freeze();
    const writing = writer.write(store);
    await waitUntil('it waits', async () =>
      /cmd=wait/.test(await master.command('CLIENT', 'LIST')),
    );
    let isWritten = false;
    const written = writing.finally(() => {
      isWritten = true;
    });
    expect(await store.timelines.heads([writer.timeline])).toEqual([2]);
    expect(await store.problem()).toBeNull();
    expect(isWritten).toBe(false);
    expect(await written).toMatchObject({ status: 'busy' });
  });

  test('scripts that Redis has forgotten are sent again, and waited for', async () => {
    const writer = new Writer();
    await master.command('SCRIPT', 'FLUSH');
    await writeUntilTaken(writer, store);
    await master.command('SCRIPT', 'FLUSH');
    replica.freeze();
    expect(await writer.write(store)).toMatchObject({ status: 'busy' });
  });

  test('the master gone: busy at once, and taken when it is back', async () => {
    const writer = new Writer();
    await writeUntilTaken(writer, store);
    await master.kill();
    const refused = await bounded(writer.write(store));
    expect(refused).toMatchObject({ result: { status: 'busy' }, isInTime: true });
    await waitUntil('it is said', async () => (await store.problem()) !== null);
    await master.start();
    await writeUntilTaken(writer, store);
    expect(await writer.stored(store)).toEqual(['text 1', 'text 2']);
  });
});

test('fewer replicas than asked for are warned of, and nothing is acknowledged', async () => {
  const master = await startRedis();
  const { store, log } = await openConfirmed(master.address);
  expect(log).toEqual([
    expect.objectContaining({
      level: 'warn',
      message: 'nothing is acknowledged until redis has more replicas',
      fields: { node: `redis://${master.address}`, wanted: 1, connected: 0 },
    }),
    expect.objectContaining({ level: 'info', message: 'redis connected' }),
  ]);
  const writer = new Writer();
  expect(await writer.write(store)).toMatchObject({ status: 'busy' });
  await startReplica(master);
  await writeUntilTaken(writer, store);
  expect(await writer.stored(store)).toEqual(['text 1']);
});

describe('a failover by Sentinel from a frozen master', () => {
  test('loses nothing that was acknowledged, with one replica to confirm', async () => {
    const master = await startRedis();
    const replica = await startReplica(master);
    const sentinel = await startSentinel('main', master);
    const { store } = await openConfirmed(`sentinel://${sentinel.address}/main`);
    await waitUntil('the sentinel knows the replica', async () =>
      (await sentinel.command('SENTINEL', 'REPLICAS', 'main')).includes(`${replica.port}`),
    );
    const writers = Array.from({ length: 20 }, () => new Writer());
    let acknowledged = 0;
    let isOver = false;
    const write = async (writer: Writer) => {
      while (!isOver) {
        if ((await writer.write(store)).status === 'taken') acknowledged += 1;
        else await waitUntil('the store works', async () => (await store.problem()) === null);
      }
    };
    onTeardown(() => master.thaw());
    const writing = Promise.all(writers.map(write));
    await waitUntil('all have begun', () => writers.every(({ sent }) => sent.length > 5));
    master.freeze();
    // Who is promoted ends its connections, perhaps the one that asks.
    const role = () => replica.command('ROLE').catch(() => '');
    await waitUntil('the replica is the master', async () => (await role()).startsWith('master'));
    // It has no replica yet: the old master becomes one when it is back.
    const before = acknowledged;
    master.thaw();
    await waitUntil('writing goes on', () => acknowledged > before + 20);
    isOver = true;
    await writing;
    const { store: promoted } = await openRedisStore(replica.address);
    for (const writer of writers) {
      const stored = await writer.stored(promoted);
      // One more may be there: the answer to it was lost.
      expect(stored.slice(0, writer.sent.length)).toEqual(writer.sent);
      expect(stored.length - writer.sent.length).toBeLessThanOrEqual(1);
    }
  });
});

test('in a cluster each master waits for its own replicas', async () => {
  const cluster = await startRedisCluster({ replicas: 1 });
  for (const node of cluster.nodes) onTeardown(() => node.thaw());
  const { store } = await openConfirmed(cluster.address);
  const writers = Array.from({ length: 30 }, () => new Writer());
  const writeAll = async () => {
    const results = await store.timelines.append(writers.map((writer) => writer.next()));
    return writers.filter((writer, index) => {
      const isTaken = results[index]?.status === 'taken';
      if (isTaken) writer.confirm();
      else expect(results[index]?.status).toBe('busy');
      return !isTaken;
    });
  };
  await waitUntil('the replicas are in step', async () => (await writeAll()).length === 0);
  const masters = await cluster.mastersOf(writers.map(({ timeline }) => keys.head(timeline)));
  const [master] = cluster.masters;
  const [replica] = cluster.replicas;
  const affected = writers.filter((_, index) => masters[index] === master);
  expect(affected).not.toEqual([]);
  replica!.freeze();
  expect(await bounded(writeAll())).toEqual({ result: affected, isInTime: true });
  replica!.thaw();
  await waitUntil('all is taken', async () => (await writeAll()).length === 0);
  for (const writer of writers) expect(await writer.stored(store)).toEqual(writer.sent);
});

test('without it a failover takes a tail, its numbers are given out anew, and readers are told', async () => {
  const master = await startRedis();
  const proxy = await startTcpProxy(master.port);
  const replica = await startReplica(master, proxy.port);
  const front = await startTcpProxy(master.port);
  const health = new Health({ counters: new Counters(), log: createLogger('test', 'silent') });
  const { store, log } = await openRedisStore(`127.0.0.1:${front.port}`, { health });
  const userId = nextUserId();
  const timeline = `u:${userId}` as const;
  const amy = new Conversation(nextUserId(), userId);
  const append = (to: RedisStore, conversation: Conversation, sendSeq: number, texts: string[]) =>
    to.timelines.append([conversation.append(timeline, sendSeq, texts)]);
  await append(store, amy, 1, ['a1', 'a2']);
  await waitUntil(
    'the replica has it',
    async () => (await replica.command('GET', keys.head(timeline))) === '2',
  );
  proxy.silence();
  expect(await append(store, amy, 3, ['a3', 'a4'])).toMatchObject([{ status: 'taken', seq: 3 }]);
  let asked = 0;
  const looks = async () => (await callsOf(master, 'info')) - asked++;
  const before = await looks();
  await waitUntil('it was noted how far that reaches', async () => (await looks()) >= before + 2);
  await master.kill();
  await replica.command('REPLICAOF', 'NO', 'ONE');
  front.leadTo(replica.port);
  await waitUntil('it is said', () => store.lostTail);
  expect(store.lostTail?.bytes).toBeGreaterThan(50);
  expect(health.report().shared).toEqual([expect.stringContaining('in a failover of Redis at')]);
  expect(log).toContainEqual(
    expect.objectContaining({
      level: 'error',
      message: 'the store has lost some of what was acknowledged',
    }),
  );

  const { store: promoted } = await openRedisStore(replica.address);
  const read = (after: number, identity?: string) =>
    promoted.timelines.read({
      timeline,
      after,
      limit: 10,
      ...(identity === undefined ? {} : { identity }),
    });
  // The tail is gone: who has read it is ahead of the timeline.
  expect(await read(4, amy.identity(4))).toMatchObject({ rewound: true, head: 2, messages: [] });
  // The sender knows it as stored, and says so with its next.
  expect(await append(promoted, amy, 5, ['a5'])).toMatchObject([
    { status: 'out-of-order', expected: 3 },
  ]);
  const bob = new Conversation(nextUserId(), userId);
  await append(promoted, bob, 1, ['b1', 'b2']);
  expect(await read(4, amy.identity(4))).toMatchObject({ rewound: true, head: 4, messages: [] });
  expect(await read(3, amy.identity(3))).toMatchObject({ rewound: true });
  // What was there before holds, and leads to what is in the place of the tail.
  const page = await read(2, amy.identity(2));
  expect(page).toMatchObject({ rewound: false, head: 4 });
  expect(textsOf(page.messages)).toEqual(['b1', 'b2']);
  const restart = { ...amy.append(timeline, 5, ['a5']), restart: true };
  expect(await promoted.timelines.append([restart])).toMatchObject([{ status: 'taken', seq: 5 }]);
});
