// Goal: what people and scripts see of the program itself: help, version, errors with their exit
// codes, cim config. Method: the whole program in this process, on a host whose streams are
// collected. No role is started.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { commands } from '../../../src/cli/commands.ts';
import { runProgram } from '../../../src/cli/program.ts';
import { optionsOf } from '../../../src/config/options.ts';
import type { Environment } from '../../../src/config/sources/env.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { FakeHost } from './fake-host.ts';

async function cim(argv: readonly string[], env: Environment = {}) {
  const fake = new FakeHost(env);
  const code = await runProgram(argv, fake.host);
  return { code, ...(await fake.written()) };
}

describe('help', () => {
  test.each([[[]], [['--help']], [['-h']], [['help']]])(
    'cim %j lists every command and how to go on',
    async (argv) => {
      const { code, stdout, stderr } = await cim(argv);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      for (const { name, summary } of commands)
        expect(stdout).toMatch(new RegExp(`^  ${name} +${summary}`, 'm'));
      expect(stdout).toContain('cim dev');
      expect(stdout).toContain('CIM_HTTP_PORT');
    },
  );

  test.each(commands.map((command) => [command.name, command] as const))(
    'cim %s --help tells its options with their defaults, and examples',
    async (name, { role, examples }) => {
      const { code, stdout } = await cim([name, '--help']);
      expect(code).toBe(0);
      for (const [option] of role ? optionsOf(role) : [])
        expect(stdout).toMatch(new RegExp(`^  --${option}\\b`, 'm'));
      for (const example of examples) expect(stdout).toContain(`  ${example}\n`);
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
    },
  );

  test('defaults are those of the command', async () => {
    expect((await cim(['server', '--help'])).stdout).toMatch(/--port PORT .*\(default 9000\)/);
    expect((await cim(['route', '--help'])).stdout).toMatch(/--port PORT .*\(default 8083\)/);
    expect((await cim(['client', '--help'])).stdout).toMatch(
      /--user-id ID .*\(must be given, unless --token is\)/,
    );
  });

  test('cim help send is cim send --help', async () => {
    expect(await cim(['help', 'send'])).toEqual(await cim(['send', '--help']));
  });

  test('cim admin lists its actions, and takes each of them', async () => {
    const { code, stderr } = await cim(['admin']);
    expect(code).toBe(64);
    expect((await cim(['admin', '--help'])).stdout).toBe(stderr);
    const actions = commands.find(({ name }) => name === 'admin')?.actions ?? [];
    for (const [typed, effect] of actions) {
      expect(stderr).toMatch(new RegExp(`^  ${typed} +${effect}`, 'm'));
      // One word too many: known, and not done.
      const words = [...typed.split(' '), 'more', 'words'];
      expect((await cim(['admin', ...words])).stderr).toContain('is one argument too many');
    }
    expect(actions).toHaveLength(26);
  });

  test('--help wins over what is wrong', async () => {
    expect((await cim(['server', '--nope', '--help'])).code).toBe(0);
  });
});

test('--version', async () => {
  for (const argv of [['--version'], ['-v'], ['version'], ['server', '--version']]) {
    expect(await cim(argv)).toEqual({ code: 0, stdout: 'cim dev\n', stderr: '' });
  }
});

test.each([
  ['client', []],
  ['send', ['--to', '2', 'hi']],
])('a secret that can be nobody’s is a bad setting of cim %s: 78', async (name, more) => {
  const argv = [name, '--user-id', '1', '--name', 'bob', ...more];
  const { code, stderr } = await cim(argv, { CIM_SECRET: 'bad' });
  expect(stderr).toBe(
    `cim ${name}: --secret, --secret-file or CIM_SECRET: a secret of one's own has 10 characters or more (cim config shows what is set, and where)\n`,
  );
  expect(code).toBe(78);
});

describe('the command line is wrong: 64, on stderr, with the way out', () => {
  test.each([
    [['srver'], ['cim: srver: is not a command (did you mean server?) (see cim --help)']],
    [
      ['server', '--prot', '1'],
      [
        'cim server: --prot: is not a flag of cim server (did you mean --port?) (see cim server --help)',
      ],
    ],
    [
      ['client', '--user', '1', '--user-id', '1', '--name', 'bob'],
      [
        'cim client: --user: is not a flag of cim client (did you mean --user-id?) (see cim client --help)',
      ],
    ],
    [
      ['client', '--user-id', '9007199254740993', '--name=', '--jsno'],
      [
        'cim client: --jsno: is not a flag of cim client (did you mean --json?)',
        'cim client: --user-id: must be a whole number from 1 to 9007199254740991, got "9007199254740993"',
        'cim client: --name: must be 1 to 64 characters, got ""',
        'cim client: see cim client --help',
      ],
    ],
    [
      ['send', '--user-id=1', '--name=bob', 'hi'],
      ['cim send: --to or --group must be given (see cim send --help)'],
    ],
    [
      ['send', '--user-id=1', '--name=bob', '--to=2', ''],
      ['cim send: the text is empty: nothing is sent (see cim send --help)'],
    ],
    ...['client', 'send'].map((name): [string[], string[]] => [
      [name, '--user-id=1', '--name= ', ...(name === 'send' ? ['--to=2', 'hi'] : [])],
      [`cim ${name}: --name: must not be blank (see cim ${name} --help)`],
    ]),
    [
      ['config', 'sever'],
      ['cim config: sever: is not a role (did you mean server?) (see cim config --help)'],
    ],
    [
      ['config', '--port', '1'],
      [expect.stringMatching(/^cim config: --port: is not a flag of cim config, but of /)],
    ],
    [['completion', 'fish'], [expect.stringContaining('must be one of bash, zsh')]],
  ])('cim %j', async (argv, lines) => {
    const { code, stdout, stderr } = await cim(argv);
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr.trimEnd().split('\n')).toEqual(lines);
  });
});

