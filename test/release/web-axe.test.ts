// Goal: every screen and every dialog can be used by everybody: axe-core finds nothing wrong with it, in both
// themes and languages. Method: the packaged executable, real Chromium, a walk through all of them.
import { beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { findingsOf } from '../support/axe.ts';
import { startChromium } from '../support/chromium.ts';
import { startDevelopment } from '../support/roles.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { WebPerson } from '../support/web-person.ts';

let browser: Browser;
let origin: string;

beforeAll(async () => {
  const files = ['--files-folder', temporaryFolder('files')];
  const dev = await startDevelopment(['--data', ':memory:', ...files]);
  origin = `http://${dev.addresses['route']}`;
  browser = await startChromium();
});

/** Both of each. */
const clothes = [
  { theme: 'light', language: 'en' },
  { theme: 'dark', language: 'zh' },
] as const;
const still = { context: { reducedMotion: 'reduce' } } as const;

/** Looks at screens, and tells in the end what was wrong with which. */
function looker() {
  const findings: Record<string, readonly string[]> = {};
  return {
    findings,
    async look(page: Page, screen: string): Promise<void> {
      for (const { theme, language } of clothes) {
        await page.evaluate(wear, { theme, language });
        await page.waitForFunction(isSpoken, language);
        const found = await findingsOf(page);
        if (found.length > 0) findings[`${screen}, ${theme}, ${language}`] = found;
      }
      await page.evaluate(wear, clothes[0]);
      await page.waitForFunction(isSpoken, 'en');
    },
  };
}

/** In the page: as if it was chosen in another tab, so that what is open stays open. */
function wear(chosen: { readonly theme: string; readonly language: string }): void {
  for (const [name, value] of Object.entries(chosen)) {
    localStorage.setItem(`cim.${name}`, JSON.stringify(value));
    dispatchEvent(new StorageEvent('storage', { key: `cim.${name}` }));
  }
}

/** In the page: its words are loaded, and shown. */
function isSpoken(language: string): boolean {
  const names = [...document.querySelectorAll('[aria-label], button')].map(
    (each) => `${each.getAttribute('aria-label')} ${each.textContent}`,
  );
  const isChinese = /[\u4e00-\u9fff]/.test(names.join().replaceAll('中文', ''));
  return isChinese === (language === 'zh');
}

test('where somebody signs up and in', async () => {
  const { findings, look } = looker();
  await WebPerson.signUp(browser, origin, 'Amy who was first');
  const context = await browser.newContext({ ...still.context, locale: 'en-GB' });
  const page = await context.newPage();
  await page.goto(origin);
  await page.getByLabel('Your name').waitFor();
  await look(page, 'new here');
  await page.getByLabel('Your name').fill('Amy who was first');
  await page.getByRole('button', { name: 'Start chatting' }).click();
  await page.getByRole('alert').waitFor();
  await look(page, 'a name that somebody has');
  await page.getByRole('button', { name: 'I have an account' }).click();
  await page.getByLabel('Secret').waitFor();
  await look(page, 'an account from elsewhere');
  await page.getByRole('button', { name: 'I am new here' }).click();
  await page.getByLabel('Your name').fill('Dora');
  await page.getByRole('button', { name: 'Start chatting' }).click();
  await page.locator('.qr').waitFor();
  await look(page, 'the secret');
  await page.getByRole('button', { name: 'I have kept it' }).click();
  await page.locator('.nothing-open').waitFor();
  await look(page, 'nothing there yet');
  await context.close();
  expect(findings).toEqual({});
});

test('a conversation, and all that opens from it', async () => {
  const { findings, look } = looker();
  const amy = await WebPerson.signUp(browser, origin, 'Amy', still);
  const bob = await WebPerson.signUp(browser, origin, 'Bob', still);
  const { page } = amy;
  await page.keyboard.press('Alt+n');
  await page.locator('dialog .rows .row').first().waitFor();
  await look(page, 'a new chat');
  await page.keyboard.press('Escape');
  await amy.chatWith(bob);
  await page.getByText('This is where it begins.').waitFor();
  await look(page, 'a conversation without messages');
  await amy.say('hello https://cim.example and good morning');
  await bob.openConversation('Amy');
  await bob.say('🎉');
  await bob.choose('hello', 'Reply');
  await bob.say('an answer');
  await bob.choose('🎉', 'Edit');
  await bob.field.fill('a party');
  await bob.field.press('Enter');
  await amy.say('taken back');
  await amy.choose('taken back', 'Delete');
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).waitFor();
  await look(page, 'a question');
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await bob.sees('Message deleted');
  await bob.page.locator('input[type=file]').setInputFiles([
    { name: 'dot.gif', mimeType: 'image/gif', buffer: onePixel },
    { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('notes') },
  ]);
  await amy.message('notes.txt').waitFor();
  await amy.message('an answer').hover();
  await amy.message('an answer').getByRole('button', { name: 'React' }).click();
  await page.locator('.emoji-list section').nth(1).getByRole('button').first().waitFor();
  await look(page, 'emoji');
  await page.getByRole('button', { name: '👀' }).or(page.getByTitle('eyes')).first().click();
  await page.locator('.reaction').waitFor();
  await bob.field.pressSequentially('a');
  await page.locator('.typing').waitFor();
  await look(page, 'a conversation');
  await page.getByRole('button', { name: /Show the picture/ }).click();
  await page.locator('.whole-picture').waitFor();
  await look(page, 'a picture');
  await page.keyboard.press('Escape');
  await amy.message('hello').first().hover();
  await amy.message('hello').first().getByRole('button', { name: 'More' }).click();
  await page.getByRole('menu').waitFor();
  await look(page, 'what can be done with a message');
  await page.getByRole('menuitem', { name: 'Edit' }).click();
  await page.locator('.composing').waitFor();
  await look(page, 'editing');
  expect(findings).toEqual({});
});

