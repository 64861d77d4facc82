/** The hooks for React in a real browser, against `cim dev` in this process. */
import { beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { CimClient } from '../../src/client/sdk/index.ts';
import { nodePlatform } from '../../src/client/sdk/node/node-platform.ts';
import { BrowserUser, servePages, startChromium } from '../support/chromium.ts';
import { startDevInProcess } from '../support/dev-in-process.ts';
import { callPage } from '../support/page-calls.ts';
import { secretOf } from '../support/secret-of.ts';
import { onTeardown } from '../support/teardown.ts';
import { waitUntil } from '../support/wait-until.ts';

let browser: Browser;
let origin: string;
let route: string;

beforeAll(async () => {
  browser = await startChromium();
  origin = await servePages();
  const settings = { data: ':memory:', auth: 'open', 'allow-origin': origin };
  const system = await startDevInProcess(settings);
  route = `http://127.0.0.1:${system.route.port}`;
});

async function openPage(userId: number): Promise<Page> {
  const user = await BrowserUser.of(browser);
  const page = await user.open(`${origin}/hooks`);
  const secret = secretOf(userId);
  await callPage(page, 'open', { userId, userName: `user${userId}`, secret, route });
  return page;
}

async function connect(userId: number): Promise<CimClient> {
  const client = new CimClient({
    ...{ userId, userName: `user${userId}`, routes: [route], platform: nodePlatform() },
    ...{ credentials: { secret: secretOf(userId) }, e2ee: 'off' },
  });
  onTeardown(() => client.close({ timeoutMs: 0 }));
  await client.start();
  return client;
}

const whenTold = (page: Page, name: string, what: string) =>
  waitUntil(`${name} is told: ${what}`, async () => (await callPage(page, 'told', name)) === what, {
    timeoutMs: 30_000,
  });

test('two components watch one user: when one is gone, the other is still told', async () => {
  const page = await openPage(1);
  await callPage(page, 'watch', 'first', 2);
  await whenTold(page, 'first', 'offline');
  // Who comes later is told what is known: no server says it once more.
  await callPage(page, 'watch', 'second', 2);
  await whenTold(page, 'second', 'offline');
  await callPage(page, 'unmount', 'first');
  await connect(2);
  await whenTold(page, 'second', 'online');
  expect(await callPage(page, 'told', 'first')).toBe('offline');
});

test('no render of a conversation shows the messages of the one before', async () => {
  const [amy, bob] = [await connect(12), await connect(13)];
  const page = await openPage(11);
  await amy.send({ to: 11 }, 'of amy');
  await bob.send({ to: 11 }, 'of bob');
  const renders = async () => (await callPage(page, 'renders')) as (readonly [number, string])[];
  for (const [peer, text] of [
    [12, 'of amy'],
    [13, 'of bob'],
    [12, 'of amy'],
  ] as const) {
    await callPage(page, 'talk', peer);
    await waitUntil(`${text} is shown`, async () => (await renders()).at(-1)?.[1] === text);
  }
  const shown = await renders();
  const wrong = shown.filter(
    ([peer, texts]) => texts !== '' && texts !== (peer === 12 ? 'of amy' : 'of bob'),
  );
  expect(wrong).toEqual([]);
  expect(new Set(shown.map(([peer]) => peer))).toEqual(new Set([12, 13]));
});
