// Goal: two people can do in a browser all that the web chat is for. Method: the packaged executable, and
// a real Chromium for each of them.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { startChromium } from '../support/chromium.ts';
import { type Role, startDevelopment } from '../support/roles.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { WebPerson, type WebPersonOptions } from '../support/web-person.ts';

let browser: Browser;
let dev: Role;
let origin: string;
let people = 0;

beforeAll(async () => {
  const files = ['--files-folder', temporaryFolder('files')];
  dev = await startDevelopment(['--data', ':memory:', '--registration-rate', '1000', ...files]);
  origin = `http://${dev.addresses['route']}`;
  browser = await startChromium();
});

function person(name: string, options: WebPersonOptions = {}): Promise<WebPerson> {
  people += 1;
  return WebPerson.signUp(browser, origin, `${name} ${people}`, options);
}

/** Two who have begun to write to each other. */
async function pair(): Promise<readonly [amy: WebPerson, bob: WebPerson]> {
  const [amy, bob] = [await person('Amy'), await person('Bob')];
  await amy.chatWith(bob);
  await amy.say('hello Bob');
  await bob.openConversation(amy.name);
  await bob.sees('hello Bob');
  return [amy, bob];
}

describe('in private', () => {
  test('a message, its ticks, typing, an answer', async () => {
    const [amy, bob] = await pair();
    await amy.tick('hello Bob', 'Read');
    await bob.field.pressSequentially('hi');
    await amy.page.getByText(`${bob.name} is typing`).last().waitFor();
    await bob.field.press('Enter');
    await amy.sees('hi');
    await amy.choose('hi', 'Reply');
    await amy.say('with pleasure');
    await bob.message('with pleasure').locator('.quote').getByText('hi').waitFor();
    await bob.page.locator('.conversation-header').getByText('online').waitFor();
    const lock = bob.message('with pleasure').locator('[title="End-to-end encrypted"]');
    expect(await lock.count()).toBe(1);
  });

  test('an edit, a reaction that is taken back, a retraction', async () => {
    const [amy, bob] = await pair();
    await amy.choose('hello Bob', 'Edit');
    await amy.field.fill('hello Bobby');
    await amy.field.press('Enter');
    await bob.message('hello Bobby').getByText('edited').waitFor();

    await bob.react('hello Bobby', '🎉', 'tada');
    const reaction = amy.message('hello Bobby').locator('.reaction');
    await reaction.getByText('🎉').waitFor();
    await bob.message('hello Bobby').locator('.reaction').click();
    await reaction.waitFor({ state: 'detached' });

    await amy.choose('hello Bobby', 'Delete');
    await amy.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await bob.sees('Message deleted');
    expect(await bob.page.getByText('hello Bobby').count()).toBe(0);
  });

  test('what somebody else writes is text, whatever it looks like', async () => {
    const [amy, bob] = await pair();
    const nasty = '<img src=x onerror=alert(1)><b>bold</b> https://cim.example/?a=1&b=2.';
    await amy.say(nasty);
    await bob.sees('<b>bold</b>');
    const message = bob.message('bold');
    expect(await message.locator('.text').textContent()).toBe(nasty);
    expect(await message.locator('img, b').count()).toBe(0);
    const link = message.getByRole('link');
    expect(await link.getAttribute('href')).toBe('https://cim.example/?a=1&b=2');
    expect(await link.getAttribute('rel')).toBe('noopener noreferrer');
  });

  test('files that are chosen: a picture is shown, anything else is kept as it is', async () => {
    const [amy, bob] = await pair();
    await amy.page.locator('input[type=file]').setInputFiles([
      { name: 'dot.png', mimeType: 'image/png', buffer: onePixel },
      {
        name: 'notes.html',
        mimeType: 'text/html',
        buffer: Buffer.from('<script>alert(1)</script>'),
      },
    ]);
    const picture = bob.page.getByRole('button', { name: /Show the picture: dot.png/ });
    await picture.locator('img').waitFor();
    await picture.click();
    await bob.page.getByRole('dialog').locator('img').waitFor();
    await bob.page.keyboard.press('Escape');
    const [download] = await Promise.all([
      bob.page.waitForEvent('download'),
      bob.page.locator('button.file-line').click(),
    ]);
    expect(download.suggestedFilename()).toBe('notes.html');
    expect(bob.page.url()).toMatch(new RegExp(`^${origin}`));
  });

  test('files that are dropped, a picture and another one', async () => {
    const [amy, bob] = await pair();
    const folder = temporaryFolder('dropped');
    const files = [join(folder, 'dropped.png'), join(folder, 'dropped.txt')];
    writeFileSync(files[0] ?? '', onePixel);
    writeFileSync(files[1] ?? '', 'what is in it');
    // As the system does it: the page is asked, and told.
    const session = await amy.user.context.newCDPSession(amy.page);
    const drag = (type: 'dragEnter' | 'dragOver' | 'drop') =>
      session.send('Input.dispatchDragEvent', {
        ...{ type, x: 700, y: 300 },
        data: { items: [], files, dragOperationsMask: 1 },
      });
    await drag('dragEnter');
    await drag('dragOver');
    await amy.page.getByText('Drop files to send them').waitFor();
    await drag('drop');
    const picture = bob.page.getByRole('button', { name: /Show the picture: dropped.png/ });
    await picture.locator('img').waitFor();
    await bob.page.locator('button.file-line').getByText('dropped.txt').waitFor();
    expect(await amy.page.locator('.drop-hint').count()).toBe(0);
  });

  test('a picture that is pasted, as an answer', async () => {
    const [amy, bob] = await pair();
    await amy.choose('hello Bob', 'Reply');
    await amy.page.evaluate(async (base64) => {
      const bytes = Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
      const blob = new Blob([bytes], { type: 'image/png' });
      await navigator.clipboard.write([new ClipboardItem({ 'image/png': blob })]);
    }, onePixel.toString('base64'));
    await amy.field.press('Control+v');
    const picture = bob.page.getByRole('button', { name: /Show the picture/ });
    await picture.locator('img').waitFor();
    await bob.page.locator('[data-message] .quote').getByText('hello Bob').waitFor();
    expect(await amy.field.inputValue()).toBe('');
  });

  test('numbers are the same on both sides, and are confirmed', async () => {
    const [amy, bob] = await pair();
    const [panel, other] = [await amy.details(), await bob.details()];
    const number = await panel.locator('.safety-number').textContent();
    expect(number).toMatch(/^\d{60}$/);
    expect(await other.locator('.safety-number').textContent()).toBe(number);
    await panel.getByRole('button', { name: 'The numbers are the same' }).click();
    await panel.getByText('Compared and right').waitFor();
  });

  test('mute and pin; blocked, nothing comes', async () => {
    const [amy, bob] = await pair();
    const panel = await bob.details();
    await panel.getByLabel('Mute').check();
    await panel.getByLabel('Pin to the top').check();
    await bob.row(amy.name).getByRole('img', { name: 'Muted' }).waitFor();
    await bob.row(amy.name).getByRole('img', { name: 'Pinned' }).waitFor();
    await panel.getByRole('button', { name: 'Block' }).click();
    await bob.page.getByRole('dialog').getByRole('button', { name: 'Block' }).click();
    await bob.page.getByText('You have blocked this person.').waitFor();
    await amy.say('are you there?');
    await amy.sees('are you there?');
    await bob.page.locator('.foot').getByRole('button', { name: 'Unblock' }).click();
    await bob.field.waitFor();
    await amy.say('and now?');
    await bob.sees('and now?');
    expect(await bob.message('are you there?').count()).toBe(0);
  });

  test('search finds, and shows the message where it is', async () => {
    const [amy, bob] = await pair();
    await amy.say('the needle is here');
    await bob.sees('the needle is here');
    await bob.page.getByRole('button', { name: 'Search' }).click();
    await bob.page.getByRole('searchbox', { name: 'Search in messages' }).fill('needle');
    await bob.page.locator('.found-list .row').click();
    await bob.page.locator('.message.found').getByText('the needle is here').waitFor();
  });

  test('a message that is sent later, and one that is taken back before', async () => {
    const [amy] = await pair();
    await amy.field.fill('happy birthday');
    await amy.page.getByRole('button', { name: 'Send later' }).click();
    await amy.page.getByRole('dialog').getByRole('button', { name: 'Send later' }).click();
    await amy.page.getByText(/^Will be sent/).waitFor();
    expect(await amy.field.inputValue()).toBe('');
    await amy.page.getByRole('button', { name: 'Settings' }).last().click();
    const waiting = amy.page.getByRole('dialog').locator('.rows li');
    await waiting.getByText('happy birthday').waitFor();
    await waiting.getByRole('button', { name: 'Cancel' }).click();
    await amy.page.getByText('Nothing is scheduled.').waitFor();
  });

  test('what is not sent yet is kept with its conversation', async () => {
    const [amy] = await pair();
    await amy.field.fill('half a thought');
    await amy.openConversation('Lobby');
    expect(await amy.field.inputValue()).toBe('');
    await amy.row('Draft').click();
    expect(await amy.field.inputValue()).toBe('half a thought');
    await amy.page.reload();
    await amy.field.waitFor();
    expect(await amy.field.inputValue()).toBe('half a thought');
  });
});

