/** What tabs send is sent once and in order, whatever becomes of them, in a real browser. */
import { beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { ignore } from '../../src/base/ignore.ts';
import type { SentMessage } from '../../src/client/sdk/index.ts';
import { call, shown, startTabs } from '../support/browser-tabs.ts';
import { servePages, startChromium } from '../support/chromium.ts';
import { callPage } from '../support/page-calls.ts';
import { waitUntil } from '../support/wait-until.ts';

let browser: Browser;
let origin: string;

beforeAll(async () => {
  browser = await startChromium();
  origin = await servePages();
});

function numbered(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name} ${index + 1}`);
}

const pending = async (page: Page) => (await call(page, 'pending')) as { id: string }[];

const sendAll = (page: Page, texts: readonly string[], to = 2) =>
  callPage(page, 'sendAll', { to }, texts);

async function waitForPending(page: Page, count: number): Promise<void> {
  await waitUntil(`${count} wait`, async () => (await pending(page)).length === count || undefined);
}

/** Two tabs, the first of which leads, of which each has sent a hundred that are on their way. */
async function sendTwoHundred() {
  const started = await startTabs(browser, origin);
  const [first, second] = [await started.open(), await started.open()];
  await started.user.context.setOffline(true);
  await sendAll(first, numbered('first', 100));
  await sendAll(second, numbered('second', 100));
  await waitForPending(second, 200);
  await started.user.context.setOffline(false);
  await waitUntil('some are stored', () => started.texts.length >= 20 || undefined);
  return { ...started, first, second };
}

/** Once, and of each tab in order. */
async function expectAll(texts: readonly string[]): Promise<void> {
  await waitUntil('all are there', () => texts.length >= 200 || undefined);
  for (const name of ['first', 'second'])
    expect(texts.filter((text) => text.startsWith(name))).toEqual(numbered(name, 100));
  expect(texts).toHaveLength(200);
}

test('the leading page is reloaded while two hundred are on their way: each is sent once', async () => {
  const { texts, amy, first, second, person } = await sendTwoHundred();
  await first.reload();
  await callPage(first, 'open', person);
  await expectAll(texts);
  await waitForPending(first, 0);
  await waitUntil(
    'the second knows of all of its own',
    async () => ((await callPage(second, 'outcomes')) as string[]).length === 100 || undefined,
  );
  expect(await callPage(second, 'outcomes')).toEqual(numbered('second', 100));
  // What was sent after it is behind it, and all of it is in the history once.
  await call(second, 'send', { to: 2 }, 'the last');
  await waitUntil('amy has it', () => texts.at(-1) === 'the last' || undefined);
  const page = await amy.history({ peer: 1, limit: 200 });
  expect(page.messages.map(({ text }) => text)).toEqual(texts.slice(-200));
  expect(await call(first, 'stored', { with: { to: 2 }, limit: 1 })).toMatchObject({
    messages: [{ text: 'the last' }],
  });
});

test.each(['crash', 'close'] as const)(
  'the leading page is gone (%s) while two hundred are on their way: each is sent once',
  async (how) => {
    const { texts, user, first, second } = await sendTwoHundred();
    if (how === 'close') await first.close();
    else {
      const crashed = first.waitForEvent('crash');
      const control = await user.context.newCDPSession(first);
      void control.send('Page.crash').catch(ignore('nobody is there to answer'));
      await crashed;
    }
    await expectAll(texts);
    await waitForPending(second, 0);
    // It is told of the other one's, as it would be of another device's.
    const others = (await shown(second, 1)).filter((text) => text.startsWith('first'));
    expect(new Set(others).size).toBe(others.length);
    expect(await callPage(second, 'outcomes')).toEqual(numbered('second', 100));
  },
);

test('what nobody took is listed by the next page, and told when it is stored or refused', async () => {
  const { texts, amy, person, openPage, open } = await startTabs(browser, origin);
  const first = await open();
  const { id } = await amy.send({ to: 1 }, 'hi');
  await shown(first, 1);
  const own = (await call(first, 'send', { to: 2 }, 'hello')) as SentMessage;
  await first.close();
  const before = await openPage();
  await callPage(before, 'openInVain', person);
  await sendAll(before, ['one', 'two']);
  await sendAll(before, ['to nobody'], 99);
  await waitForPending(before, 3);
  for (const [method, ...given] of [
    ['react', id, ['👍']],
    ['edit', own.id, 'hello!'],
    ['retract', own.id],
  ] as const)
    void call(before, method, ...given).catch(ignore('it is closed before'));
  await waitForPending(before, 6);
  await before.close();

  const after = await openPage();
  await callPage(after, 'openInVain', person);
  await waitForPending(after, 6);
  const kept = await pending(after);
  expect(kept).toMatchObject([
    { name: 'message', event: { from: 1, to: 2, text: 'one', seq: 0 } },
    { name: 'message', event: { text: 'two' } },
    { name: 'message', event: { to: 99, text: 'to nobody' } },
    { name: 'reactions', event: { id, emoji: ['👍'] } },
    { name: 'edited', event: { id: own.id, text: 'hello!' } },
    { name: 'retracted', event: { id: own.id } },
  ]);
  await after.reload();
  await callPage(after, 'open', person);
  await waitForPending(after, 0);
  expect(await shown(after, 2)).toEqual(['one', 'two']);
  const refused = (await callPage(after, 'events', 'refused')) as { event: { id: string } }[];
  expect(refused.map(({ event }) => event.id)).toEqual([kept[2]?.id]);
  await waitUntil('amy has both', () => texts.length >= 3 || undefined);
  expect(texts).toEqual(['hello', 'one', 'two']);
  const { messages } = (await call(after, 'stored', { with: { to: 2 }, limit: 10 })) as {
    messages: { id: string; text: string }[];
  };
  expect(messages).toMatchObject([
    { text: 'hi', reactions: [{ from: 1, emoji: ['👍'] }] },
    { retracted: true },
    { id: kept[0]?.id, text: 'one' },
    { id: kept[1]?.id, text: 'two' },
  ]);
});

test('what a tab does is told to the others, and not to itself', async () => {
  const { amy, open } = await startTabs(browser, origin);
  const [first, second] = [await open(), await open()];
  const { id } = await amy.send({ to: 1 }, 'hi');
  for (const page of [first, second]) await shown(page, 1);
  await call(second, 'react', id, ['👍']);
  await callPage(second, 'sendFile', { to: 2 }, 'a.txt', 'what is in it');
  expect(await shown(first, 2)).toEqual(['hi', '[a.txt, 13 bytes]']);
  expect(await callPage(first, 'events', 'reactions')).toHaveLength(1);
  await amy.send({ to: 1 }, 'the last');
  expect(await shown(second, 2)).toEqual(['hi', 'the last']);
  expect(await callPage(second, 'events', 'reactions')).toEqual([]);
});

test('beyond the bounds nothing more is kept, and whoever sends it is told', async () => {
  const { person, openPage } = await startTabs(browser, origin);
  const page = await openPage('small-outbox');
  await callPage(page, 'openInVain', person);
  await sendAll(page, ['x'.repeat(101), ...numbered('small', 4)]);
  await waitForPending(page, 3);
  const outcomes = await waitUntil('two are refused', async () => {
    const all = (await callPage(page, 'outcomes')) as string[];
    return all.length === 2 ? all : undefined;
  });
  expect(outcomes).toEqual([`${'x'.repeat(101)}: busy`, 'small 4: busy']);
  await page.reload();
  await callPage(page, 'openInVain', person);
  await waitForPending(page, 3);
});
