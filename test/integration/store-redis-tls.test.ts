/** Redis over TLS: one server, behind a sentinel, in a cluster; and whose certificate is refused. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { describe, expect, test } from '@jest/globals';
import { createLogger } from '../../src/base/log.ts';
import { inspectRedis } from '../../src/store/redis/inspect-redis.ts';
import type { RedisStore } from '../../src/store/redis/redis-store.ts';
import { Authority } from '../support/certificates.ts';
import { startRedis, startRedisCluster, startSentinel, tlsSettings } from '../support/redis.ts';
import { openRedisStore, Writer } from '../support/redis-store.ts';
import { documentedUser, makeUser } from '../support/redis-user.ts';
import { onTeardown } from '../support/teardown.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitUntil } from '../support/wait-until.ts';

const authority = new Authority();
const password = 'pa:ss/w@rd';
const asUser = `${documentedUser}:${encodeURIComponent(password)}@`;

async function startTlsRedis() {
  const settings = await tlsSettings(authority);
  return { redis: await startRedis(settings), settings, port: settings['tls-port'] };
}

async function expectWorks(store: RedisStore): Promise<void> {
  expect(await store.problem()).toBeNull();
  expect(await new Writer().write(store)).toMatchObject({ status: 'taken', seq: 1 });
}

describe('one server', () => {
  test('--redis-ca, as the user that docs/guides/redis.md has', async () => {
    const { redis, port } = await startTlsRedis();
    await makeUser([redis], password);
    for (const host of ['localhost', '127.0.0.1']) {
      const { store } = await openRedisStore(`rediss://${asUser}${host}:${port}`, {
        caFile: authority.ca,
      });
      await expectWorks(store);
    }
  });

  test('operators are told when its certificate ends, and that it runs here', async () => {
    const { port } = await startTlsRedis();
    const given = {
      ...{ prefix: 'cim', retention: { messagesMax: 10_000, ageMs: 3_600_000 }, ackReplicas: 0 },
      log: createLogger('doctor', 'silent'),
    };
    const { masters, problem } = await inspectRedis({
      ...{ ...given, url: `rediss://localhost:${port}`, caFile: authority.ca },
    });
    expect(problem).toBeNull();
    const [master] = masters;
    const hours = (Number(master?.certificateEndsAt) - Date.now()) / 3_600_000;
    expect([Math.round(hours), master?.isHere]).toEqual([24, true]);
    const other = await startRedis();
    const plain = await inspectRedis({ ...given, url: `127.0.0.1:${other.port}` });
    expect(plain.masters[0]).toMatchObject({ isHere: true });
    expect(plain.masters[0]?.certificateEndsAt).toBeUndefined();
  });

  test('without it those count whom this machine knows', async () => {
    const { port } = await startTlsRedis();
    const trusted = getCACertificates('default');
    setDefaultCACertificates([...trusted, readFileSync(authority.ca, 'utf8')]);
    onTeardown(() => setDefaultCACertificates(trusted));
    await expectWorks((await openRedisStore(`rediss://localhost:${port}`)).store);
  });

  test.each([
    ['nobody is told of', undefined],
    ['another one', () => new Authority('another').ca],
  ])('signed by an authority where %s: refused, without telling the password', async (_, ca) => {
    const { redis, port } = await startTlsRedis();
    await makeUser([redis], password);
    const { store, log } = await openRedisStore(`rediss://${asUser}localhost:${port}`, {
      caFile: ca?.(),
    });
    expect(await store.problem()).toMatch(
      `Redis: its certificate is signed by an authority that is not known here (--redis-ca`,
    );
    expect(await new Writer().write(store)).toMatchObject({ status: 'busy' });
    const told = JSON.stringify([log, await store.problem()]);
    for (const secret of [password, encodeURIComponent(password)])
      expect(told).not.toContain(secret);
  });

  test('a certificate for another name is refused', async () => {
    const { cert, key } = authority.issue({ names: 'DNS:redis.example' });
    const settings = {
      ...(await tlsSettings(authority)),
      'tls-cert-file': cert,
      'tls-key-file': key,
    };
    await startRedis(settings);
    const { store, log } = await openRedisStore(`rediss://localhost:${settings['tls-port']}`, {
      caFile: authority.ca,
    });
    const said = 'its certificate is for another name';
    expect(log).toMatchObject([{ fields: { problem: `${said} (it is for: DNS:redis.example)` } }]);
    expect(await store.problem()).toBe(`Redis: ${said}`);
  });

  test('a wrong password is said, without it', async () => {
    const { redis, port } = await startTlsRedis();
    await makeUser([redis], 'another');
    const { store, log } = await openRedisStore(`rediss://${asUser}localhost:${port}`, {
      caFile: authority.ca,
    });
    expect(await store.problem()).toMatch('WRONGPASS');
    const told = JSON.stringify([log, await store.problem()]);
    for (const secret of [password, encodeURIComponent(password)])
      expect(told).not.toContain(secret);
  });
});

test('behind a sentinel, to the next master too', async () => {
  const { redis: master, settings } = await startTlsRedis();
  const { redis: replica, port: replicaPort } = await startTlsRedis();
  await replica.command('REPLICAOF', '127.0.0.1', settings['tls-port']);
  const { 'tls-cluster': _, ...sentinelSettings } = await tlsSettings(authority);
  const sentinel = await startSentinel(
    'main',
    { port: Number(settings['tls-port']) },
    sentinelSettings,
  );
  const { store } = await openRedisStore(
    `sentinels://127.0.0.1:${sentinelSettings['tls-port']}/main`,
    { caFile: authority.ca },
  );
  const writer = new Writer();
  expect(await writer.write(store)).toMatchObject({ status: 'taken', seq: 1 });
  await waitUntil('the replica has it and the sentinel knows the replica', async () => {
    const known = await sentinel.command('SENTINEL', 'REPLICAS', 'main');
    return (await replica.command('DBSIZE')) !== '0' && known.includes(replicaPort);
  });
  await master.kill();
  await waitUntil('a write is taken', async () => (await writer.write(store)).status === 'taken');

  const plain = await openRedisStore(`sentinel://${sentinel.address}/main`);
  expect(await plain.store.problem()).not.toBeNull();
});

test('the nodes of a cluster, as the user that docs/guides/redis.md has', async () => {
  const cluster = await startRedisCluster({ authority });
  await makeUser(cluster.nodes, password);
  const [first] = cluster.masters;
  const url = `rediss://${asUser}${first!.tlsAddress}`;
  const { store } = await openRedisStore(url, { caFile: authority.ca });
  expect(await store.problem()).toBeNull();
  // Many users: on all nodes.
  const results = await Promise.all(Array.from({ length: 30 }, () => new Writer().write(store)));
  expect(results.map(({ status }) => status)).toEqual(results.map(() => 'taken'));
  const keys = await Promise.all(cluster.masters.map((node) => node.command('DBSIZE')));
  for (const count of keys) expect(Number(count)).toBeGreaterThan(0);
  const stranger = await openRedisStore(url);
  expect(await stranger.store.problem()).toMatch('--redis-ca');
});

describe('--redis-ca is refused', () => {
  const anywhere = 'rediss://localhost:1';
  const notPem = join(temporaryFolder('ca'), 'ca.pem');
  writeFileSync(notPem, 'no certificate');

  test.each([
    ['when it cannot be read', anywhere, '/nowhere/ca.pem', '/nowhere/ca.pem: cannot be read'],
    ['when it holds none', anywhere, notPem, `${notPem}: is not what it should be, in PEM`],
    ['without TLS', 'localhost:1', authority.ca, 'is without TLS'],
    ['without TLS to sentinels', 'sentinel://localhost:1/main', authority.ca, 'is without TLS'],
  ])('%s', async (_, url, caFile, reason) => {
    await expect(openRedisStore(url, { caFile })).rejects.toMatchObject({
      kind: 'bad-config',
      message: expect.stringContaining(reason),
    });
  });
});
