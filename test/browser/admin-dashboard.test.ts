// Goal: operators see the cluster and act on it in a browser, by accounts of their own; who may only look
// cannot act, who is removed is out, names of others are text, and no other page gets at it. Method: the
// packaged executable, real Chromium.
import { beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { startChromium } from '../support/chromium.ts';
import {
  admin,
  openAs,
  openDashboard,
  password,
  signIn,
  startWithOperators,
} from '../support/operators.ts';
import { Client } from '../support/roles.ts';
import { onTeardown } from '../support/teardown.ts';

let browser: Browser;
let origin: string;

beforeAll(async () => {
  origin = await startWithOperators();
  browser = await startChromium();
});

/** Refusals are complained of by the browser. */
const refused = { expectedErrors: /status of (401|403)/ };

function section(page: Page, name: string): Promise<void> {
  return page.getByRole('link', { name, exact: true }).click();
}

test('whoever is not signed in sees a form, and hears what is wrong', async () => {
  const page = await openDashboard(browser, origin, refused);
  await signIn(page, 'amy', 'a wrong password');
  await page.getByText('The name or the password is wrong.').waitFor();
  await signIn(page, 'nobody');
  await page.getByText('The name or the password is wrong.').waitFor();
  expect(await page.getByRole('heading', { name: 'Roles' }).count()).toBe(0);
});

test('the cluster is shown, its settings without secrets, and it stays signed in when loaded anew', async () => {
  const page = await openAs(browser, origin, 'vic');
  await page.getByText('All is well').waitFor();
  expect(await page.locator('tbody .state').allTextContents()).toEqual(['well', 'well']);
  expect(await page.locator('.graph canvas').count()).toBe(8);
  await page.getByRole('button', { name: 'Details' }).first().click();
  const settings = await page.locator('dialog .settings').last().textContent();
  expect(settings).toContain('cluster-secret***');
  expect(settings).not.toContain('for tests');
  await page.keyboard.press('Escape');
  await page.reload();
  await page.getByRole('heading', { name: 'Roles' }).waitFor();
});

test('who may only look is shown no button that acts, and is refused by the route', async () => {
  const page = await openAs(browser, origin, 'vic', refused);
  expect(await page.getByRole('button', { name: 'Drain' }).count()).toBe(0);
  await section(page, 'Keys');
  await page.getByText('There is no key').waitFor();
  expect(await page.getByRole('button', { name: 'Make a key' }).count()).toBe(0);
  const status = await page.evaluate(async () => {
    const half: string = JSON.parse(localStorage.getItem('cim.operator') ?? '');
    const headers = { 'content-type': 'application/json', 'x-cim-operator': half };
    const body = JSON.stringify({ label: 'x', scope: 'push' });
    return (await fetch('/admin/createApiKey', { method: 'POST', headers, body })).status;
  });
  expect(status).toBe(403);
});

test('a script has no token, and a call without the other half is nobody’s', async () => {
  const page = await openAs(browser, origin, 'amy', refused);
  const status = await page.evaluate(async () => (await fetch('/admin/me')).status);
  expect([await page.evaluate(() => document.cookie), status]).toEqual(['', 401]);
  const [cookie] = await page.context().cookies(`${origin}/admin`);
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/admin' });
  expect(await page.context().cookies(origin)).toEqual([]);
});

test('a person with a hostile name is found, and is text', async () => {
  const name = '<img src=x onerror=alert(1)>';
  await Client.ready({ userId: 66, name, routes: [origin] });
  const page = await openAs(browser, origin, 'amy');
  await section(page, 'People');
  await page.getByRole('link', { name }).click();
  await page.getByRole('heading', { name: `${name} User 66` }).waitFor();
  expect(await page.locator('main img').count()).toBe(0);
  await page.getByText('Not connected').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Sign out everywhere' }).click();
  await page.locator('dialog').getByRole('button', { name: 'Sign out everywhere' }).click();
  await page.getByText('1 connection ended').waitFor();
  await section(page, 'Audit log');
  const row = page.locator('tbody tr').filter({ hasText: 'kick' });
  expect(await row.locator('td').allTextContents()).toEqual([
    expect.any(String),
    ...['amy', '127.0.0.1', 'kick', '66', 'done'],
  ]);
});

test('an account is blocked, signs in no more, and is unblocked', async () => {
  const eve = await Client.ready({ userId: 9, name: 'eve', routes: [origin] });
  const page = await openAs(browser, origin, 'amy');
  await page.goto(`${origin}/admin#/people/9`);
  await page.getByRole('button', { name: 'Block', exact: true }).click();
  await page.locator('dialog').getByRole('button', { name: 'Block', exact: true }).click();
  await page.getByText('Blocked: cannot sign in.').waitFor();
  await page.getByText('Not connected').waitFor();
  await eve.whenEvent('hears why', ({ event, reason }) => {
    return event === 'closed' && `${reason}`.includes('an operator has blocked the account');
  });
  const out = Client.start({ userId: 9, name: 'eve', routes: [origin] });
  await out.whenEvent('is kept out', ({ event, reason }) => {
    return event === 'closed' && `${reason}`.includes('blocked');
  });
  await page.getByRole('button', { name: 'Unblock' }).click();
  await page.locator('dialog').getByRole('button', { name: 'Unblock' }).click();
  await page.getByText('Blocked: cannot sign in.').waitFor({ state: 'detached' });
  await Client.ready({ userId: 9, name: 'eve', routes: [origin] });
  await section(page, 'Audit log');
  await page.locator('tbody').getByText('unblockAccount').waitFor();
  const rows = page.locator('tbody tr').filter({ hasText: /lockAccount/ });
  expect(await rows.locator('td:nth-child(n+4)').allTextContents()).toEqual([
    ...['unblockAccount', '9', 'done'],
    ...['blockAccount', '9', 'done'],
  ]);
});

test('where a message is, and what would become of one now', async () => {
  const [dan, fay] = [
    await Client.ready({ userId: 10, name: 'dan', routes: [origin] }),
    await Client.ready({ userId: 11, name: 'fay', routes: [origin] }),
  ];
  dan.say('11;;hi');
  const { id } = await dan.whenEvent('is stored', ({ event }) => event === 'sent');
  await dan.whenEvent('hears that it was delivered', ({ event }) => event === 'delivered');
  const page = await openAs(browser, origin, 'vic', { expectedErrors: /status of 400/ });
  await section(page, 'Trace');
  const ask = async (wanted: string) => {
    await page.getByLabel('Message, number of a user').fill(wanted);
    await page.getByRole('button', { name: 'Find' }).click();
  };
  await ask(`${id}`);
  await page.getByText('Delivered, not read yet').waitFor();
  const [stored, pushed, takers] = await page.locator('main tbody').allTextContents();
  expect(stored).toMatch(/^User 111.*User 101/);
  expect(pushed).toMatch(/127\.0\.0\.1:\d+handed over$/);
  expect(takers).toMatch(/127\.0\.0\.1:\d+$/);
  await ask(`${id}`.replace(/\d+$/, '99'));
  await page.getByText('not stored: not the newest message').first().waitFor();
  await fay.quit();
  await ask('11');
  await page.getByText('Nobody is connected.').waitFor();
  await ask('99');
  await page.getByText('there is no user 99').waitFor();
  await ask('<b>');
  await page.getByText('id: is not the id of a message').waitFor();
});

test('a secret that is drawn in the page lets its person in', async () => {
  const bob = await Client.ready({ userId: 7, name: 'bob', routes: [origin] });
  await bob.quit();
  const page = await openAs(browser, origin, 'amy');
  await section(page, 'People');
  await page.getByLabel('Number or name').fill('7');
  await page.getByRole('button', { name: 'Find' }).click();
  await page.getByRole('link', { name: 'bob' }).click();
  await page.getByRole('button', { name: 'New secret' }).click();
  await page.locator('dialog').getByRole('button', { name: 'New secret' }).click();
  const secret = (await page.locator('.once').textContent()) ?? '';
  const again = await Client.ready({ userId: 7, name: 'bob', routes: [origin], secret });
  await again.quit();
});

test('a group is found from a member, and deleted', async () => {
  const cat = await Client.ready({ userId: 8, name: 'cat', routes: [origin] });
  await cat.ask(':create kittens');
  const page = await openAs(browser, origin, 'amy');
  await section(page, 'Groups');
  await page.getByLabel('Name of a group').fill('#kittens');
  await page.getByRole('button', { name: 'Find' }).click();
  await page.getByRole('link', { name: 'cat' }).waitFor();
  await page.getByRole('button', { name: 'Delete the group' }).click();
  await page.locator('dialog').getByRole('button', { name: 'Delete the group' }).click();
  await page.getByText('1 has left').waitFor();
  const [newest = ''] = (await admin(origin, 'audit', '--json')).split('\n');
  const done = { by: 'amy', action: 'deleteGroup', target: 'kittens', outcome: 'done' };
  expect(JSON.parse(newest)).toMatchObject(done);
});

test('a key is made, shown once, and made void', async () => {
  const page = await openAs(browser, origin, 'amy');
  await section(page, 'Keys');
  await page.getByLabel('What it is for').fill('shop <i>');
  await page.getByLabel('What it may do').fill('push');
  await page.getByRole('button', { name: 'Make a key' }).click();
  expect(await page.locator('.once').textContent()).toMatch(/^cimk_/);
  await page.keyboard.press('Escape');
  await page.locator('tbody').getByText('shop <i>').waitFor();
  await page.getByRole('button', { name: 'Void' }).click();
  await page.locator('dialog').getByRole('button', { name: 'Void' }).click();
  await page.getByText('There is no key').waitFor();
});

test('an operator who is removed while the page is open is out', async () => {
  await admin(origin, 'operator', 'create', 'zoe', '--role', 'manage');
  const page = await openAs(browser, origin, 'zoe', refused);
  await admin(origin, 'operator', 'remove', 'zoe');
  // The page asks by itself every few seconds.
  await page.getByLabel('Password').waitFor();
});

test('signing out in one browser does it in every one', async () => {
  const [one, other] = [
    await openAs(browser, origin, 'amy', refused),
    await openAs(browser, origin, 'amy', refused),
  ];
  await one.getByRole('button', { name: 'Sign out' }).click();
  await one.getByLabel('Password').waitFor();
  await other.getByLabel('Password').waitFor();
});

test('a drain is asked for twice, and its progress shown', async () => {
  const own = await startWithOperators();
  const page = await openAs(browser, own, 'amy');
  await page.getByRole('button', { name: 'Drain' }).click();
  await page.locator('dialog').getByRole('button', { name: 'Cancel' }).click();
  expect(await page.locator('.state.drained').count()).toBe(0);
  await page.getByRole('button', { name: 'Drain' }).click();
  await page.locator('dialog').getByRole('button', { name: 'Drain' }).click();
  await page.locator('.state.drained').waitFor();
  await page.getByText('No server takes logins').waitFor();
});

test('with --dashboard off there is no page, and nobody signs in', async () => {
  const own = await startWithOperators(['--dashboard', 'off']);
  const statusOf = async (path: string, init: RequestInit = {}) =>
    (await fetch(`${own}${path}`, init)).status;
  const body = JSON.stringify({ name: 'amy', password });
  const headers = { 'content-type': 'application/json' };
  expect(await statusOf('/admin')).toBe(404);
  expect(await statusOf('/admin/signIn', { method: 'POST', headers, body })).toBe(404);
});

test('no page shows it in a frame', async () => {
  const context = await browser.newContext();
  onTeardown(() => context.close());
  const page = await context.newPage();
  await page.goto(`${origin}/healthz`);
  const shown = await page.evaluate(async () => {
    const frame = document.createElement('iframe');
    frame.src = '/admin';
    document.body.append(frame);
    await new Promise((resolve) => frame.addEventListener('load', resolve));
    return frame.contentDocument?.querySelector('script')?.src ?? '';
  });
  expect(shown).toBe('');
});
