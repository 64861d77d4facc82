// Goal: nothing that somebody writes in a browser is lost or shown twice, whatever happens to the page, the
// network or the server. Method: the packaged executable on a data folder, real Chromium.
import { beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { startChromium } from '../support/chromium.ts';
import { freePort } from '../support/free-port.ts';
import { Client, type Role, startRole } from '../support/roles.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { WebPerson } from '../support/web-person.ts';

let browser: Browser;
let dev: Role;
let origin: string;
let args: readonly string[];
let people = 0;

/** What a page complains of whose server is gone. */
const ofOutages = { expectedErrors: /ERR_|WebSocket|Failed to load resource/ };

beforeAll(async () => {
  const [port, http, route, socket] = await Promise.all([1, 2, 3, 4].map(() => freePort()));
  const ports = ['--port', `${port}`, '--http-port', `${http}`, '--route-port', `${route}`];
  args = [...ports, '--ws-port', `${socket}`, '--data', temporaryFolder('data')];
  dev = await startRole('dev', args);
  origin = `http://${dev.addresses['route']}`;
  browser = await startChromium();
});

function person(name: string): Promise<WebPerson> {
  people += 1;
  return WebPerson.signUp(browser, origin, `${name} ${people}`, ofOutages);
}

async function pair(): Promise<readonly [amy: WebPerson, bob: WebPerson]> {
  const [amy, bob] = [await person('Amy'), await person('Bob')];
  await amy.chatWith(bob);
  await amy.say('hello Bob');
  await bob.openConversation(amy.name);
  await bob.sees('hello Bob');
  return [amy, bob];
}

/** As on a bad telephone line. */
async function slowDown({ user, page }: WebPerson): Promise<void> {
  const session = await user.context.newCDPSession(page);
  await session.send('Network.emulateNetworkConditions', {
    ...{ offline: false, latency: 400 },
    ...{ downloadThroughput: 20_000, uploadThroughput: 20_000 },
  });
}

/** In the page: its SDK keeps this text until it is stored. */
async function isGivenAway(text: string | undefined): Promise<boolean> {
  const [device] = await indexedDB.databases();
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const opening = indexedDB.open(device?.name ?? '');
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  const reading = database.transaction(['outbox', 'messages']);
  const all = await Promise.all(
    ['outbox', 'messages'].map(
      (name) =>
        new Promise<unknown[]>((resolve) => {
          const request = reading.objectStore(name).getAll();
          request.onsuccess = () => resolve(request.result);
        }),
    ),
  );
  database.close();
  return JSON.stringify(all).includes(JSON.stringify(text));
}

test('a terminal and a page chat with each other', async () => {
  const amy = await person('Amy');
  people += 1;
  const cat = await Client.ready({ userId: 7, name: `cat ${people}`, routes: [origin] });
  await amy.chatWith(cat);
  await amy.say('hello from a page');
  await cat.whenText('hello from a page');
  cat.say(`${amy.userId};;hello from a terminal`);
  await amy.sees('hello from a terminal');
  cat.say(':react ^ 🎉');
  await amy.page.locator('.reaction').waitFor();
});

test('the page is loaded anew while messages leave: each is there once, in order', async () => {
  const [amy, bob] = await pair();
  await slowDown(amy);
  const texts = Array.from({ length: 12 }, (_, index) => `message ${index + 1}`);
  for (const text of texts) await amy.say(text);
  await amy.page.waitForFunction(isGivenAway, texts.at(-1));
  await amy.page.reload();
  await bob.sees('message 12');
  await amy.sees('message 12');
  await amy.page.locator('.pending').first().waitFor({ state: 'detached' });
  for (const { page } of [amy, bob])
    expect(await page.locator('[data-message] .text').allTextContents()).toEqual([
      ...['hello Bob', ...texts],
    ]);
});

test('the page is loaded anew in the same moment: what is typed is sent, once, or still there', async () => {
  const [amy, bob] = await pair();
  await amy.field.fill('in the middle');
  await Promise.all([amy.field.press('Enter'), amy.page.reload()]);
  const stored = amy.message('in the middle');
  const failed = amy.page.locator('.pending.failed');
  const unsent = amy.page.locator('textarea').and(amy.page.getByText('in the middle'));
  await stored.or(failed).or(unsent).first().waitFor();
  if ((await failed.count()) > 0) await failed.getByRole('button', { name: 'Send again' }).click();
  else if ((await stored.count()) === 0) await amy.field.press('Enter');
  await bob.sees('in the middle');
  await amy.say('after it');
  await bob.sees('after it');
  for (const each of [amy, bob]) expect(await each.message('in the middle').count()).toBe(1);
});

test('written without a network and left: the next page sends it', async () => {
  const [amy, bob] = await pair();
  await amy.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await amy.user.context.setOffline(true);
  await amy.page.getByText('You are offline.').waitFor();
  await amy.say('written offline');
  await amy.page.waitForFunction(isGivenAway, 'written offline');
  await amy.page.reload();
  await amy.page.locator('.pending.sending').getByText('written offline').waitFor();
  await amy.sees('hello Bob');
  await amy.row(bob.name).waitFor();
  await amy.user.context.setOffline(false);
  await amy.sees('written offline');
  await bob.sees('written offline');
  expect(await bob.message('written offline').count()).toBe(1);
  expect(await amy.page.locator('.pending').count()).toBe(0);
});

test('a network that is away and slow afterwards: the page says so, and catches up', async () => {
  const [amy, bob] = await pair();
  await amy.user.context.setOffline(true);
  await amy.page.getByText('You are offline.').waitFor();
  await bob.say('are you there?');
  await amy.say('written offline');
  await slowDown(amy);
  await amy.user.context.setOffline(false);
  await amy.sees('are you there?');
  await bob.sees('written offline');
  await amy.page.locator('.connection p').waitFor({ state: 'detached' });
});

test('who goes to another page and back finds this one as it was, with what came meanwhile', async () => {
  const [amy, bob] = await pair();
  await amy.field.fill('half a thought');
  await amy.page.evaluate(() =>
    addEventListener('pageshow', () => Object.assign(window, { back: true })),
  );
  await amy.page.goto(`${origin}/web/icon.svg`);
  await bob.say('meanwhile');
  // From the back-forward cache: there is no load.
  await amy.page.goBack({ waitUntil: 'commit' });
  await amy.sees('meanwhile');
  expect(await amy.page.evaluate(() => 'back' in window)).toBe(true);
  expect(await amy.field.inputValue()).toBe('half a thought');
  await amy.say('here again');
  await bob.sees('here again');
});

test('the page opens without a network once it was loaded', async () => {
  const amy = await person('Amy');
  await amy.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await amy.user.context.setOffline(true);
  await amy.page.reload();
  await amy.page.locator('.sidebar-header').getByText(amy.name).waitFor();
  await amy.page.getByText('You are offline.').waitFor();
  await amy.user.context.setOffline(false);
  await amy.page.locator('.connection p').waitFor({ state: 'detached' });
});

// The last one: what it starts ends with it.
test('the server is killed: what is written meanwhile waits, and comes once', async () => {
  const [amy, bob] = await pair();
  await dev.process.kill();
  await amy.page.getByText('No connection. Trying again …').waitFor();
  for (const text of ['one', 'two', 'three']) await amy.say(`while away: ${text}`);
  expect(await amy.page.locator('.pending.sending').count()).toBe(3);
  dev = await startRole('dev', args);
  await bob.sees('while away: three');
  await amy.page.locator('.pending').first().waitFor({ state: 'detached' });
  for (const { page } of [amy, bob]) {
    const texts = await page.locator('[data-message] .text').allTextContents();
    expect(texts).toEqual([
      'hello Bob',
      ...['one', 'two', 'three'].map((each) => `while away: ${each}`),
    ]);
  }
});
