/** Several tabs of one person, in a real browser, against `cim dev` in this process. */
import { beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
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

function numbered(count: number, from = 1): string[] {
  return Array.from({ length: count }, (_, index) => `message ${from + index}`);
}

test('two tabs are one device: both show what comes, and what the other one does', async () => {
  const { amy, texts, open } = await startTabs(browser, origin);
  const [first, second] = [await open(), await open()];
  const { id } = await amy.send({ to: 1 }, 'hi');
  for (const page of [first, second]) expect(await shown(page, 1)).toEqual(['hi']);
  const sent = (await call(second, 'send', { to: 2 }, 'hello')) as SentMessage;
  await waitUntil('amy has it', () => texts.includes('hello'));
  expect(await shown(first, 2)).toEqual(['hi', 'hello']);
  await call(first, 'edit', sent.id, 'hello!');
  await call(second, 'react', id, ['👍']);
  await call(first, 'retract', sent.id);
  await waitUntil('the second hears of both', async () => {
    const [edits, retractions] = await Promise.all(
      ['edited', 'retracted'].map((name) => callPage(second, 'events', name)),
    );
    return (edits as unknown[]).length === 1 && (retractions as unknown[]).length === 1;
  });
  await waitUntil(
    'the first hears of the reaction',
    async () => ((await callPage(first, 'events', 'reactions')) as unknown[]).length === 1,
  );
  expect(await call(second, 'stored', { with: { to: 2 }, limit: 10 })).toMatchObject({
    messages: [{ text: 'hi', reactions: [{ from: 1, emoji: ['👍'] }] }, { retracted: true }],
  });
  // What a tab has done itself it is not told.
  expect(await callPage(second, 'shown')).toEqual(['hi']);
  expect(await amy.onlineUsers()).toHaveLength(2);
});

test('groups, presence and files from a tab that does not lead', async () => {
  const { amy, open } = await startTabs(browser, origin);
  const [first, second] = [await open(), await open()];
  await call(second, 'createGroup', 'team');
  for (const page of [first, second])
    await waitUntil('both follow it', async () => ((await callPage(page, 'groups')) as []).length);
  await amy.joinGroup('team');
  await amy.send({ group: 'team' }, 'to all');
  expect(await shown(second, 1)).toEqual(['to all']);
  await expect(call(second, 'send', { group: 'nobodys' }, 'x')).rejects.toThrow(/member|group/);
  await call(second, 'watchPresence', [2]);
  await waitUntil(
    'it is told that amy is there',
    async () => ((await callPage(second, 'events', 'presence')) as []).length,
  );
  const sent = await callPage(second, 'sendFile', { group: 'team' }, 'a.txt', 'what is in it');
  expect(sent).toEqual({ read: 'what is in it', hasProgress: true });
});

test('when the leading tab is closed another one goes on, and nothing is shown twice or lost', async () => {
  const { amy, texts, open } = await startTabs(browser, origin);
  const [first, second, third] = [await open(), await open(), await open()];
  const sending = (async () => {
    for (const text of numbered(120)) await amy.send({ to: 1 }, text);
  })();
  await shown(second, 20);
  await first.close();
  await shown(second, 60);
  await second.close();
  await sending;
  expect(await shown(third, 120)).toEqual(numbered(120));
  await call(third, 'send', { to: 2 }, 'still here');
  await waitUntil('amy has it', () => texts.includes('still here'));
  const fourth = await open();
  await amy.send({ to: 1 }, 'the last');
  expect(await shown(fourth, 1)).toEqual(['the last']);
  expect(await shown(third, 121)).toEqual([...numbered(120), 'the last']);
});

test('a tab that people look at takes the lead from one that stands still, which then follows', async () => {
  const { amy, texts, open } = await startTabs(browser, origin);
  const [first, second] = [await open(), await open()];
  await amy.send({ to: 1 }, 'before');
  for (const page of [first, second]) await shown(page, 1);
  let isStill = true;
  // What it is asked before that it may still take, and never answer.
  const stands = first.waitForEvent('console', (said) => said.text() === 'standing still');
  const standing = callPage(first, 'standStill', 20_000).then(() => {
    isStill = false;
  });
  await stands;
  await amy.send({ to: 1 }, 'meanwhile');
  expect(await shown(second, 2)).toEqual(['before', 'meanwhile']);
  await call(second, 'send', { to: 2 }, 'from the second');
  expect(isStill).toBe(true);
  await standing;
  expect(await shown(first, 3)).toEqual(['before', 'meanwhile', 'from the second']);
  await call(first, 'send', { to: 2 }, 'from the first');
  await waitUntil('amy has both', () => texts.length === 2);
  expect(texts).toEqual(['from the second', 'from the first']);
  expect(await shown(second, 3)).toEqual(['before', 'meanwhile', 'from the first']);
  expect(await callPage(first, 'events', 'closed')).toEqual([]);
});

test('a page that is reloaded goes on; one that is put aside gives the lead up, and comes back', async () => {
  const { amy, texts, person, open } = await startTabs(browser, origin);
  const [first, second] = [await open(), await open()];
  await amy.send({ to: 1 }, 'one');
  await shown(second, 1);
  // A page from the back-forward cache is as it was.
  await first.evaluate("dispatchEvent(new Event('pagehide'))");
  await amy.send({ to: 1 }, 'two');
  expect(await shown(second, 2)).toEqual(['one', 'two']);
  await first.evaluate("dispatchEvent(new Event('pageshow'))");
  expect(await shown(first, 2)).toEqual(['one', 'two']);
  await call(first, 'send', { to: 2 }, 'back again');
  await waitUntil('amy has it', () => texts.includes('back again'));
  await second.reload();
  await callPage(second, 'open', person);
  await amy.send({ to: 1 }, 'three');
  expect(await shown(second, 1)).toEqual(['three']);
  expect(await shown(first, 3)).toEqual(['one', 'two', 'three']);
  expect(await call(second, 'stored', { limit: 10 })).toMatchObject({
    messages: [{ text: 'one' }, { text: 'two' }, { text: 'back again' }, { text: 'three' }],
  });
});

test('closed in one tab, the others go on; signed out, all are closed and nothing is left', async () => {
  const { amy, open } = await startTabs(browser, origin);
  const [first, second, third] = [await open(), await open(), await open()];
  await call(first, 'close');
  expect(await callPage(first, 'state')).toBe('closed');
  await amy.send({ to: 1 }, 'hi');
  for (const page of [second, third]) expect(await shown(page, 1)).toEqual(['hi']);
  await call(third, 'forget');
  await waitUntil(
    'the second is closed',
    async () => (await callPage(second, 'state')) === 'closed',
  );
  const left = await second.evaluate('indexedDB.databases()');
  expect(left).toEqual([]);
});

test('where the browser keeps nothing a tab is alone, and says so', async () => {
  const { amy, user, open } = await startTabs(browser, origin);
  await user.context.addInitScript(`IDBFactory.prototype.open = () => {
    throw new DOMException('not in private windows', 'SecurityError');
  };`);
  const page = await open();
  await amy.send({ to: 1 }, 'hi');
  expect(await shown(page, 1)).toEqual(['hi']);
  expect(await callPage(page, 'events', 'warning')).toMatchObject([
    { event: { kind: 'state-unusable', message: expect.stringContaining('private windows') } },
  ]);
});

test('back online it connects at once, and shows what came meanwhile', async () => {
  const { amy, user, open } = await startTabs(browser, origin);
  const page = await open();
  const states = async () =>
    ((await callPage(page, 'events', 'state')) as { event: { state: string } }[]).map(
      ({ event }) => event.state,
    );
  await user.context.setOffline(true);
  await waitUntil('it is offline', async () => (await states()).at(-1) === 'reconnecting');
  await amy.send({ to: 1 }, 'meanwhile');
  await user.context.setOffline(false);
  expect(await shown(page, 1)).toEqual(['meanwhile']);
  expect(await states()).toEqual(['connecting', 'ready', 'reconnecting', 'ready']);
});
