/** Ways to Redis: passwords, databases, TLS, sentinels; and what the store says about settings under which data is lost. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { describe, expect, test } from '@jest/globals';
import type { RedisStore } from '../../src/store/redis/redis-store.ts';
import { freePort } from '../support/free-port.ts';
import { startRedis, startSentinel } from '../support/redis.ts';
import { openRedisStore, Writer } from '../support/redis-store.ts';
import { onTeardown } from '../support/teardown.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
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
    expect(await store.problem()).toMatch(`redis://${redis.address}: ${reason}`);
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

test('TLS', async () => {
  const folder = temporaryFolder('tls');
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-keyout', key, '-out', certificate, '-days', '2', '-subj', '/CN=localhost'],
      ...['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
    ],
    { stdio: 'ignore' },
  );
  const port = await freePort();
  await startRedis({
    'tls-port': `${port}`,
    'tls-cert-file': certificate,
    'tls-key-file': key,
    'tls-ca-cert-file': certificate,
    'tls-auth-clients': 'no',
  });

  const stranger = await openRedisStore(`rediss://localhost:${port}`);
  expect(await stranger.store.problem()).toMatch('self-signed certificate');
  const trusted = getCACertificates('default');
  setDefaultCACertificates([...trusted, readFileSync(certificate, 'utf8')]);
  onTeardown(() => setDefaultCACertificates(trusted));
  await expectWorks((await openRedisStore(`rediss://localhost:${port}`)).store);
  await expectWorks((await openRedisStore(`rediss://127.0.0.1:${port}`)).store);
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
  await waitUntil('a write is taken', async () => (await writer.write(store)).status === 'taken', {
    timeoutMs: 20_000,
  });
  expect(await replica.command('ROLE')).toMatch(/^master/);
  // When it spreads the new configuration, a sentinel ends the connections of the promoted master
  // once more: one that was made before that is lost again.
  const stored = await waitUntil('it can be read', () => {
    return writer.stored(store).catch(() => undefined);
  });
  expect(stored).toEqual(['text 1', 'text 2']);
  const messages = log.map(({ message }) => message);
  expect(messages.slice(0, 2)).toEqual(['redis connected', 'redis cannot be reached, trying on']);
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
