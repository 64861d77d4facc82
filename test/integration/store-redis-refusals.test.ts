/**
 * A Redis that answers and refuses, and one that is not the master any more: it is said why, once, and
 * over as soon as it is over, also when nobody writes.
 */
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ignore } from '../../src/base/ignore.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { openRedisStore, Writer } from '../support/redis-store.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { onTeardown } from '../support/teardown.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitUntil } from '../support/wait-until.ts';

type Turn = (redis: TestRedis) => Promise<unknown>;

function set(...setting: string[]): Turn {
  return (redis) => redis.command('CONFIG', 'SET', ...setting);
}

const breakDisk: Turn = async (redis) => {
  const folder = join(temporaryFolder('gone'), 'data');
  mkdirSync(folder);
  await redis.command('CONFIG', 'SET', 'dir', folder, 'save', '3600 1');
  rmSync(folder, { recursive: true });
  await redis.command('BGSAVE');
  await waitUntil('it has failed', async () =>
    (await redis.command('INFO', 'persistence')).includes('rdb_last_bgsave_status:err'),
  );
};

/** It saves and loads what it has, so slowly that it says so to whoever asks meanwhile. */
const load: Turn = async (redis) => {
  await redis.command('DEBUG', 'POPULATE', '2000', 'other', '4096');
  await redis.command('CONFIG', 'SET', 'loading-process-events-interval-bytes', '1024');
  await redis.command('CONFIG', 'SET', 'key-load-delay', '10000');
  redis.command('DEBUG', 'RELOAD').catch(ignore('it ends with the test'));
  await waitUntil('it loads', async () =>
    (await redis.command('INFO', 'persistence')).includes('loading:1'),
  );
};

const refusals: readonly [string, RegExp, Turn, Turn][] = [
  ['its memory is full', /maxmemory/, set('maxmemory', '1'), set('maxmemory', '0')],
  [
    'it has too few replicas',
    /min-replicas-to-write/,
    set('min-replicas-to-write', '1'),
    set('min-replicas-to-write', '0'),
  ],
  ['its disk is full', /MISCONF/, breakDisk, set('stop-writes-on-bgsave-error', 'no')],
  ['it loads its data', /loading its data/, load, set('key-load-delay', '0')],
  ...['-incrby', '-xadd', '-evalsha', 'resetkeys'].map((rule): [string, RegExp, Turn, Turn] => [
    `an administrator says ${rule}`,
    /ACL/,
    (redis) => redis.command('ACL', 'SETUSER', 'default', rule),
    (redis) => redis.command('ACL', 'SETUSER', 'default', '+@all', '~*'),
  ]),
];

test.each(refusals)('%s', async (_, reason, begin, end) => {
  const redis = await startRedis({
    appendonly: 'no',
    'enable-protected-configs': 'yes',
    'enable-debug-command': 'yes',
  });
  const { store, log } = await openRedisStore(redis.address);
  const writer = new Writer();
  expect(await writer.write(store)).toMatchObject({ status: 'taken' });
  expect([await store.problem(), await store.refusal()]).toEqual([null, null]);
  const before = log.length;

  // Nobody writes meanwhile.
  await begin(redis);
  expect(await store.refusal()).toMatch(reason);
  for (let times = 0; times < 50; times += 1)
    expect(await writer.write(store)).toMatchObject({ status: 'busy' });
  expect(await store.refusal()).toMatch(reason);
  // It answers, and is the same for all: no fault of this connection.
  expect(await store.problem()).toBeNull();
  expect(log.slice(before)).toEqual([]);

  await end(redis);
  await waitUntil('it is over', async () => (await store.refusal()) === null);
  expect(await writer.write(store)).toMatchObject({ status: 'taken' });
  expect(await writer.stored(store)).toEqual(writer.sent);
});

/** An address that stays, and leads where it is told to: whoever connects from then on. */
async function startServiceAddress(first: TestRedis) {
  let { port } = first;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', ignore('the event close follows'));
      socket.on('close', () => {
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far).pipe(near);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTeardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const leadTo = (redis: TestRedis) => {
    port = redis.port;
  };
  return { address: `127.0.0.1:${(server.address() as { port: number }).port}`, leadTo };
}

async function startPair() {
  const [master, replica] = await Promise.all([startRedis(), startRedis()]);
  await replica.command('REPLICAOF', '127.0.0.1', `${master.port}`);
  await waitUntil('it follows', async () =>
    (await replica.command('INFO', 'replication')).includes('master_link_status:up'),
  );
  return { master, replica };
}

describe('behind an address that stays', () => {
  test.each([
    ['somebody writes', 'yes', true],
    ['nobody writes', 'yes', false],
    ['the demoted master takes writes', 'no', false],
  ])('the master becomes a replica: %s', async (_, readOnly, isWriting) => {
    const { master, replica } = await startPair();
    const service = await startServiceAddress(master);
    const { store, log } = await openRedisStore(service.address);
    const writer = new Writer();
    await writer.write(store);
    await waitUntil('it is copied', async () => (await replica.command('DBSIZE')) !== '0');

    await master.command('CONFIG', 'SET', 'replica-read-only', readOnly);
    await replica.command('REPLICAOF', 'NO', 'ONE');
    await master.command('REPLICAOF', '127.0.0.1', `${replica.port}`);
    // The connection that stands is still to the old master.
    if (isWriting) expect(await writer.write(store)).toMatchObject({ status: 'busy' });
    else await waitUntil('it is said', async () => /replica/.test((await store.problem()) ?? ''));
    service.leadTo(replica);
    await waitUntil('the store works', async () => (await store.problem()) === null);
    expect(await writer.write(store)).toMatchObject({ status: 'taken' });
    expect(await writer.stored(store)).toEqual(writer.sent);
    expect(log.map(({ message }) => message)).toEqual([
      'redis connected',
      'the store cannot be reached, trying on',
      'redis connected',
    ]);
  });

  test('at the start it leads to a replica: that is said, and over when it is the master', async () => {
    const { replica } = await startPair();
    const { store, log } = await openRedisStore(replica.address);
    expect(await store.problem()).toMatch('it is a replica');
    expect(await new Writer().write(store)).toMatchObject({ status: 'busy' });
    expect(log).toMatchObject([{ fields: { problem: expect.stringMatching('replica') } }]);
    await replica.command('REPLICAOF', 'NO', 'ONE');
    await waitUntil('the store works', async () => (await store.problem()) === null);
    expect(await new Writer().write(store)).toMatchObject({ status: 'taken' });
  });
});

test('a password that was changed: whoever has to connect anew says so', async () => {
  const redis = await startRedis({ requirepass: 'old' });
  const proxy = await startTcpProxy(redis.port);
  const { store } = await openRedisStore(`redis://:old@127.0.0.1:${proxy.port}`);
  expect(await store.problem()).toBeNull();
  await redis.command('CONFIG', 'SET', 'requirepass', 'new');
  // A connection that stands has shown the old one in time.
  expect(await new Writer().write(store)).toMatchObject({ status: 'taken' });
  proxy.reset();
  await waitUntil('it is said', async () => /WRONGPASS/.test((await store.problem()) ?? ''));
});
