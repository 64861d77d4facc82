/**
 * The executable as an operator meets it: alone in a read-only folder, without a home, with
 * settings that are wrong.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, linkSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { startProcess } from '../support/processes.ts';
import { executable } from '../support/roles.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startZooKeeper } from '../support/zookeeper.ts';

interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

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
    expect([status, stdout]).toEqual([0, 'cim 0.1.0\n']);
  });

  test('runs from a read-only folder, as a user without a home, with ZooKeeper inside', async () => {
    const folder = join(temporaryFolder('read-only'), 'bin');
    mkdirSync(folder);
    // Next to nothing to copy 130 MB: another name for the same file.
    const copy = join(folder, 'cim');
    linkSync(executable, copy);
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
      /^cim server ready tcp=127\.0\.0\.1:\d+ http=127\.0\.0\.1:\d+\n$/,
    );
    chmodSync(folder, 0o755);
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
