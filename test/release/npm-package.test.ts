/** The npm package as a person installs it: its tarball into an empty folder, with nothing else. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { commandsOf } from '../support/documents.ts';
import { chatOn } from '../support/installs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
let tarball: string;

beforeAll(() => {
  const made = execFileSync(process.execPath, ['build.mjs', 'package', 'npm'], {
    encoding: 'utf8',
  });
  const [path = ''] = /^dist\/packages\/cim-\d\S*\.tgz$/m.exec(made) ?? [];
  tarball = resolve(path);
});

/** A new folder in which it is installed, by the commands of the page. */
function install(): string {
  const folder = temporaryFolder('npm');
  copyFileSync(tarball, join(folder, basename(tarball)));
  const env = {
    ...process.env,
    npm_config_offline: 'true',
    npm_config_cache: join(folder, 'cache'),
    npm_config_update_notifier: 'false',
  };
  const typed = commandsOf('docs/install.md', 'npm');
  const said = execFileSync('bash', ['-ec', typed], { cwd: folder, env, encoding: 'utf8' });
  expect(said).toContain(`cim ${version}\n`);
  return folder;
}

const programIn = (folder: string) => join(folder, 'node_modules/.bin/cim');

function run(folder: string, args: readonly string[], env: Record<string, string> = {}) {
  return spawnSync(programIn(folder), args, {
    encoding: 'utf8',
    cwd: folder,
    env: { ...process.env, ...env },
  });
}

describe('cim from npm', () => {
  test('leads to a chat', async () => {
    const folder = install();
    await chatOn(programIn(folder));
  });

  test('says how to get what a cluster needs, and takes it where it is', () => {
    const folder = install();
    const roles = [
      ['admin', 'servers', '--zk', '127.0.0.1:1'],
      ['server', '--zk', '127.0.0.1:1', '--port', '0', '--http-port', '0', '--host', '127.0.0.1'],
    ];
    for (const role of roles) {
      const { status, stderr } = run(folder, role);
      expect([status, stderr]).toEqual([78, expect.stringContaining('npm install zookeeper')]);
    }
    // As npm would have it: beside cim.
    symlinkSync(resolve('node_modules/zookeeper'), join(folder, 'node_modules/zookeeper'));
    const { status, stderr } = run(folder, roles[0] as string[]);
    expect([status, stderr]).toEqual([69, expect.stringContaining('ZooKeeper does not answer')]);
  });

  test('tells an older Node.js by itself', () => {
    const folder = install();
    const older = "Object.defineProperty(process, 'versions', { value: { node: '22.1.0' } })";
    const { status, stderr } = run(folder, ['--version'], {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(older)}`,
    });
    expect([status, stderr]).toEqual([
      78,
      expect.stringMatching(/^cim: Node\.js 24 or newer is needed, this is 22\.1\.0 /),
    ]);
  });

  test('is a package as publint wants them, with the licences of all that is inside', () => {
    const folder = temporaryFolder('unpacked');
    mkdirSync(folder, { recursive: true });
    execFileSync('tar', ['-xzf', tarball, '-C', folder]);
    const root = join(folder, 'package');
    const publint = resolve('node_modules/publint/src/cli.js');
    const flags = ['--strict', '--pack', 'false', root];
    expect(execFileSync(process.execPath, [publint, ...flags], { encoding: 'utf8' })).toContain(
      'All good!',
    );
    const licences = readFileSync(join(root, 'LICENCES'), 'utf8');
    for (const inside of ['fastify', 'ioredis', 'pino', 'undici'])
      expect(licences).toMatch(new RegExp(`^${inside} \\d\\S*: MIT$`, 'm'));
    expect(licences).not.toContain('zookeeper');
  });
});
