/** The documents against the thing itself: the commands that they name are run. */
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { dyingWithParent } from '../../src/processes/programs.ts';
import { commandsOf } from '../support/documents.ts';
import { freePort } from '../support/free-port.ts';
import { Client, executable, type Role, startDevelopment } from '../support/roles.ts';
import { onTeardown } from '../support/teardown.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startZooKeeper } from '../support/zookeeper.ts';

describe('documents', () => {
  test('commands of cim that the reference names are known, and explain themselves', () => {
    const page = readFileSync('docs/reference/commands.md', 'utf8');
    const named = new Set([...page.matchAll(/\bcim (\w+)/g)].map(([, command]) => command ?? ''));
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

describe('docs/guides/authentication.md', () => {
  const page = 'docs/guides/authentication.md';
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
    const [, secret = ''] = /CIM_JWT_SECRET='([^']+)'/.exec(commandsOf(page, 'jwt')) ?? [];
    const dev = await startDevelopment([
      ...['--data', ':memory:', '--auth', 'jwt', '--jwt-secret', secret],
    ]);
    expect(typed('jwt token', dev)).toContain('"dataBody":{"userId":7,"userName":"amy"}');
  });

  test('a token of an account, made with openssl', async () => {
    const dev = await startDevelopment(['--data', ':memory:']);
    expect(typed('token', dev)).toContain('"dataBody":{"userId":7,"userName":"amy"}');
  });

  test('a key that pushes', async () => {
    const data = temporaryFolder('data');
    const dev = await startDevelopment(['--data', data]);
    const routes = [`http://${dev.addresses['route']}`];
    await (await Client.ready({ userId: 1, name: 'amy', routes })).quit();
    const bob = await Client.ready({ userId: 2, name: 'bob', routes });
    const shown = typed('key', dev, { CIM_DATA: data, CIM_ROUTE: routes[0] as string });
    expect(shown).toContain('"dataBody":{"online":true,"id":"1.');
    expect(shown).toMatch(/^[0-9a-f]{16} +push .* shop$/m);
    expect(await bob.whenText('your parcel is there')).toMatchObject({ from: 1 });
  });
});

describe('with the SDK', () => {
  /** Runs the block until it has printed this; gives what it prints. */
  async function startBot(page: string, name: string, dev: Role, online: string) {
    const folder = temporaryFolder('bot');
    const bot = join(folder, 'bot.ts');
    const code = commandsOf(page, name, 'ts')
      .replaceAll("'./src/", `'${process.cwd()}/src/`)
      .replace('http://127.0.0.1:8083', `http://${dev.addresses['route']}`);
    writeFileSync(bot, code);
    const [program = 'node', ...rest] = [...dyingWithParent(), process.execPath, bot];
    const running = spawn(program, rest, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
    onTeardown(() => running.kill('SIGKILL'));
    let output = '';
    running.stdout.on('data', (chunk) => {
      output += chunk;
    });
    await waitUntil('the bot is online', () => output.includes(online));
    return () => output;
  }

  const startAmy = (dev: Role) =>
    Client.ready({ userId: 1, name: 'amy', routes: [`http://${dev.addresses['route']}`] });

  test('docs/guides/programs.md: a bot', async () => {
    const dev = await startDevelopment();
    await startBot('docs/guides/programs.md', 'sdk', dev, 'echo is online');
    const amy = await startAmy(dev);
    amy.say('3;;hello');
    expect(await amy.whenText('you said: hello')).toMatchObject({ from: 3, to: 1 });
  });

  test('docs/guides/build-a-chat.md: a bot that reacts, answers and corrects itself', async () => {
    const dev = await startDevelopment();
    const printed = await startBot('docs/guides/build-a-chat.md', 'rich', dev, 'helper is online');
    const amy = await startAmy(dev);
    amy.say('4;;hello');
    const { id } = await amy.whenEvent('is sent', ({ event }) => event === 'sent');
    const hears = (event: string, fields: object) =>
      amy.whenEvent(event, (heard) => {
        const all = Object.entries(fields).map(([name, value]) => [heard[name], value]);
        return heard.event === event && all.every(([one, other]) => isDeepStrictEqual(one, other));
      });
    await hears('read', { by: 4, upTo: id });
    await hears('reactions', { id, from: 4, emoji: ['👀'] });
    await hears('typing', { from: 4 });
    const { id: answer } = await hears('message', { text: 'looking', replyTo: id });
    await hears('edited', { id: answer, text: 'it has 5 letters' });
    amy.say(`:read ${answer}`);
    await waitUntil('the bot hears of it', () => printed().includes(`1 has read ${answer}`));
  });
});

test('docs/guides/backup.md: Redis has what was in dump.rdb, also when it starts with appendonly', async () => {
  const folder = temporaryFolder('restored');
  const port = String(await freePort());
  const start = `redis-server --port ${port} --dir ${folder} --daemonize yes --appendonly`;
  const redis = `redis-cli -p ${port}`;
  const answers = `until ${redis} ping | grep -q PONG; do sleep 0.1; done`;
  const run = (script: string) =>
    execFileSync('bash', ['-c', script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  onTeardown(() => run(`${redis} shutdown nosave || true`));
  run(`${start} no && ${answers} && ${redis} set cim:a 1 && ${redis} save && ${redis} shutdown`);
  const block = commandsOf('docs/guides/backup.md', 'dump')
    .replaceAll('6379', port)
    .replace('/srv/redis', folder);
  expect(run(block)).toMatch(/^1\r?\nOK\r?\naof_last_bgrewrite_status:ok\r?\n$/m);
  run(`${redis} shutdown; until ${start} yes && ${answers}; do sleep 0.1; done`);
  expect(run(`${redis} get cim:a`)).toBe('1\n');
});

describe('docs/guides/run-a-cluster.md', () => {
  test('works as typed', async () => {
    const block = commandsOf('docs/guides/run-a-cluster.md', 'cluster');
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
          .replace('--dir "$(mktemp -d)" --daemonize yes', `--dir ${folder} &`)
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
    const [program = 'bash', ...rest] = [...dyingWithParent(), 'bash', '-c', `${script}\nwait`];
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
  });
});
