// Goal: the page fits its window, however narrow, and whatever names and texts are in it. Method: the packaged
// executable, real Chromium.
import { beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { startChromium } from '../support/chromium.ts';
import { startDevelopment } from '../support/roles.ts';
import { WebPerson } from '../support/web-person.ts';

let browser: Browser;
let origin: string;

beforeAll(async () => {
  const dev = await startDevelopment(['--data', ':memory:']);
  origin = `http://${dev.addresses['route']}`;
  browser = await startChromium();
});

test('a telephone shows the list or the conversation, and goes back', async () => {
  const context = { viewport: { width: 390, height: 780 } };
  const amy = await WebPerson.signUp(browser, origin, 'Amy on the way', { context });
  await amy.openConversation('Lobby');
  expect(await amy.page.locator('.sidebar').isVisible()).toBe(false);
  const overflow = () => amy.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(await overflow()).toBeLessThanOrEqual(0);
  await amy.page.getByRole('button', { name: 'Back' }).click();
  expect(await amy.page.locator('.sidebar').isVisible()).toBe(true);
  expect(await overflow()).toBeLessThanOrEqual(0);
});