describe('in groups', () => {
  test('an encrypted one: invited, joined, talked in, made admin, removed', async () => {
    const [amy, bob] = await pair();
    await amy.page.keyboard.press('Alt+n');
    const dialog = amy.page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Group' }).click();
    const name = `party-${people}`;
    await dialog.getByLabel('Name of the group').fill(name);
    await dialog.getByRole('button', { name: 'Create' }).click();
    const panel = await amy.details();
    await panel.getByLabel('Who may join').selectOption('invite');
    await panel.getByLabel('Number of who is to join').fill(String(bob.userId));
    await panel.getByRole('button', { name: 'Invite' }).click();
    await bob.page.locator('.invitation').getByRole('button', { name: 'Join' }).click();
    await bob.page.getByRole('main', { name }).waitFor();
    await bob.say('cake?');
    await amy.sees('cake?');
    await amy.message('cake?').locator('[title="End-to-end encrypted"]').waitFor();
    await panel.getByLabel('Title').fill('The party');
    await panel.getByRole('button', { name: 'Save' }).click();
    await bob.page.getByRole('heading', { name: 'The party' }).waitFor();

    await panel.getByRole('button', { name: `More: ${bob.name}` }).click();
    await amy.page.getByRole('menuitem', { name: 'Make admin' }).click();
    await panel.getByText('Admin', { exact: true }).waitFor();
    await panel.getByRole('button', { name: `More: ${bob.name}` }).click();
    await amy.page.getByRole('menuitem', { name: 'Remove from the group' }).click();
    await amy.page
      .getByRole('dialog')
      .getByRole('button', { name: 'Remove from the group' })
      .click();
    await bob.page.getByText('You are not in this group.').waitFor();
  });
});