test('a variable or a file is wrong: 78', async () => {
  const { code, stderr } = await cim(['server', '--port', 'abc'], { CIM_HTTP_PORT: 'x' });
  expect(code).toBe(78);
  expect(stderr.split('\n')).toHaveLength(4);
  expect(stderr).toContain('cim server: CIM_HTTP_PORT: must be');
  expect(stderr).toContain('cim server: --port: must be');
});

describe('cim config', () => {
  test('shows each setting of a role with its origin, and no secret', async () => {
    const path = join(temporaryFolder('config'), 'cim.yaml');
    writeFileSync(path, 'redis: redis://user:hush@one\n', { mode: 0o600 });
    const { code, stdout, stderr } = await cim(['config', 'route', '--config', path], {
      CIM_CLUSTER_SECRET: 'hush',
      CIM_PORT: '1',
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.trim().split(/ {2,}/));
    expect(rows).toEqual(
      expect.arrayContaining([
        ['route'],
        ['port', '1', 'CIM_PORT'],
        ['redis', 'redis://***@one', `${path}: redis`],
        ['cluster-secret', '***', 'CIM_CLUSTER_SECRET'],
        ['strategy', 'consistent-hash', 'default'],
        ['config', path, '--config'],
      ]),
    );
    expect(stdout).not.toContain('hush');
  });

  test('shows all roles', async () => {
    const { stdout } = await cim(['config']);
    const titles = stdout.split('\n').filter((line) => line !== '' && !line.startsWith(' '));
    const users = ['client', 'send', 'verify', 'bench', 'admin', 'doctor', 'trace', 'top'];
    expect(titles).toEqual(['server', 'route', 'dev', ...users]);
    expect(stdout).toMatch(/user-id +\(must be given\)/);
  });

  test('shows what is right beside what is wrong', async () => {
    const { code, stdout, stderr } = await cim(['config', 'server'], { CIM_PORT: 'abc' });
    expect(code).toBe(0);
    expect(stdout).toMatch(/port +\(wrong\) +CIM_PORT/);
    expect(stderr).toContain('CIM_PORT: must be');
  });

  test('--check lists all that is wrong, once, and nothing else', async () => {
    const { code, stdout, stderr } = await cim(['config', '--check'], {
      CIM_PORT: 'abc',
      CIM_ZK: 'a b',
      CIM_PROT: '1',
    });
    expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
    expect(stderr.trimEnd().split('\n').toSorted()).toEqual([
      expect.stringContaining('CIM_PORT: must be'),
      expect.stringContaining('CIM_ZK: must be'),
      expect.stringContaining('warning: CIM_PROT: is not a setting'),
    ]);
    expect(await cim(['config', '--check'])).toEqual({ code: 0, stdout: '', stderr: '' });
  });
});

describe('what cannot be written', () => {
  const failure = (code: string) => Object.assign(new Error(`write ${code}`), { code });

  async function versionWith(code: string) {
    const fake = new FakeHost();
    fake.host.stdout.write = (_text: unknown, written?: unknown) => {
      fake.host.stdout.emit('error', failure(code));
      if (typeof written === 'function') written();
      return false;
    };
    const exitCode = await runProgram(['--version'], fake.host);
    return { exitCode, stderr: (await fake.written()).stderr };
  }

  test('for a reader that has gone is no error', async () => {
    expect(await versionWith('EPIPE')).toEqual({ exitCode: 0, stderr: '' });
  });

  test('on a full disk is told, with exit code 69', async () => {
    expect(await versionWith('ENOSPC')).toEqual({
      exitCode: 69,
      stderr: 'cim: stdout cannot be written: write ENOSPC\n',
    });
  });

  test('on stderr is nobody’s to know', async () => {
    const { host } = new FakeHost();
    expect(await runProgram(['--version'], host)).toBe(0);
    expect(host.stderr.emit('error', failure('ENOSPC'))).toBe(true);
  });
});
