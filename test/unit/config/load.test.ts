// Goal: the strongest source wins, and everything that is wrong is told at once with its place.
// Method: real files in a temporary folder.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { CimError } from '../../../src/base/errors.ts';
import { inspectSettings, loadSettings } from '../../../src/config/load.ts';
import type { Role } from '../../../src/config/option.ts';
import type { ServerSettings } from '../../../src/config/settings.ts';
import type { Environment } from '../../../src/config/sources/env.ts';
import type { FlagValues } from '../../../src/config/sources/flags.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

interface From {
  readonly flags?: FlagValues;
  readonly env?: Environment;
}

function load<R extends Role>(role: R, { flags = {}, env = {} }: From = {}) {
  return loadSettings(role, { flags, env });
}

async function refusal(role: Role, from: From): Promise<{ kind: string; lines: string[] }> {
  const error = await load(role, from).catch((reason: unknown) => reason);
  if (!(error instanceof CimError)) throw new Error(`not refused: ${String(error)}`);
  return { kind: error.kind, lines: error.message.split('\n') };
}

function settingsFile(content: string, name = 'cim.yaml'): string {
  const path = join(temporaryFolder('settings'), name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

const bob = { 'user-id': ['1'], name: ['bob'] };

describe('what a role gets', () => {
  test('the defaults of the role, typed, and nothing of other roles', async () => {
    const { settings, warnings } = await load('server');
    const expected: ServerSettings = {
      port: 9000,
      httpPort: 8081,
      wsPort: undefined,
      mqttPort: undefined,
      topicsOpen: false,
      publicUrl: undefined,
      host: '::',
      metrics: 'secret',
      metricsPort: undefined,
      workers: 1,
      advertise: undefined,
      advertisePort: undefined,
      advertiseHttpPort: undefined,
      allowOrigin: undefined,
      allowHost: undefined,
      zk: '127.0.0.1:2181',
      zkSessionTimeoutMs: 10_000,
      clusterSecret: undefined,
      clusterSecretAlso: undefined,
      zkAuth: undefined,
      tlsCert: undefined,
      tlsKey: undefined,
      tlsCa: undefined,
      tlsName: undefined,
      tlsClientCerts: false,
      trustProxy: ['127.0.0.0/8', '::1/128'],
      limitLoopback: false,
      buffersMib: 160,
      connectionsMax: undefined,
      connectionsPerIp: 4_096,
      loginRate: 1_200,
      sendRate: 1_000,
      sendBytesRate: 1024 * 1024,
      readBytesRate: 4 * 1024 * 1024,
      conversationRate: 2_000,
      logLevel: 'info',
    };
    expect(settings).toEqual(expected);
    expect(Object.keys(settings).toSorted()).toEqual(Object.keys(expected).toSorted());
    expect(warnings).toEqual([]);
  });

  test('flag before variable before file before default', async () => {
    const config = settingsFile('port: 1\nhttp-port: 1\nhost: file.example\n');
    const { settings } = await load('server', {
      flags: { port: ['3'], config: [config] },
      env: { CIM_PORT: '2', CIM_HTTP_PORT: '2' },
    });
    expect(settings).toMatchObject({
      port: 3,
      httpPort: 2,
      host: 'file.example',
      zk: '127.0.0.1:2181',
    });
  });

  test('a variable can name the file, and a flag another', async () => {
    const [one, other] = [settingsFile('port: 1\n'), settingsFile('port: 2\n')];
    const env = { CIM_CONFIG: one };
    expect((await load('server', { env })).settings.port).toBe(1);
    expect((await load('server', { env, flags: { config: [other] } })).settings.port).toBe(2);
  });

  test('text stays as it was written, from every source', async () => {
    const config = settingsFile('name: 007\nuser-id: 1\n');
    expect((await load('client', { flags: { config: [config] } })).settings.name).toBe('007');
    expect((await load('client', { flags: { ...bob, name: ['1e3'] } })).settings.name).toBe('1e3');
    expect(
      (await load('client', { flags: { 'user-id': ['1'] }, env: { CIM_NAME: 'true' } })).settings
        .name,
    ).toBe('true');
  });

  test('switches', async () => {
    const { settings } = await load('client', {
      flags: { ...bob, json: [true] },
      env: { CIM_LISTEN: '1' },
    });
    expect(settings).toMatchObject({ json: true, listen: true });
    const { settings: off } = await load('client', {
      flags: { ...bob, listen: [false] },
      env: { CIM_LISTEN: '1' },
    });
    expect(off).toMatchObject({ json: false, listen: false });
  });

  test('routes: several flags, or a text with commas, or a list in the file', async () => {
    const both = ['http://one', 'http://two'];
    const config = settingsFile('route: [http://one, http://two]\n');
    expect((await load('client', { flags: { ...bob, route: both } })).settings.route).toEqual(both);
    expect(
      (await load('client', { flags: bob, env: { CIM_ROUTE: both.join(',') } })).settings.route,
    ).toEqual(both);
    expect((await load('client', { flags: { ...bob, config: [config] } })).settings.route).toEqual(
      both,
    );
  });

  test('folders of the user where none is given', async () => {
    const { settings } = await load('dev');
    expect(settings.data).toMatch(/cim$/);
    expect((await load('dev', { flags: { data: [':memory:'] } })).settings.data).toBe(':memory:');
  });

  test('an empty variable counts as not set', async () => {
    expect((await load('server', { env: { CIM_PORT: '' } })).settings.port).toBe(9000);
  });
});

describe('a file', () => {
  test('may be JSON, with tabs and null', async () => {
    const config = settingsFile('{\n\t"port": 1,\n\t"host": null,\n\t"zk": "one"\n}\n', 'cim.json');
    const { settings } = await load('server', { flags: { config: [config] } });
    expect(settings).toMatchObject({ port: 1, host: '::', zk: 'one:2181' });
  });

  test('serves several roles: keys of others do not matter, nor whether they are right', async () => {
    const config = settingsFile('redis: one\nuser-id: x\nhttp-port:\n');
    expect((await load('server', { flags: { config: [config] } })).settings.httpPort).toBe(8081);
  });

  test('may be empty', async () => {
    const config = settingsFile('# nothing yet\n');
    expect((await load('server', { flags: { config: [config] } })).settings.port).toBe(9000);
  });

  test.each([
    ['not a mapping', '- port\n', ': must be a mapping of settings'],
    ['an unknown key', 'prot: 1\n', ': prot: is not a setting (did you mean port?)'],
    ['a key for the command line alone', 'config: other.yaml\n', ': config: is not a setting'],
    ['a value that is a mapping', 'port: {a: 1}\n', ': port: must be a single value'],
    ['a list where there is one value', 'port: [1]\n', ': port: must be a single value'],
    ['an alias', 'host: &a one\nzk: *a\n', ': zk: must be a single value'],
    ['a wrong value', 'port: abc\n', ': port: must be a whole number from 0 to 65535, got "abc"'],
  ])('with %s', async (_, content, problem) => {
    const config = settingsFile(content);
    const { kind, lines } = await refusal('server', { flags: { config: [config] } });
    expect({ kind, lines }).toEqual({ kind: 'bad-config', lines: [`${config}${problem}`] });
  });

  test('that cannot be parsed is refused by line, without showing it', async () => {
    for (const content of [
      'port: 1\ncluster-secret: "hush\n',
      '{"port": 1,\n"cluster-secret": hush: x}',
      'port: 1\nport: hush',
    ]) {
      const config = settingsFile(content);
      const { kind, lines } = await refusal('server', { flags: { config: [config] } });
      expect(kind).toBe('bad-config');
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(/: is not valid YAML or JSON, line \d \([A-Z_]+\)$/);
      expect(lines[0]).not.toContain('hush');
    }
  });

  test('that is not there', async () => {
    const missing = join(temporaryFolder('settings'), 'none.yaml');
    expect(await refusal('server', { flags: { config: [missing] } })).toEqual({
      kind: 'bad-config',
      lines: [`--config: cannot read ${missing} (ENOENT)`],
    });
    expect((await refusal('server', { env: { CIM_CONFIG: missing } })).lines[0]).toMatch(
      /^CIM_CONFIG: /,
    );
  });
});

describe('what is wrong', () => {
  test('is told all at once, each with its place', async () => {
    const config = settingsFile('zk: "a b"\nprot: 1\n');
    const { kind, lines } = await refusal('server', {
      flags: { port: ['abc'], config: [config], hots: ['x'] },
      env: { CIM_HTTP_PORT: '99999', CIM_LOG_LEVEL: 'loud' },
    });
    expect(kind).toBe('bad-config');
    expect(lines.toSorted()).toEqual(
      [
        '--port: must be a whole number from 0 to 65535, got "abc"',
        '--hots: is not a flag of cim server (did you mean --host?)',
        'CIM_HTTP_PORT: must be a whole number from 0 to 65535, got "99999"',
        'CIM_LOG_LEVEL: must be one of trace, debug, info, warn, error, silent, got "loud"',
        `${config}: prot: is not a setting (did you mean port?)`,
        `${config}: zk: must be host[:port], or several with commas between them, and /chroot if any, got "a b"`,
      ].toSorted(),
    );
  });

  test('on the command line alone is a usage error', async () => {
    expect((await refusal('server', { flags: { port: ['abc'], nope: [true] } })).kind).toBe(
      'usage',
    );
    expect((await refusal('server', { env: { CIM_PORT: 'abc' } })).kind).toBe('bad-config');
  });

  test('includes what had to be given', async () => {
    expect(await refusal('client', {})).toEqual({
      kind: 'usage',
      lines: [
        '--user-id: must be given, here or as CIM_USER_ID',
        '--name: must be given, here or as CIM_NAME',
      ],
    });
  });

  test('but not where another option tells it', async () => {
    const { settings } = await load('client', { env: { CIM_TOKEN: 'jwt' } });
    expect(settings).toMatchObject({ userId: undefined, name: undefined, token: 'jwt' });
  });

  test('is not what a stronger source has set right', async () => {
    const { settings } = await load('server', { flags: { port: ['1'] }, env: { CIM_PORT: 'abc' } });
    expect(settings.port).toBe(1);
  });

  test.each<[string, Record<string, (string | boolean)[]>, string]>([
    ['a flag twice', { port: ['1', '2'] }, '--port: is given more than once'],
    ['a switch twice', { json: [true, true] }, '--json: is given more than once'],
    ['a flag without value', { port: [true] }, '--port: needs a value'],
    ['--no- before what is no switch', { port: [false] }, '--port: is not a switch'],
    ['an empty value', { port: [''] }, '--port: must be a whole number from 0 to 65535, got ""'],
    ['a switch with a value', { json: ['yes'] }, '--json: must be true or false, got "yes"'],
    [
      'a flag of another role',
      { redis: ['one'] },
      '--redis: is not a flag of cim client, but of cim route',
    ],
    ['a flag like no other', { whatever: ['one'] }, '--whatever: is not a flag of cim client'],
    ['one letter', { x: [true] }, '-x: is not a flag of cim client'],
  ])('%s', async (_, flags, problem) => {
    const role = 'port' in flags ? 'server' : 'client';
    const { kind, lines } = await refusal(role, {
      flags: { ...(role === 'client' ? bob : {}), ...flags },
    });
    expect(kind).toBe('usage');
    expect(lines).toEqual([expect.stringContaining(problem)]);
    if (problem.includes('whatever')) expect(lines[0]).not.toContain('did you mean');
  });

  test('secrets never show', async () => {
    const { lines } = await refusal('route', {
      flags: { 'cluster-secret': ['hush'.repeat(1_000)], redis: ['redis://user:hush@one:x'] },
    });
    expect(lines).toHaveLength(2);
    expect(lines.join()).not.toContain('hush');
  });
});

describe('options that exclude each other', () => {
  test('from one source are an error', async () => {
    const { kind, lines } = await refusal('send', {
      flags: { ...bob, to: ['2'], group: ['lobby'] },
    });
    expect({ kind, lines }).toEqual({
      kind: 'usage',
      lines: ['--to: cannot be used together with --group'],
    });
    const env = { CIM_ROUTE: 'http://one', CIM_ZK: 'one' };
    expect((await refusal('client', { flags: bob, env })).kind).toBe('bad-config');
  });

  test('from two sources: the stronger one holds', async () => {
    const { settings: byRoute } = await load('client', {
      flags: { ...bob, route: ['http://one'] },
      env: { CIM_ZK: 'one' },
    });
    expect(byRoute).toMatchObject({ route: ['http://one'], zk: undefined });
    const { settings: byZookeeper } = await load('client', {
      flags: { ...bob, zk: ['one'] },
      env: { CIM_ROUTE: 'http://one' },
    });
    expect(byZookeeper).toMatchObject({ route: ['http://127.0.0.1:8083'], zk: 'one:2181' });
  });
});

describe('variables', () => {
  test('that cim does not know are warned about, once each, and those of other programs are not', async () => {
    const { warnings } = await load('server', {
      env: { CIM_PROT: '1', CIM_CHECK: '1', CIMBALOM: '1', HOME: '/' },
    });
    expect(warnings).toEqual([
      'CIM_PROT: is not a setting (did you mean CIM_PORT?)',
      'CIM_CHECK: is not a setting',
    ]);
  });

  test('of another role are neither taken nor warned about', async () => {
    const env = { CIM_REDIS: 'a b', CIM_ROUTE: 'http://one', CIM_ZK: 'one' };
    const { settings, warnings } = await load('server', { env });
    expect({ zk: settings.zk, warnings }).toEqual({ zk: 'one:2181', warnings: [] });
  });

  test('that Kubernetes makes up for a service are ignored, with a warning', async () => {
    const { settings, warnings } = await load('server', {
      env: {
        CIM_PORT: 'tcp://10.0.0.1:123',
        CIM_HTTP_PORT: 'udp://10.0.0.1:123',
        CIM_PORT_123_TCP: 'tcp://10.0.0.1:123',
      },
    });
    expect(settings).toMatchObject({ port: 9000, httpPort: 8081 });
    expect(warnings).toHaveLength(3);
  });
});

test('an inspection tells the origin of each value, and what is wrong beside what is right', async () => {
  const config = settingsFile('http-port: 1\n');
  const { settings, problems } = await inspectSettings('server', {
    flags: { config: [config], port: ['abc'] },
    env: { CIM_HOST: 'one' },
  });
  const origins = Object.fromEntries(
    settings.map(({ name, value, from: origin }) => [name, [value, origin]]),
  );
  expect(origins).toMatchObject({
    port: [undefined, '--port'],
    'http-port': [1, `${config}: http-port`],
    host: ['one', 'CIM_HOST'],
    zk: ['127.0.0.1:2181', 'default'],
  });
  expect(problems).toHaveLength(1);
});