test('a person, searches, and settings', async () => {
  const { findings, look } = looker();
  const amy = await WebPerson.signUp(browser, origin, 'Amy who looks', still);
  const bob = await WebPerson.signUp(browser, origin, 'Bob who is found', still);
  const { page } = amy;
  await amy.chatWith(bob);
  await amy.say('hello');
  await amy.say('an answer');
  await bob.openConversation('Amy who looks');
  await bob.sees('an answer');
  await amy.field.fill('for later');
  await page.getByRole('button', { name: 'Send later' }).click();
  await page.getByLabel('When').waitFor();
  await look(page, 'later');
  await page.getByRole('dialog').getByRole('button', { name: 'Send later' }).click();
  await page.locator('.notice').waitFor();
  await look(page, 'a notice');
  const panel = await amy.details();
  await panel.locator('.safety-number').waitFor();
  await look(page, 'a person');
  await panel.getByRole('button', { name: 'The numbers are the same' }).click();
  await panel.locator('.standing.good').waitFor();
  await panel.getByLabel('Mute').check();
  await panel.getByLabel('Pin to the top').check();
  await look(page, 'a person who is known');
  await page.locator('.conversation-header').getByRole('button', { name: 'Search' }).click();
  await page.locator('.panel-search').fill('answer');
  await page.locator('.found-list .row').waitFor();
  await look(page, 'search');
  await page.locator('.panel-search').fill('nowhere to be found');
  await page.getByText('Nothing found').waitFor();
  await look(page, 'a search without result');
  await page.getByRole('searchbox', { name: 'Search', exact: true }).fill('hello');
  await page.getByRole('button', { name: 'Search in messages' }).click();
  await page.locator('.sidebar .found-list .row').waitFor();
  await look(page, 'a search in all messages');
  await page.getByRole('searchbox', { name: 'Search', exact: true }).press('Escape');
  const person = await amy.details();
  await person.getByRole('button', { name: 'Block' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Block' }).click();
  await page.getByText('You have blocked this person.').waitFor();
  await look(page, 'somebody who is blocked');
  await page.getByRole('button', { name: 'Settings' }).last().click();
  await page.getByRole('dialog').getByText('for later').waitFor();
  await look(page, 'settings');
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('dialog').last().getByRole('button', { name: 'Cancel' }).waitFor();
  await look(page, 'whether to sign out');
  await page.getByRole('dialog').last().getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Sign in elsewhere' }).click();
  await page.locator('.qr').waitFor();
  await look(page, 'the secret once more');
  expect(findings).toEqual({});
});

test('a group, as its owner and as others see it', async () => {
  const { findings, look } = looker();
  const amy = await WebPerson.signUp(browser, origin, 'Amy of the group', still);
  const bob = await WebPerson.signUp(browser, origin, 'Bob of the group', still);
  const { page } = amy;
  await page.keyboard.press('Alt+n');
  await page.getByRole('dialog').getByRole('button', { name: 'Group', exact: true }).click();
  await page.getByLabel('Name of the group').fill('party');
  await look(page, 'a new group');
  await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
  const panel = await amy.details();
  await panel.getByLabel('Number of who is to join').fill(String(bob.userId));
  await panel.getByRole('button', { name: 'Invite' }).click();
  await bob.page.locator('.invitation').waitFor();
  await look(bob.page, 'an invitation');
  await bob.page.locator('.invitation').getByRole('button', { name: 'Join' }).click();
  await bob.field.waitFor();
  await bob.say('here I am');
  await amy.sees('here I am');
  await amy.say('welcome');
  await panel.getByRole('button', { name: 'More: Bob' }).waitFor();
  await look(page, 'a group of mine');
  await panel.getByRole('button', { name: 'More: Bob' }).click();
  await page.getByRole('menu').waitFor();
  await look(page, 'what can be done with a member');
  await page.getByRole('menuitem', { name: 'Remove from the group' }).click();
  const question = page.getByRole('dialog');
  await question.getByRole('button', { name: 'Remove from the group' }).click();
  await bob.page.getByText('You are not in this group.').waitFor();
  await look(bob.page, 'a group that one is not in');
  await amy.openConversation('Lobby');
  await look(page, 'the lobby');
  expect(findings).toEqual({});
});

test('without a network, and on a telephone', async () => {
  const { findings, look } = looker();
  const phone = { context: { ...still.context, viewport: { width: 390, height: 780 } } };
  const expectedErrors = /ERR_|WebSocket|Failed to load resource/;
  const amy = await WebPerson.signUp(browser, origin, 'Amy away', { ...phone, expectedErrors });
  const { page } = amy;
  await look(page, 'the list on a telephone');
  await amy.openConversation('Lobby');
  await amy.say('before');
  await amy.sees('before');
  await look(page, 'a conversation on a telephone');
  const panel = await amy.details();
  await look(page, 'details on a telephone');
  await panel.getByRole('button', { name: 'Close' }).click();
  // The words of both languages are here by now.
  await amy.user.context.setOffline(true);
  await page.getByText('You are offline.').waitFor();
  await amy.say('meanwhile');
  await page.locator('.pending').waitFor();
  await look(page, 'offline');
  await amy.user.context.setOffline(false);
  await page.locator('.pending').waitFor({ state: 'detached' });
  expect(findings).toEqual({});
});

/** A GIF of one pixel. */
const onePixel = Buffer.from(
  'R0lGODlhAQABAIAAAP///wAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==',
  'base64',
);