describe('an account', () => {
  test('comes to another device by its code, with what was said', async () => {
    const [amy, bob] = await pair();
    const elsewhere = await amy.signInElsewhere(browser);
    await elsewhere.openConversation(bob.name);
    await elsewhere.sees('hello Bob');
  });

  test('a name that somebody has is refused, and another one can be chosen', async () => {
    const amy = await person('Amy');
    const bob = await person('Bob');
    const page = await bob.user.context.browser()?.newPage();
    await page?.goto(origin);
    await page?.getByLabel('Your name').fill(amy.name);
    await page?.getByRole('button', { name: 'Start chatting' }).click();
    await page?.getByText('Somebody has this name already.').waitFor();
    await page?.close();
  });

  test('is forgotten by the browser that signs out', async () => {
    const amy = await person('Amy');
    await amy.page.getByRole('button', { name: 'Settings' }).last().click();
    await amy.page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
    await amy.page.getByRole('dialog').last().getByRole('button', { name: 'Sign out' }).click();
    await amy.page.getByLabel('Your name').waitFor();
    const left = await amy.page.evaluate(async () => ({
      kept: Object.keys(localStorage).filter((name) => /account|draft|unsent|names/.test(name)),
      databases: (await indexedDB.databases()).map(({ name }) => name),
    }));
    expect(left).toEqual({ kept: [], databases: [] });
  });
});

/** A PNG of one pixel. */
const onePixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
