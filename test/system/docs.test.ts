/** The documents against the thing itself: commands are run, links and folders exist. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { freePort } from '../support/free-port.ts';
import { diesWithParent } from '../support/processes.ts';
import { Client, executable, type Role, startDevelopment } from '../support/roles.ts';
import { onTeardown } from '../support/teardown.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startZooKeeper } from '../support/zookeeper.ts';

const pages = execFileSync('git', ['ls-files', '*.md'], { encoding: 'utf8' }).trim().split('\n');

describe('documents', () => {
  test.each(pages)('%s: every link to a file leads somewhere', (page) => {
    const links = [...readFileSync(page, 'utf8').matchAll(/\]\(([^)#\s]+)\)/g)].map(
      ([, target]) => target ?? '',
    );
    const broken = links.filter(
      (target) => !/^[a-z]+:/.test(target) && !existsSync(resolve(dirname(page), target)),
    );
    expect(broken).toEqual([]);
  });

  test('ARCHITECTURE.md lists every folder of src, and no other', () => {
    const table = readFileSync('docs/ARCHITECTURE.md', 'utf8');
    const listed = new Set([...table.matchAll(/`src\/([a-z]+)\//g)].map(([, folder]) => folder));
    const folders = readdirSync('src', { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    expect([...listed].sort()).toEqual(folders.map(({ name }) => name).sort());
  });

  test('files that the documents name exist', () => {
    const named = pages.flatMap((page) =>
      [
        ...readFileSync(page, 'utf8').matchAll(/`((?:src|test|docs|proto|bench)\/[\w./-]+\.\w+)`/g),
      ].map(([, file]) => file ?? ''),
    );
    expect(named.filter((file) => !existsSync(file))).toEqual([]);
  });

  test('commands of cim that the README names are known, and explain themselves', () => {
    const readme = readFileSync('README.md', 'utf8');
    const named = new Set([...readme.matchAll(/\bcim (\w+)/g)].map(([, command]) => command ?? ''));
    const known = [
      'dev',
      'server',
      'route',
      'client',
      'send',
      'verify',
      'bench',
      'admin',
      'config',
    ];
    for (const command of known) expect(named).toContain(command);
    for (const command of known) {
      const help = execFileSync(executable, [command, '--help'], { encoding: 'utf8' });
      expect(help).toContain(`cim ${command}`);
    }
  });
});

/** A block of commands that a document says is tested. */
function commandsOf(page: string, name: string): string {
  const start = `<!-- tested: ${name} -->\n\`\`\`sh\n`;
  const [, rest = ''] = readFileSync(page, 'utf8').split(start);
  const [block = ''] = rest.split('```', 1);
  if (block === '') throw new Error(`${page} has no block ${name}`);
  return block;
}

describe('docs/authentication.md', () => {
  const page = 'docs/authentication.md';
  /** As typed, but for the port, which may be taken here. */
  const typed = (name: string, { addresses }: Role, env: Record<string, string> = {}) =>
    execFileSync(
      'bash',
      [
        '-ec',
        commandsOf(page, name)
          .replaceAll('127.0.0.1:8083', addresses['route'] as string)
          .replaceAll('bin/cim', executable),
      ],
      { encoding: 'utf8', cwd: temporaryFolder('typed'), env: { ...process.env, ...env } },
    );

  test('a token that an application signs, made with openssl', async () => {
    const [, secret = ''] = /--jwt-secret '([^']+)'/.exec(commandsOf(page, 'jwt')) ?? [];
    const dev = await startDevelopment([
      ...['--data', ':memory:', '--auth', 'jwt', '--jwt-secret', secret],
    ]);
    expect(typed('jwt token', dev)).toContain('"dataBody":{"userId":7,"userName":"amy"}');
  });

  test('a key that pushes', async () => {
    const data = temporaryFolder('data');
    const dev = await startDevelopment(['--data', data]);
    const routes = [`http://${dev.addresses['route']}`];
    await (await Client.ready({ userId: 1, name: 'amy', routes })).quit();
    const bob = await Client.ready({ userId: 2, name: 'bob', routes });
    const shown = typed('key', dev, { CIM_DATA: data, CIM_ROUTE: routes[0] as string });
    expect(shown).toContain('"dataBody":{"online":true}');
    expect(shown).toMatch(/^[0-9a-f]{16} +push .* shop$/m);
    expect(await bob.whenText('your parcel is there')).toMatchObject({ from: 1 });
  });
});

describe('the README’s cluster', () => {
  test('works as typed', async () => {
    const block = commandsOf('README.md', 'cluster');
    const zookeeper = await startZooKeeper();
    const ports = new Map<string, number>();
    for (const port of ['6379', '9000', '9001', '8081', '8082', '8083'])
      ports.set(port, await freePort());
    const folder = temporaryFolder('readme');
    // As typed, but for ports that may be taken here, a ZooKeeper that is ours to stop, and the
    // terminals, which are pipes.
    const script = block
      .split('\n')
      .filter((line) => !line.includes('zkServer.sh'))
      .map((line) =>
        line
          .replace('--daemonize yes', `--dir ${folder} &`)
          .replace(/--zk 127\.0\.0\.1/, `--zk ${zookeeper.address}`),
      )
      .map((line) =>
        line.startsWith('bin/cim route')
          ? line.replace(
              '127.0.0.1 --host',
              `127.0.0.1:6379 --zk ${zookeeper.address} --port 8083 --host`,
            )
          : line,
      )
      .filter((line) => !line.startsWith('bin/cim client'))
      .join('\n')
      .replace(/\b(6379|9000|9001|8081|8082|8083)\b/g, (port) => String(ports.get(port)));
    expect(script.match(/^bin\/cim/gm)).toHaveLength(3);
    const [program = 'bash', ...rest] = [...diesWithParent, 'bash', '-c', `${script}\nwait`];
    const cluster = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    onTeardown(() => process.kill(-(cluster.pid as number), 'SIGKILL'));
    let output = '';
    cluster.stdout.on('data', (chunk) => {
      output += chunk;
    });
    cluster.stderr.on('data', (chunk) => {
      output += chunk;
    });
    await waitUntil(
      'three roles are ready',
      () => (output.match(/^cim \w+ ready/gm) ?? []).length === 3,
      { timeoutMs: 30_000 },
    ).catch(() => {
      throw new Error(output);
    });
    const client = (id: number, name: string, input: string) =>
      execFileSync(
        executable,
        [
          'client',
          '--user-id',
          String(id),
          '--name',
          name,
          '--state',
          join(folder, name),
          '--route',
          `http://127.0.0.1:${ports.get('8083')}`,
          '--json',
        ],
        { input, encoding: 'utf8' },
      );
    client(2, 'bob', '');
    expect(client(1, 'amy', '2;;hello from the cluster\n')).toContain('"event":"sent"');
    expect(client(2, 'bob', ':q cluster\n')).toContain('"text":"hello from the cluster"');
  }, 60_000);
});
