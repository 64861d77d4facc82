/** The examples of the SDK as whoever copies them has them: on its package, with their own scripts. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { CimClient } from '../../src/client/sdk/entries/node.ts';
import type { Message } from '../../src/client/sdk/index.ts';
import { BrowserUser, startChromium } from '../support/chromium.ts';
import { startDevInProcess } from '../support/dev-in-process.ts';
import { freePort } from '../support/free-port.ts';
import { startProcess, type TestProcess } from '../support/processes.ts';
import { onTeardown } from '../support/teardown.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { hopelessMs, waitUntil } from '../support/wait-until.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const manifest = JSON.parse(readFileSync('examples/package.json', 'utf8'));
let project: string;
let browser: Browser;

beforeAll(async () => {
  project = temporaryFolder('examples');
  const modules = join(project, 'node_modules');
  mkdirSync(join(modules, 'cim-client'), { recursive: true });
  for (const name of ['node-bot', 'page', 'react', 'package.json'])
    cpSync(join('examples', name), join(project, name), { recursive: true });
  execFileSync(process.execPath, ['build.mjs', 'package', 'client']);
  const tarball = resolve('examples', manifest.dependencies['cim-client'].replace('file:', ''));
  execFileSync('tar', ['xzf', tarball, '-C', join(modules, 'cim-client'), '--strip-components=1']);
  for (const name of ['react', 'react-dom'])
    symlinkSync(resolve('node_modules', name), join(modules, name));
  browser = await startChromium();
});

/** What npm would run, with more behind it. */
function run(script: string, args: readonly string[]): Promise<TestProcess> {
  const [program, ...words] = manifest.scripts[script].split(' ');
  // What installs esbuild puts its program where npm finds it.
  const esbuild = resolve(`node_modules/@esbuild/linux-${process.arch}/bin/esbuild`);
  const command = program === 'esbuild' ? esbuild : process.execPath;
  return startProcess({ name: script, command, args: [...words, ...args], cwd: project });
}

async function startCluster(origin = 'http://127.0.0.1:3000'): Promise<string> {
  const { route } = await startDevInProcess({ data: ':memory:', 'allow-origin': origin });
  return `http://127.0.0.1:${route.port}`;
}

/** Somebody elsewhere, in this process, and all that they are shown. */
async function enter(url: string, userId: number, userName: string) {
  const client = new CimClient({ url, userId, userName, folder: temporaryFolder(userName) });
  onTeardown(() => client.close({ timeoutMs: 0 }));
  const shown: Message[] = [];
  client.on('message', (message) => void shown.push(message));
  await client.start();
  return { client, shown };
}

/** Starts what serves an example, and opens it with a cluster that its page may call. */
async function open(example: string): Promise<{ readonly page: Page; readonly url: string }> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const url = await startCluster(origin);
  const server = await run(example, [`--serve=127.0.0.1:${port}`]);
  await waitUntil('it is served', () => server.output.includes(origin));
  const user = await BrowserUser.of(browser);
  const page = await user.open(origin, { expectedErrors: /favicon/ });
  page.setDefaultTimeout(hopelessMs);
  await page.getByLabel('Cluster').fill(url);
  await page.getByLabel('Your number').fill('2');
  await page.getByLabel('Your name').fill('bob');
  return { page, url };
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message', { exact: true }).fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
}

async function openConversation(page: Page, peer: number): Promise<void> {
  await page.getByLabel('Number of somebody').fill(String(peer));
  await page.getByRole('button', { name: 'Open' }).click();
}

test('they are installed with the package that was made last, of whatever version', () => {
  const installed = join(project, 'node_modules/cim-client/package.json');
  expect(JSON.parse(readFileSync(installed, 'utf8')).version).toBe(version);
  expect(manifest.dependencies['cim-client']).not.toMatch(/\d/);
  const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  const { 'cim-client': _, ...others } = manifest.dependencies;
  expect(devDependencies).toMatchObject({ ...others, ...manifest.devDependencies });
});

