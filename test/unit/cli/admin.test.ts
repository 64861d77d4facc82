import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { deriveAccountKeys } from '../../../src/auth/account-secret.ts';
import { CimError } from '../../../src/base/errors.ts';
import { Counters } from '../../../src/base/process/counters.ts';
import { runProgram } from '../../../src/cli/program.ts';
import { buildRouteApp } from '../../../src/route/app.ts';
import { clusterKeysOf } from '../../support/cluster-key.ts';
import { routeFiguresOf } from '../../support/figures.ts';
import { freePort } from '../../support/free-port.ts';
import { nastyTexts, unsafePattern } from '../../support/nasty-text.ts';
import { onTeardown } from '../../support/teardown.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { recordingLog } from '../http/recording-log.ts';
import { FakeOperations } from '../route-endpoints/fake-operations.ts';
import { FakeHost } from './fake-host.ts';

async function startRoute() {
  const operations = new FakeOperations();
  const counters = new Counters();
  const { log } = recordingLog();
  const app = buildRouteApp(operations, {
    mode: 'open',
    proofs: { clusterKeys: clusterKeysOf('cluster') },
    warnings: [],
    ...routeFiguresOf(counters),
    log,
    version: '9.9.9',
  });
  onTeardown(() => app.close());
  const { port } = await app.listen({ host: '127.0.0.1', port: 0 });
  return { operations, counters, url: `http://127.0.0.1:${port}` };
}

async function admin(...words: string[]) {
  const fake = new FakeHost({ CIM_CLUSTER_SECRET: 'cluster' });
  const code = await runProgram(['admin', ...words], fake.host);
  return { code, ...(await fake.written()) };
}

