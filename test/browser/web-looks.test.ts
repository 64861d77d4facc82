// Goal: every screen can be used by everybody: axe-core finds nothing, in both themes and languages; long
// conversations scroll smoothly and do not jump. Method: the packaged executable, real Chromium.
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { findingsOf } from '../support/axe.ts';
import { startChromium } from '../support/chromium.ts';
import { Client, startDevelopment } from '../support/roles.ts';
import { WebPerson } from '../support/web-person.ts';

let browser: Browser;
let origin: string;

beforeAll(async () => {
  const dev = await startDevelopment(['--data', ':memory:', '--send-rate', '100000']);
  origin = `http://${dev.addresses['route']}`;
  browser = await startChromium();
});

describe.each([
  ['light', 'en-GB', 'Your name', 'Start chatting', 'I have kept it'],
  ['dark', 'zh-CN', '名字', '开始聊天', '我已保存'],
] as const)('%s, in %s', (colorScheme, locale, nameField, begin, isKept) => {
  test('every screen is for everybody', async () => {
    const context = await browser.newContext({ colorScheme, locale, reducedMotion: 'reduce' });
    const page = await context.newPage();
    await page.goto(origin);
    await page.getByLabel(nameField).fill(`Dora ${locale}`);
    const found = new Map<string, readonly string[]>();
    const look = async (screen: string) => {
      const findings = await findingsOf(page);
      if (findings.length > 0) found.set(screen, findings);
    };
    await look('welcome');
    await page.getByRole('button', { name: begin }).click();
    await page.locator('.qr').waitFor();
    await look('secret');
    await page.getByRole('button', { name: isKept }).click();
    await look('list');
    const userId = Number((await page.locator('.sidebar-header small').textContent())?.slice(2));
    const cat = await Client.ready({ userId: userId + 1, name: `cat ${locale}`, routes: [origin] });
    cat.say(`${userId};;a message with https://cim.example`);
    await page.locator('.list .row').filter({ hasText: 'cat' }).click();
    await page.locator('[data-message]').waitFor();
    await page.locator('textarea').fill('an answer');
    await page.locator('textarea').press('Enter');
    await page.locator('[data-message].own').waitFor();
    await page.locator('[data-message]').first().hover();
    await look('conversation');
    await page.locator('.conversation-header .icon-button').last().click();
    await page.locator('.safety-number').waitFor();
    await look('details');
    await page.locator('.conversation-header .icon-button').nth(1).click();
    await page.locator('.panel input').waitFor();
    await look('search');
    await page.keyboard.press('Alt+n');
    await page.locator('dialog .rows .row').first().waitFor();
    await look('new chat');
    await page.locator('dialog .segments button').last().click();
    await look('new group');
    await page.keyboard.press('Escape');
    await page.locator('.sidebar-header .icon-button').first().click();
    await page.locator('dialog .shortcuts').waitFor();
    await look('settings');
    expect(Object.fromEntries(found)).toEqual({});
    await context.close();
  });
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

test('a long conversation: older messages come without a jump, and few of all are drawn', async () => {
  const total = 500;
  const amy = await WebPerson.signUp(browser, origin, 'Amy who reads');
  const cat = await Client.ready({ userId: 5, name: 'cat who writes', routes: [origin] });
  for (let number = 1; number <= total; number++) cat.say(`${amy.userId};;message ${number}`);
  await cat.whenSent(total);
  await amy.openConversation('cat who writes');
  await amy.sees(`message ${total}`);
  const beginning = amy.page.getByText('This is where it begins.');
  let jumps = 0;
  while ((await beginning.count()) === 0) {
    const { id, top, pages } = await amy.page.evaluate(readingFromTheTop);
    await amy.page.waitForFunction(
      (pages) => document.querySelectorAll('.page').length > pages,
      pages,
    );
    const now = await amy.page.evaluate(topOf, id);
    if (Math.abs(now - top) > 2) jumps += 1;
  }
  expect(jumps).toBe(0);
  expect(await amy.page.locator('.page').count()).toBeGreaterThan(total / 50);
  expect(await amy.page.locator('[data-message]').count()).toBeLessThan(total / 2);
  await amy.page.getByRole('button', { name: 'To the newest message' }).click();
  await amy.page.getByText(`message ${total}`).last().waitFor();
});

/** In the page: scrolls to where older messages are asked for, and tells what is read there. */
function readingFromTheTop(): {
  readonly id: string;
  readonly top: number;
  readonly pages: number;
} {
  const timeline = document.querySelector('.timeline');
  if (!timeline) throw new Error('there is no timeline');
  const pages = timeline.querySelectorAll('.page').length;
  timeline.scrollTop = 300;
  const edge = timeline.getBoundingClientRect().top;
  const read = [...timeline.querySelectorAll<HTMLElement>('[data-message]')].find(
    (each) => each.getBoundingClientRect().bottom > edge,
  );
  const id = read?.dataset['message'] ?? '';
  return { id, top: read?.getBoundingClientRect().top ?? 0, pages };
}

/** In the page. */
function topOf(id: string): number {
  return document.querySelector(`[data-message="${id}"]`)?.getBoundingClientRect().top ?? Infinity;
}
