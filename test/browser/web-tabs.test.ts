// Goal: however many tabs of a browser show the chat, they are one device: all show what comes and what is
// done in another, and whoever signs out has signed out in all. Method: the packaged executable, real
// Chromium.
import { beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { startChromium } from '../support/chromium.ts';
import { startDevelopment } from '../support/roles.ts';
import { waitUntil } from '../support/wait-until.ts';
import { WebPerson } from '../support/web-person.ts';

let browser: Browser;
let origin: string;
let people = 0;

beforeAll(async () => {
  const dev = await startDevelopment(['--data', ':memory:', '--registration-rate', '1000']);
  origin = `http://${dev.addresses['route']}`;
  browser = await startChromium();
});

function person(name: string): Promise<WebPerson> {
  people += 1;
  return WebPerson.signUp(browser, origin, `${name} ${people}`);
}

/** Two who have begun to write to each other, one of them in two tabs. */
async function start() {
  const [amy, bob] = [await person('Amy'), await person('Bob')];
  await amy.chatWith(bob);
  await amy.say('hello Bob');
  await bob.openConversation(amy.name);
  await bob.sees('hello Bob');
  const second = await amy.openTab();
  await second.openConversation(bob.name);
  await second.sees('hello Bob');
  return { amy, second, bob };
}

test('all tabs show what comes, and what is done in one of them', async () => {
  const { amy, second, bob } = await start();
  const tabs = [amy, second];
  await bob.field.pressSequentially('hi');
  for (const { page } of tabs) await page.getByText(`${bob.name} is typing`).last().waitFor();
  await bob.field.press('Enter');
  for (const tab of tabs) await tab.sees('hi');
  await second.say('from the second tab');
  for (const tab of [...tabs, bob]) await tab.sees('from the second tab');
  await bob.page.bringToFront();
  for (const tab of tabs) await tab.tick('from the second tab', 'Read');
  for (const { page } of tabs) await page.locator('.who').getByText('online').waitFor();

  await second.choose('from the second tab', 'Edit');
  await second.field.fill('as it was meant');
  await second.field.press('Enter');
  for (const tab of [amy, bob]) await tab.message('as it was meant').getByText('edited').waitFor();
  await amy.react('hi', '🎉', 'tada');
  for (const tab of [second, bob]) await tab.message('hi').locator('.reaction').waitFor();
  await amy.choose('hello Bob', 'Delete');
  await amy.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  for (const tab of [second, bob]) await tab.sees('Message deleted');
  const texts = (tab: WebPerson) => tab.page.locator('[data-message] .text').allTextContents();
  const all = ['Message deleted', 'hi', 'as it was meant'];
  for (const tab of [...tabs, bob]) expect(await texts(tab)).toEqual(all);
  // Whichever leads: a busy machine may have changed that.
  await waitUntil('one of them has the connection', () => amy.user.webSockets.size === 1);
});

test('what is read, muted, blocked, half written or chosen in one is so in all', async () => {
  const { amy, second, bob } = await start();
  await amy.openConversation('Lobby');
  await second.openConversation('Lobby');
  await bob.say('one more');
  for (const tab of [amy, second]) await tab.row(bob.name).locator('.badge').waitFor();
  await amy.page.bringToFront();
  await amy.openConversation(bob.name);
  for (const tab of [amy, second])
    await tab.row(bob.name).locator('.badge').waitFor({ state: 'detached' });

  await amy.field.fill('half a thought');
  await second.row('half a thought').waitFor();
  const panel = await amy.details();
  await panel.getByLabel('Mute').check();
  await second.row(bob.name).getByRole('img', { name: 'Muted' }).waitFor();
  await panel.getByRole('button', { name: 'Block' }).click();
  await amy.page.getByRole('dialog').getByRole('button', { name: 'Block' }).click();
  await second.openConversation(bob.name);
  await second.page.getByText('You have blocked this person.').waitFor();

  await amy.page.getByRole('button', { name: 'Settings' }).last().click();
  await amy.page.getByRole('dialog').getByRole('button', { name: 'Dark' }).click();
  await amy.page.getByRole('dialog').getByRole('button', { name: '中文' }).click();
  await second.page.locator('html[data-theme=dark][lang=zh-CN]').waitFor();
});

test('when the tab that is connected is closed the other one goes on', async () => {
  const { amy, second, bob } = await start();
  await amy.page.close();
  await bob.say('still there?');
  await second.sees('still there?');
  await second.say('still here');
  await bob.sees('still here');
  const third = await second.openTab();
  await third.openConversation(bob.name);
  for (const tab of [second, third])
    expect(await tab.page.locator('[data-message] .text').allTextContents()).toEqual([
      ...['hello Bob', 'still there?', 'still here'],
    ]);
});

test('signed out in one tab is signed out in all, and nothing is left; signed in is so, too', async () => {
  const { amy, second } = await start();
  await second.field.fill('never sent');
  await amy.page.getByRole('button', { name: 'Settings' }).last().click();
  await amy.page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
  await amy.page.getByRole('dialog').last().getByRole('button', { name: 'Sign out' }).click();
  for (const { page } of [amy, second]) await page.getByLabel('Your name').waitFor();
  for (const { page } of [amy, second])
    await waitUntil('nothing is left', async () => (await leftIn(page)).length === 0);

  await second.page.getByLabel('Your name').fill(`Again ${people}`);
  await second.page.getByRole('button', { name: 'Start chatting' }).click();
  await second.page.getByRole('button', { name: 'I have kept it' }).click();
  await amy.page.locator('.sidebar-header').getByText(`Again ${people}`).waitFor();
});

/** What a browser keeps of accounts. */
async function leftIn(page: Page): Promise<readonly string[]> {
  return page.evaluate(async () => [
    ...Object.keys(localStorage).filter((name) => /account|draft|unsent|names/.test(name)),
    ...(await indexedDB.databases()).map(({ name = '' }) => name),
  ]);
}