describe('cim admin', () => {
  test('servers', async () => {
    const { url } = await startRoute();
    const table = [
      'ADDRESS         HTTP            CONNECTIONS  TAKES LOGINS  VERSION  INSTANCE',
      '[fd00::1]:9000  [fd00::1]:8081            3  yes           0.1.0    ab',
      '',
    ];
    expect(await admin('servers', '--route', url)).toEqual({
      code: 0,
      stdout: table.join('\n'),
      stderr: '',
    });
  });

  test('servers --json', async () => {
    const { url } = await startRoute();
    const { stdout } = await admin('servers', '--route', url, '--json');
    expect(stdout).toBe(
      '{"instance":"ab","endpoints":[{"kind":"tcp","host":"fd00::1","port":9000,"tls":false},{"kind":"http","host":"fd00::1","port":8081,"tls":false}],"version":"0.1.0","connections":3,"choosable":true}\n',
    );
  });

  test('online', async () => {
    const { url, operations } = await startRoute();
    operations.online = [...operations.accounts, { userId: 7, name: 'amy' }];
    const { stdout } = await admin('online', '--route', url);
    expect(stdout).toBe(
      '      USER ID  NAME\n1547028929407  zhangsan\n1547028929408  lisi\n            7  amy\n',
    );
    const json = await admin('online', '--route', url, '--json');
    expect(json.stdout.split('\n')[2]).toBe('{"userId":7,"userName":"amy"}');
  });

  test('online when nobody is', async () => {
    const { url, operations } = await startRoute();
    operations.online = [];
    expect((await admin('online', '--route', url)).stdout).toBe('nobody is online\n');
    expect((await admin('online', '--route', url, '--json')).stdout).toBe('');
  });

  test('kick', async () => {
    const { url, operations } = await startRoute();
    expect((await admin('kick', '7', '--route', url)).stdout).toBe(
      '2 connections of user 7 ended\n',
    );
    expect((await admin('kick', '7', '--route', url, '--json')).stdout).toBe(
      '{"userId":7,"ended":2}\n',
    );
    expect(operations.calls).toEqual([
      ['kick', 7],
      ['kick', 7],
    ]);
  });

  test('block and unblock', async () => {
    const { url, operations } = await startRoute();
    expect((await admin('block', '7', '--route', url)).stdout).toBe(
      'user 7 is blocked, 1 connection ended\n',
    );
    expect((await admin('unblock', '7', '--route', url)).stdout).toBe('user 7 is let in again\n');
    expect((await admin('block', '7', '--route', url, '--json')).stdout).toBe(
      '{"userId":7,"blocked":true,"ended":1}\n',
    );
    expect(operations.calls).toEqual([
      ['setAccountBlocked', { userId: 7, isBlocked: true }],
      ['setAccountBlocked', { userId: 7, isBlocked: false }],
      ['setAccountBlocked', { userId: 7, isBlocked: true }],
    ]);
  });

  test('delete-user', async () => {
    const { url, operations } = await startRoute();
    expect((await admin('delete-user', '7', '--route', url)).stdout).toBe(
      'User 7 is deleted: the account, its keys, messages and memberships.\n' +
        '2 connections ended. What others hold of them stays theirs.\n',
    );
    expect((await admin('delete-user', '7', '--route', url, '--json')).stdout).toBe(
      '{"userId":7,"ended":2}\n',
    );
    expect(operations.calls[0]).toEqual(['deleteAccount', [7, undefined]]);
  });

  test('files', async () => {
    const { url } = await startRoute();
    expect((await admin('files', '--route', url)).stdout).toBe(
      'USER ID        FILES    BYTES  UNFINISHED\n' +
        'all                3  1565536       65536\n' +
        '1547028929407      2  1500000       65536\n' +
        '1547028929408      1    65536           0\n',
    );
    expect((await admin('files', '--route', url, '--json')).stdout).toBe(
      '{"files":3,"bytes":1565536,"unfinishedBytes":65536,"owners":[{"userId":1547028929407,"files":2,"bytes":1500000,"unfinishedBytes":65536},{"userId":1547028929408,"files":1,"bytes":65536,"unfinishedBytes":0}]}\n',
    );
  });

  test('drain', async () => {
    const { url, operations } = await startRoute();
    expect((await admin('drain', '10.0.0.1:9000', '--route', url)).stdout).toBe(
      '10.0.0.1:9000 takes no more logins, and everybody there is sent elsewhere\n',
    );
    expect((await admin('drain', 'ab', '--route', url, '--json')).stdout).toBe('{"server":"ab"}\n');
    expect(operations.calls).toEqual([
      ['drain', '10.0.0.1:9000'],
      ['drain', 'ab'],
    ]);
  });

  test('new-store-id', async () => {
    const { url } = await startRoute();
    const { stdout } = await admin('new-store-id', '--route', url);
    expect(stdout).toContain('the store is 5709e1d000000002 now');
    expect((await admin('new-store-id', '--route', url, '--json')).stdout).toBe(
      '{"storeId":"5709e1d000000002"}\n',
    );
  });

  test('drain of a server that is not there: exit 1, and what there is', async () => {
    const { url, operations } = await startRoute();
    operations.failure = new CimError('not-found', 'server: no "x" is alive; none is');
    const { code, stderr } = await admin('drain', 'x', '--route', url);
    expect([code, stderr]).toEqual([1, 'cim admin: server: no "x" is alive; none is\n']);
  });

  test('counters', async () => {
    const { url, counters } = await startRoute();
    counters.add('things', 'what there was').value = 3;
    expect((await admin('counters', '--route', url)).stdout).toBe(
      'NAME    VALUE  WHAT IT COUNTS\nthings      3  what there was\n',
    );
    expect((await admin('counters', '--route', url, '--json')).stdout).toBe(
      '{"name":"things","value":3,"description":"what there was"}\n',
    );
  });

  test('reset-secret draws a secret, and the route sees what is derived from it', async () => {
    const { url, operations } = await startRoute();
    const { stdout } = await admin('reset-secret', '7', '--route', url);
    const secret = /^ {2}(cim_[\w-]{43})$/m.exec(stdout)?.[1] ?? '';
    const { loginKey } = await deriveAccountKeys(secret, 7);
    expect(operations.calls).toEqual([['resetSecret', { userId: 7, loginKey }]]);
    expect(stdout).toContain('cannot be read any more');
    const json = JSON.parse((await admin('reset-secret', '7', '--route', url, '--json')).stdout);
    expect(json).toEqual({ userId: 7, secret: expect.stringMatching(/^cim_/) });
    expect(json.secret).not.toBe(secret);
  });

  test('key create, list and revoke', async () => {
    const { url, operations } = await startRoute();
    const create = ['key', 'create', '--label', 'cooks', '--scope', 'group:Cooks'];
    expect((await admin(...create, '--route', url)).stdout).toBe(
      'The key ab for group:cooks, shown this once:\n  cimk_ab_secret\n',
    );
    const table = [
      'ID  SCOPE        CREATED                   LABEL',
      'ab  push         1970-01-01T00:00:05.000Z  shop',
      'cd  group:cooks  1970-01-01T00:00:06.000Z  cooks',
      '',
    ];
    expect((await admin('key', 'list', '--route', url)).stdout).toBe(table.join('\n'));
    expect((await admin('key', 'revoke', 'ab', '--route', url)).stdout).toBe(
      'the key ab is void\n',
    );
    expect(operations.calls).toEqual([
      ['createApiKey', { label: 'cooks', scope: { kind: 'group', group: 'cooks' } }],
      ['apiKeys', undefined],
      ['revokeApiKey', 'ab'],
    ]);
  });

  test('device create, list and revoke', async () => {
    const { url, operations } = await startRoute();
    const allow = ['--allow', 'pub t/%u/#', '--allow', 'sub  c/%u'];
    const create = ['device', 'create', '--name', 'lamp', ...allow];
    expect((await admin(...create, '--route', url)).stdout).toBe(
      'The key ef of lamp, shown this once:\n  cimd_ef_secret\n',
    );
    const table = [
      'ID  NAME  CREATED                   MAY',
      'ef  lamp  1970-01-01T00:00:05.000Z  pub t/%u/#, sub c/%u',
      'gh  door  1970-01-01T00:00:05.000Z  pub t/%u/#, sub c/%u',
      '',
    ];
    expect((await admin('device', 'list', '--route', url)).stdout).toBe(table.join('\n'));
    expect((await admin('device', 'revoke', 'ef', '--route', url)).stdout).toBe(
      'the key ef is void\n',
    );
    expect(operations.calls).toEqual([
      ['createDeviceKey', { name: 'lamp', allow: ['pub t/%u/#', 'sub c/%u'] }],
      ['deviceKeys', undefined],
      ['deviceKeys', 'ef'],
      ['revokeDeviceKey', 'ef'],
    ]);
  });

  test.each([
    [['--allow', 'pub a'], '--name: must be given'],
    [['--name', 'lamp'], '--allow: must be given'],
    [['--name', 'lamp', '--allow', 'all'], '--allow: must be'],
    [['--name', 'lamp', '--allow', 'pub cim/#'], '--allow: must be'],
  ])('device create %j: exit 64', async (options, message) => {
    const { url } = await startRoute();
    const { code, stderr } = await admin('device', 'create', ...options, '--route', url);
    expect([code, stderr]).toEqual([64, expect.stringContaining(message)]);
  });

  test.each([
    [['--scope', 'push'], '--label: must be given'],
    [['--label', 'shop'], '--scope: must be given'],
  ])('key create %j: exit 64', async (options, message) => {
    const { url } = await startRoute();
    const { code, stderr } = await admin('key', 'create', ...options, '--route', url);
    expect([code, stderr]).toEqual([64, expect.stringContaining(message)]);
  });

  test('a scope that is none: exit 1, and what there is', async () => {
    const { url } = await startRoute();
    const wrong = ['key', 'create', '--label', 'shop', '--scope', 'all', '--route', url];
    const { code, stderr } = await admin(...wrong);
    expect([code, stderr]).toEqual([
      1,
      'cim admin: scope: must be push, read, groups, topics or group:NAME\n',
    ]);
  });

  test('the secret in the data folder of cim dev goes to routes on this machine only', async () => {
    const { url } = await startRoute();
    const data = temporaryFolder('data');
    writeFileSync(join(data, 'cluster-secret'), 'cluster\n', { mode: 0o600 });
    const run = (...routes: string[]) => {
      const words = routes.flatMap((route) => ['--route', route]);
      return runProgram(['admin', 'servers', '--data', data, ...words], new FakeHost().host);
    };
    expect(await run(url)).toBe(0);
    expect(await run(url.replace('127.0.0.1', '[::ffff:127.0.0.1]'))).toBe(0);
    // It leads here, but nothing says so.
    expect(await run(url.replace('127.0.0.1', '0.0.0.0'))).toBe(77);
  });

  test('a route that is down is passed over for the next', async () => {
    const { url } = await startRoute();
    const down = `http://127.0.0.1:${await freePort()}`;
    expect((await admin('online', '--route', down, '--route', url)).code).toBe(0);
  });

  test('no route at all: exit 69', async () => {
    const down = `http://127.0.0.1:${await freePort()}`;
    const { code, stderr } = await admin('online', '--route', down);
    expect(code).toBe(69);
    expect(stderr).toContain(`cim admin: no answer from ${down}/challenge`);
  });

  test('another secret: exit 77, and the flag is named', async () => {
    const { url } = await startRoute();
    const { code, stderr } = await admin('servers', '--route', url, '--cluster-secret', 'other');
    expect(code).toBe(77);
    expect(stderr).toBe(
      `cim admin: ${url} did not prove that it knows this cluster secret, so it was told nothing: ask with the secret of that cluster (--cluster-secret-file FILE), or with --zk HOST:PORT, where roles without one have agreed on theirs\n`,
    );
  });

  test('a backup goes to a new file', async () => {
    const { url } = await startRoute();
    const folder = temporaryFolder('backups');
    const taken = join(folder, 'monday.sqlite');
    writeFileSync(taken, 'of yesterday');
    expect(await admin('backup', taken, '--route', url)).toMatchObject({
      code: 1,
      stderr: `cim admin: ${taken} exists already: choose another name\n`,
    });
    const nowhere = join(folder, 'no', 'monday.sqlite');
    const { stderr } = await admin('backup', nowhere, '--route', url);
    expect(stderr).toContain(`cim admin: ${nowhere} cannot be written: `);
  });

  test('no secret: exit 77, and the flag is named', async () => {
    const { url } = await startRoute();
    const fake = new FakeHost({ CIM_DATA: temporaryFolder('data') });
    expect(await runProgram(['admin', 'servers', '--route', url], fake.host)).toBe(77);
    expect((await fake.written()).stderr).toBe(
      `cim admin: ${url} wants the cluster secret: give it (--cluster-secret-file FILE), or --zk HOST:PORT, where roles without one have agreed on theirs\n`,
    );
  });

  test.each([
    [['server'], 'server: is not an action (did you mean servers?)'],
    [['constructor'], 'constructor: is not an action'],
    [['kick'], 'kick: the id of a user must be given'],
    [['drain'], 'drain: a server, as host:port or by its instance, must be given'],
    [['counters', '7'], '7: is one argument too many'],
    [['kick', 'amy'], 'amy: is not the id of a user'],
    [['kick', '0'], '0: is not the id of a user'],
    [['kick', '9007199254740992'], '9007199254740992: is not the id of a user'],
    [['servers', '7'], '7: is one argument too many'],
    [['key'], 'key: is not an action'],
    [['key', 'mak'], 'key mak: is not an action'],
    [['key', 'revoke'], 'key revoke: the id of a key must be given'],
    [['key', 'list', '7'], '7: is one argument too many'],
    [['reset-secret', 'amy'], 'amy: is not the id of a user'],
    [['kick', '7', '8'], '8: is one argument too many'],
  ])('%j: exit 64', async (words, message) => {
    const { code, stderr } = await admin(...words);
    expect(code).toBe(64);
    expect(stderr).toContain(`cim admin: ${message}`);
  });
});

test.each(nastyTexts)('a name cannot bring %s to an operator', async (_, text) => {
  const { url, operations } = await startRoute();
  operations.online = [{ userId: 7, name: text }];
  const table = (await admin('online', '--route', url)).stdout;
  expect(table.split('\n')).toHaveLength(3);
  expect(table.replaceAll('\n', '')).not.toMatch(unsafePattern);
  const json = (await admin('online', '--route', url, '--json')).stdout;
  expect(json.trimEnd()).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
  operations.failure = new CimError('not-found', `server: no ${text} is alive`);
  const { stderr } = await admin('drain', 'x', '--route', url);
  expect(stderr.replaceAll('\n', '')).not.toMatch(unsafePattern);
  for (const line of stderr.trimEnd().split('\n')) expect(line).toMatch(/^cim admin: /);
});
