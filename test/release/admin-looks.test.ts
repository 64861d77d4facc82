// Goal: every screen of the dashboard can be used by everybody: axe-core finds nothing, in both themes and
// languages; a telephone has all of it, and the keyboard reaches it. Method: the packaged executable, real Chromium.
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { findingsOf } from '../support/axe.ts';
import { startChromium } from '../support/chromium.ts';
import {
  admin,
  openAs,
  openDashboard,
  password,
  startWithOperators,
} from '../support/operators.ts';
import { Client } from '../support/roles.ts';

let browser: Browser;
let origin: string;

beforeAll(async () => {
  // A door that is open is a warning.
  origin = await startWithOperators(['--auth', 'open']);
  const bob = await Client.ready({ userId: 7, name: 'bob', routes: [origin] });
  await bob.ask(':create builds');
  await admin(origin, 'key', 'create', '--label', 'shop', '--scope', 'push');
  browser = await startChromium();
});

describe.each([
  ['light', 'en-GB', 'Name', 'Password'],
  ['dark', 'zh-CN', '名字', '密码'],
] as const)('%s, in %s', (colorScheme, locale, name, secret) => {
  test('every screen is for everybody', async () => {
    const context = { colorScheme, locale, reducedMotion: 'reduce' } as const;
    const page = await openDashboard(browser, origin, { context });
    const found = new Map<string, readonly string[]>();
    const look = async (screen: string) => {
      const findings = await findingsOf(page);
      if (findings.length > 0) found.set(screen, findings);
    };
    await page.getByLabel(name, { exact: true }).waitFor();
    await look('sign in');
    await page.getByLabel(name, { exact: true }).fill('amy');
    await page.getByLabel(secret).fill(password);
    await page.keyboard.press('Enter');
    await page.locator('.warning').waitFor();
    await page.locator('.graph canvas').first().waitFor();
    await look('cluster');
    await page.locator('tbody button').first().click();
    await page.locator('dialog .settings').last().waitFor();
    await look('details');
    await page.keyboard.press('Escape');
    const go = (hash: string) => page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
    await go('#/people');
    await page.locator('tbody a').first().waitFor();
    await look('people');
    await go('#/people/7');
    await page.locator('.headline').waitFor();
    await look('person');
    await page.locator('.headline button').first().click();
    await page.locator('dialog .actions').waitFor();
    await look('question');
    await page.keyboard.press('Escape');
    await go('#/groups/builds');
    await page.locator('.headline').waitFor();
    await look('group');
    await go('#/trace/7');
    await page.locator('main tbody').waitFor();
    await look('trace');
    await go('#/keys');
    await page.locator('tbody button').first().waitFor();
    await look('keys');
    await go('#/audit');
    await page.locator('tbody tr').first().waitFor();
    await look('audit');
    expect(Object.fromEntries(found)).toEqual({});
  });
});

test.each([390, 1_920])('nothing is cut off at %d pixels', async (width) => {
  const context = { viewport: { width, height: 800 } };
  const page = await openAs(browser, origin, 'amy', { context });
  for (const hash of [
    '#/cluster',
    '#/people/7',
    '#/groups/builds',
    '#/trace/7',
    '#/keys',
    '#/audit',
  ]) {
    await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
    await page.locator('.table, .aside').first().waitFor();
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect([hash, overflow]).toEqual([hash, 0]);
  }
});

test('the keyboard goes everywhere', async () => {
  const page = await openAs(browser, origin, 'amy');
  await page.getByRole('link', { name: 'Keys', exact: true }).focus();
  await page.keyboard.press('Enter');
  await page.getByLabel('What it is for').focus();
  await page.keyboard.type('shop');
  await page.keyboard.press('Tab');
  await page.keyboard.type('push');
  await page.keyboard.press('Enter');
  await page.locator('.once').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
});
