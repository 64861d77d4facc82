/** The SDK's package as a developer installs it: its tarball into an empty project, with nothing else. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Client, startRole } from '../support/roles.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitUntil } from '../support/wait-until.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
let tarball: string;
let project: string;

beforeAll(() => {
  const made = execFileSync(process.execPath, ['build.mjs', 'package', 'client'], {
    encoding: 'utf8',
  });
  const [path = ''] = /^dist\/packages\/cim-client-\d\S*\.tgz$/m.exec(made) ?? [];
  tarball = resolve(path);
  project = temporaryFolder('project');
  mkdirSync(project, { recursive: true });
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  const env = { ...process.env, npm_config_cache: join(project, 'cache') };
  const flags = ['--offline', '--no-audit', '--no-fund', '--no-update-notifier'];
  execFileSync('npm', ['install', ...flags, tarball], { cwd: project, env, stdio: 'pipe' });
});

const installed = () => join(project, 'node_modules/cim-client');

/** The example of the page that the package comes with. */
function example(): string {
  const readme = readFileSync(join(installed(), 'README.md'), 'utf8');
  const [, code = ''] = /```js\n([\s\S]*?)```/.exec(readme) ?? [];
  return code;
}

describe('cim-client', () => {
  test('its example is ten lines that chat', async () => {
    const lines = example()
      .split('\n')
      .filter((line) => line.trim() !== '');
    expect(lines.length).toBeLessThanOrEqual(10);
    const ports = ['--port', '0', '--http-port', '0', '--route-port', '0', '--data', ':memory:'];
    const dev = await startRole('dev', ports);
    const route = `http://${dev.addresses['route']}`;
    const bob = await Client.ready({ userId: 1, name: 'bob', routes: [route] });
    const program = join(project, 'bot.js');
    const code = example().replace('http://127.0.0.1:8083', route);
    writeFileSync(program, code.replace('start();', "start(); console.log('ready');"));
    const bot = spawn(process.execPath, [program], {
      cwd: project,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(bot, 'exit');
    let printed = '';
    bot.stdout.setEncoding('latin1').on('data', (text: string) => {
      printed += text;
    });
    await waitUntil('the bot is there', () => printed === 'ready\n');
    bob.say('7;;hi');
    expect(await bob.whenText('you said: hi')).toMatchObject({ from: 7, fromName: 'amy' });
    bob.say('7;;bye');
    await bob.whenText('you said: bye');
    expect(await ended).toEqual([0, null]);
    expect(printed).toBe('ready\nbob: hi\nbob: bye\n');
    expect(await bob.quit()).toBe(0);
    expect(await dev.process.stop()).toBe(0);
  });

  test('is a package as publint and arethetypeswrong want them', () => {
    const publint = resolve('node_modules/publint/src/cli.js');
    const linted = [publint, '--strict', '--pack', 'false', installed()];
    expect(execFileSync(process.execPath, linted, { encoding: 'utf8' })).toContain('All good!');
    const attw = resolve('node_modules/@arethetypeswrong/cli/dist/index.js');
    // It ends with another code than 0 if there is a problem.
    execFileSync(process.execPath, [attw, tarball, '--profile', 'esm-only'], { stdio: 'pipe' });
  });

  test('has the version of the product, its licence, and those of all that is inside', () => {
    const manifest = JSON.parse(readFileSync(join(installed(), 'package.json'), 'utf8'));
    expect(manifest).toMatchObject({ name: 'cim-client', version, license: 'MIT' });
    expect(manifest.dependencies).toBeUndefined();
    const licences = readFileSync(join(installed(), 'LICENCES'), 'utf8');
    for (const inside of ['@hpke/core', '@noble/ed25519', 'idb', 'undici'])
      expect(licences).toMatch(
        new RegExp(`^${inside} \\d\\S*: MIT$|^${inside} \\d\\S*: ISC$`, 'm'),
      );
    expect(readFileSync(join(installed(), 'LICENSE'), 'utf8')).toContain('MIT');
  });

  test('is for pages and apps without anything of Node.js', () => {
    const dist = join(installed(), 'dist');
    const ofPages = readdirSync(dist).filter((name) => name !== 'node.js');
    expect(ofPages.length).toBeGreaterThan(2);
    for (const name of ofPages)
      expect(readFileSync(join(dist, name), 'utf8')).not.toMatch(
        /from "node:|\brequire\(|\bBuffer\./,
      );
  });

  test('shows its types to who asks for them, and none of what is behind', () => {
    const types = readdirSync(join(installed(), 'types'), { recursive: true, encoding: 'utf8' });
    expect(types).toContain('entries/node.d.ts');
    expect(types).not.toContain('client-core.d.ts');
    expect(types).not.toContain('receiving/incoming.d.ts');
    const program = [
      "import { CimClient, CimError, type Message } from 'cim-client';",
      "import { installCrypto } from 'cim-client/crypto';",
      'installCrypto();',
      "const client = new CimClient({ url: 'http://127.0.0.1:1', userId: 1, secret: 'x' });",
      "client.on('message', (message: Message) => void message.text.trim());",
      'const sent: Promise<{ readonly id: string }> = client.send({ to: 2 }, "hi");',
      'export { CimError, sent };',
      '// @ts-expect-error There is no such option.',
      "new CimClient({ url: 'http://127.0.0.1:1', userId: 1, sekret: 'x' });",
    ];
    writeFileSync(join(project, 'program.ts'), program.join('\n'));
    const options = {
      module: 'nodenext',
      target: 'es2024',
      lib: ['es2024', 'dom'],
      types: [],
      strict: true,
      noEmit: true,
    };
    const config = { compilerOptions: options, files: ['program.ts'] };
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(config));
    const tsc = resolve('node_modules/typescript/bin/tsc');
    execFileSync(process.execPath, [tsc, '-p', project], { stdio: 'inherit' });
  });
});