test('the bot answers in private, and commands in its group', async () => {
  const url = await startCluster();
  const bot = await run('bot', ['--url', url]);
  await bot.whenPrinted(/as user 1000 and in #bots/);
  const { client, shown } = await enter(url, 1, 'amy');
  const answers = async (count: number) => {
    await waitUntil(`${count} answers`, () => shown.length >= count);
    return shown.at(-1);
  };
  const { id } = await client.send({ to: 1000 }, '/whoami');
  expect(await answers(1)).toMatchObject({
    ...{ from: 1000, fromName: 'bot', to: 1, replyTo: id, encrypted: true },
    text: 'you are amy, with the number 1',
  });
  await client.send({ to: 1000 }, 'constructor');
  expect(await answers(2)).toMatchObject({ text: 'I know commands only: /help' });
  // As another bot would answer that.
  await client.send({ to: 1000 }, 'what?', { replyTo: shown[1]!.id });
  await client.joinGroup('bots');
  await client.send({ group: 'bots' }, 'hello');
  await client.send({ group: 'bots' }, '/help');
  expect(await answers(3)).toMatchObject({
    group: 'bots',
    text: 'I know /help, /time, /whoami',
  });
  expect(shown).toHaveLength(3);
  expect(await bot.stop()).toBe(0);
  // The next one is the same, and answers what has come meanwhile.
  await client.send({ group: 'bots' }, '/time');
  await run('bot', ['--url', url]);
  expect(await answers(4)).toMatchObject({ from: 1000, text: expect.stringMatching(/^\d{4}-/) });
});

test('the page shows a conversation as it is', async () => {
  const { page, url } = await open('page');
  const { client, shown } = await enter(url, 1, 'amy');
  await page.getByLabel('Number of the other').fill('1');
  await page.getByRole('button', { name: 'Chat' }).click();
  await page.getByText('ready', { exact: true }).waitFor();
  await say(page, 'hi amy');
  await waitUntil('amy is told', () => shown[0]?.text === 'hi amy');
  const { id } = await client.send({ to: 2 }, '<img src=x onerror=alert(1)>');
  await page.getByText('amy: <img src=x onerror=alert(1)>').waitFor();
  await client.edit(id, 'hi bob');
  await page.getByText('amy: hi bob (edited)').waitFor();
  expect(await page.getByRole('listitem').allTextContents()).toEqual([
    'bob: hi amy',
    'amy: hi bob (edited)',
  ]);
  await say(page, 'x'.repeat(100_000));
  await page.getByText('The text or name is over its limit').waitFor();
});

describe('React', () => {
  let page: Page;
  let url: string;

  /** Signed in as bob, 2. */
  async function signIn(): Promise<void> {
    ({ page, url } = await open('react'));
    await page.getByRole('button', { name: 'Chat' }).click();
    await page.getByText('ready', { exact: true }).waitFor();
  }

  const lines = () => page.getByRole('listitem');
  const conversation = (name: string) =>
    page.getByRole('navigation').getByRole('button', { name, exact: true });

  test('useMessages: what is said, edited, reacted to and taken back, of one conversation', async () => {
    await signIn();
    const amy = await enter(url, 1, 'amy');
    const carol = await enter(url, 3, 'carol');
    await openConversation(page, 1);
    await say(page, 'hi amy');
    await waitUntil('amy is told', () => amy.shown[0]?.text === 'hi amy');
    await carol.client.send({ to: 2 }, 'hi from carol');
    const { id } = await amy.client.send({ to: 2 }, 'hi bbo');
    await page.getByText('amy: hi bbo').waitFor();
    await amy.client.edit(id, 'hi bob');
    await page.getByText('amy: hi bob (edited)').waitFor();
    await amy.client.react(amy.shown[0]!.id, ['👍']);
    await page.getByText('bob: hi amy 👍').waitFor();
    await amy.client.retract(id);
    await page.getByText('amy: (taken back)').waitFor();
    expect(await lines().count()).toBe(2);
    await openConversation(page, 3);
    await page.getByText('carol: hi from carol').waitFor();
    expect(await lines().count()).toBe(1);
  });

  test('useMessages: a page of the history, and older ones when they are asked for', async () => {
    await signIn();
    const { client } = await enter(url, 1, 'amy');
    const texts = Array.from({ length: 60 }, (_, number) => `message ${number}`);
    for (const text of texts) await client.send({ to: 2 }, text);
    await conversation('1: message 59 (60 unread)').click();
    await page.getByText('amy: message 59').waitFor();
    expect(await lines().count()).toBe(50);
    await page.getByRole('button', { name: 'Older ones' }).click();
    await page.getByText('amy: message 0', { exact: true }).waitFor();
    const shown = (await lines().allTextContents()).map((line) => line.trim());
    expect(shown).toEqual(texts.map((text) => `amy: ${text}`));
    expect(await page.getByRole('button', { name: 'Older ones' }).count()).toBe(0);
  });

  test('useConversations: the newest first, with what is unread, also of groups', async () => {
    await signIn();
    const { client } = await enter(url, 1, 'amy');
    await client.send({ to: 2 }, 'one');
    await conversation('1: one (1 unread)').waitFor();
    await client.send({ to: 2 }, 'two');
    await conversation('1: two (2 unread)').click();
    await conversation('1: two (0 unread)').waitFor();
    await say(page, 'three');
    await conversation('1: three (0 unread)').waitFor();
    const { client: carol } = await enter(url, 3, 'carol');
    await carol.send({ to: 2 }, 'four');
    await conversation('3: four (1 unread)').waitFor();
    expect(await page.getByRole('navigation').getByRole('button').allTextContents()).toEqual([
      '3: four (1 unread)',
      '1: three (0 unread)',
    ]);
  });

  test('usePresence: who is there, and who comes', async () => {
    await signIn();
    await enter(url, 1, 'amy');
    const heading = page.getByRole('heading');
    await openConversation(page, 1);
    await heading.filter({ hasText: '1 is there' }).waitFor();
    await openConversation(page, 3);
    await heading.filter({ hasText: '3 is away' }).waitFor();
    await enter(url, 3, 'carol');
    await heading.filter({ hasText: '3 is there' }).waitFor();
    await openConversation(page, 1);
    await heading.filter({ hasText: '1 is there' }).waitFor();
  });
});
