/**
 * The executable as an operator meets it: alone in a read-only folder, without a home, with
 * settings that are wrong.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { commandsOf } from '../support/documents.ts';
import { chatOn } from '../support/installs.ts';
import { startProcess } from '../support/processes.ts';
import { executable, startRole } from '../support/roles.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startZooKeeper } from '../support/zookeeper.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Prints what it is told. */
const serviceManager = `
  $| = 1;
  socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die;
  bind($socket, pack_sockaddr_un($ARGV[0])) or die;
  print "listening\\n";
  my $message = "";
  while (defined recv($socket, $message, 100, 0)) { print "$message\\n"; }
`;

function cim(args: readonly string[], env: Record<string, string> = {}): Run {
  return spawnSync(executable, args, {
    encoding: 'utf8',
    input: '',
    env: { PATH: '/nowhere', ...env },
    timeout: 20_000,
  });
}

describe('the executable', () => {
  test('says its version without any Node.js on the machine', () => {
    const { status, stdout } = cim(['--version']);
    expect([status, stdout]).toEqual([0, `cim ${version}\n`]);
  });

  test('runs from a read-only folder, as a user without a home, with ZooKeeper inside', async () => {
    const folder = join(temporaryFolder('read-only'), 'bin');
    mkdirSync(folder);
    const copy = join(folder, 'cim');
    copyFileSync(executable, copy);
    chmodSync(folder, 0o555);
    const zookeeper = await startZooKeeper();
    const server = await startProcess({
      name: 'cim server',
      command: 'env',
      args: [
        '-i',
        'HOME=/nonexistent',
        copy,
        'server',
        '--port',
        '0',
        '--http-port',
        '0',
        '--host',
        '127.0.0.1',
        '--zk',
        zookeeper.address,
      ],
      ready: ({ stdout }) => stdout.includes('cim server ready'),
    });
    expect(server.stdout).toMatch(
      /^cim server ready tcp=127\.0\.0\.1:\d+ ws=127\.0\.0\.1:\d+ http=127\.0\.0\.1:\d+\n$/,
    );
    chmodSync(folder, 0o755);
  });

  test('is installed by the commands of docs/install.md, and leads to a chat', async () => {
    const folder = temporaryFolder('installed');
    const typed = commandsOf('docs/install.md', 'executable')
      .replace('bin/cim', executable)
      .replace('/usr/local/bin', folder);
    const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` };
    const said = execFileSync('bash', ['-ec', typed], { env, encoding: 'utf8' });
    expect(said).toBe(`cim ${version}\n`);
    await chatOn(join(folder, 'cim'));
  });

  test('hears of no options that are for other programs of the machine', () => {
    const { status, stdout } = cim(['--version'], { NODE_OPTIONS: '--no-such-option' });
    expect([status, stdout]).toEqual([0, `cim ${version}\n`]);
  });

  /**
   * Every folder but one can be written or is for programs, none is both. The executable is in /srv:
   * where it was may lie in one of the others.
   */
  const hardened = (args: string) => `
    mount --bind "$1" /srv && mount -o remount,bind,ro /srv
    mount -t tmpfs -o mode=1777 none /mnt
    for each in /tmp /var/tmp /dev/shm; do mount -t tmpfs -o noexec none $each; done
    cd / && exec env -i HOME=/nonexistent ${args}`;
  const inside = ['--mount', '--map-root-user', '--', 'bash', '-ec'];

  test('says what to set where its native code cannot be loaded, and exits with 78', () => {
    const run = (args: string) =>
      spawnSync('unshare', [...inside, hardened(args), 'bash', dirname(executable)], {
        encoding: 'utf8',
      });
    for (const workers of [1, 2]) {
      const where = '--port 0 --http-port 0 --zk 127.0.0.1:1 --host 127.0.0.1';
      const { status, stderr } = run(`/srv/cim server ${where} --workers ${workers}`);
      expect([status, stderr]).toEqual([78, expect.stringMatching(/TMPDIR: .*\/dev\/shm: /)]);
    }
    // Where no cluster is asked for there is nothing to load.
    expect(run('/srv/cim admin servers --route http://127.0.0.1:1').status).toBe(69);
    // With a folder that it can be loaded from it goes on: to find no ZooKeeper.
    const { status, stderr } = run('TMPDIR=/mnt /srv/cim admin servers --zk 127.0.0.1:1');
    expect([status, stderr]).toEqual([69, expect.stringContaining('ZooKeeper does not answer')]);
  });

  test('tells the service manager when it is ready, and when it stops', async () => {
    const socket = join(temporaryFolder('notify'), 'socket');
    const manager = await startProcess({
      name: 'the service manager',
      command: 'perl',
      args: ['-MSocket', '-e', serviceManager, socket],
      ready: ({ stdout }) => stdout.includes('listening'),
    });
    const started = await startRole(
      'dev',
      ['--port', '0', '--http-port', '0', '--route-port', '0', '--data', ':memory:'],
      { NOTIFY_SOCKET: socket },
    );
    await manager.whenPrinted(/^READY=1$/m);
    expect(manager.stdout).not.toContain('STOPPING');
    expect(await started.process.stop()).toBe(0);
    await manager.whenPrinted(/^STOPPING=1$/m);
  });

  test('is one file', () => {
    expect(statSync(executable).isFile()).toBe(true);
  });
});

describe('settings that are wrong', () => {
  test.each([
    ['an unknown command', ['sever'], {}, 64, [/sever/, /server/]],
    ['an unknown flag', ['server', '--prot', '1'], {}, 64, [/--prot/, /--port/]],
    [
      'two wrong flags at once',
      ['server', '--port', 'x', '--http-port', '70000'],
      {},
      64,
      [/--port/, /--http-port/],
    ],
    ['a wrong environment variable', ['route'], { CIM_PORT: 'eighty' }, 78, [/CIM_PORT/]],
    ['a wrong file', ['route', '--config', '/nonexistent.yaml'], {}, 78, [/nonexistent/]],
    ['no user', ['client'], {}, 64, [/--user-id/, /--name/]],
  ] as [string, string[], Record<string, string>, number, RegExp[]][])(
    '%s',
    (_, args, env, code, patterns) => {
      const { status, stdout, stderr } = cim(args, { HOME: '/nonexistent', ...env });
      for (const pattern of patterns) expect(stderr).toMatch(pattern);
      expect(stdout).toBe('');
      expect(status).toBe(code);
    },
  );

  test('a secret is never shown', () => {
    const secret = 'correct horse battery staple';
    const env = {
      HOME: '/nonexistent',
      CIM_CLUSTER_SECRET: secret,
      CIM_REDIS: 'redis://user:hunter2@h:1',
    };
    const { stdout, stderr } = cim(['config', 'route'], env);
    expect(stdout).toMatch(/redis/);
    expect(`${stdout}${stderr}`).not.toContain(secret);
    expect(`${stdout}${stderr}`).not.toContain('hunter2');
  });
});

beforeAll(() => {
  expect(statSync(executable).mode & 0o111).not.toBe(0);
});
