/** A device's state and an account's secret, as a real browser keeps them. */
import { beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { BrowserUser, servePages, startChromium } from '../support/chromium.ts';
import { callPage } from '../support/page-calls.ts';
import { waitUntil } from '../support/wait-until.ts';

let browser: Browser;
let origin: string;

beforeAll(async () => {
  browser = await startChromium();
  origin = await servePages();
});

async function user(): Promise<BrowserUser> {
  return BrowserUser.of(browser);
}

const open = (of: BrowserUser) => of.open(`${origin}/storage`);

test('what was saved last is there in the next page, and nothing in the browser of another', async () => {
  const bob = await user();
  const page = await open(bob);
  expect(await callPage(page, 'open', 'bob')).toBe('opened');
  expect(await callPage(page, 'load')).toBeUndefined();
  await callPage(page, 'save', 'one');
  await callPage(page, 'save', 'two');
  await page.reload();
  expect(await callPage(page, 'open', 'bob')).toBe('opened');
  expect(await callPage(page, 'load')).toBe('two');
  const other = await open(await user());
  await callPage(other, 'open', 'bob');
  expect(await callPage(other, 'load')).toBeUndefined();
});

test('one tab has it, until it closes it or is closed in whatever way', async () => {
  const bob = await user();
  const [first, second] = [await open(bob), await open(bob)];
  expect(await callPage(first, 'open', 'bob')).toBe('opened');
  expect(await callPage(second, 'open', 'bob')).toBe('in-use');
  expect(await callPage(second, 'open', 'amy')).toBe('opened');
  await callPage(second, 'close');
  await callPage(first, 'save', 'of the first');
  await first.close();
  await waitUntil(
    'the second has it',
    async () => (await callPage(second, 'open', 'bob')) === 'opened',
  );
  expect(await callPage(second, 'load')).toBe('of the first');
});

test('a tab that was replaced saves nothing any more', async () => {
  const bob = await user();
  const [old, next] = [await open(bob), await open(bob)];
  await callPage(old, 'open', 'bob');
  await callPage(old, 'save', 'before');
  await callPage(next, 'steal', 'bob');
  await waitUntil(
    'the lock is free',
    async () => (await callPage(next, 'open', 'bob')) === 'opened',
  );
  await callPage(next, 'save', 'of the new one');
  await expect(callPage(old, 'save', 'late')).rejects.toThrow(
    'another tab has taken this device over',
  );
  expect(await callPage(next, 'load')).toBe('of the new one');
});

test('where IndexedDB may not be used, or is full, it says so', async () => {
  const bob = await user();
  await bob.context.addInitScript(`
    if (location.hash === '#private') {
      IDBFactory.prototype.open = () => {
        throw new DOMException('not in private windows', 'SecurityError');
      };
    }`);
  const page = await bob.open(`${origin}/storage#private`);
  expect(await callPage(page, 'open', 'bob')).toBe('not in private windows');
  expect(await callPage(page, 'secrets', 'bob')).toEqual({});
  await expect(callPage(page, 'offer', 'bob', 'current', 'secret')).rejects.toThrow('private');
  const full = await open(bob);
  const session = await bob.context.newCDPSession(full);
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 500_000 });
  await callPage(full, 'open', 'bob');
  await callPage(full, 'save', 'little');
  await expect(callPage(full, 'save', 'x'.repeat(1_000_000))).rejects.toThrow('no more room');
  expect(await callPage(full, 'load')).toBe('little');
});

test('a secret is kept once, is replaced by whoever knows it, and lies encrypted', async () => {
  const bob = await user();
  const [page, other] = [await open(bob), await open(bob)];
  const offers = [
    callPage(page, 'offer', 'bob', 'current', 'one'),
    callPage(other, 'offer', 'bob', 'current', 'two'),
  ];
  const [one, two] = await Promise.all(offers);
  expect(one).toBe(two);
  const first = String(one);
  expect(['one', 'two']).toContain(first);
  await page.reload();
  expect(await callPage(page, 'secrets', 'bob')).toEqual({ current: first });
  expect(await callPage(page, 'offer', 'bob', 'next', 'three')).toBe('three');
  expect(await callPage(other, 'offer', 'bob', 'next', 'four')).toBe('three');
  await callPage(other, 'promote', 'bob', 'four');
  expect(await callPage(page, 'secrets', 'bob')).toEqual({ current: first, next: 'three' });
  await callPage(other, 'promote', 'bob', 'three');
  expect(await callPage(page, 'secrets', 'bob')).toEqual({ current: 'three' });
  await callPage(page, 'replace', 'bob', first, 'five');
  expect(await callPage(page, 'secrets', 'bob')).toEqual({ current: 'three' });
  await callPage(page, 'replace', 'bob', 'three', 'a secret of mine');
  expect(await callPage(other, 'secrets', 'bob')).toEqual({ current: 'a secret of mine' });
  const kept = (await callPage(page, 'kept', 'bob')) as { extractable: boolean[]; text: string };
  expect(kept.extractable).toEqual([false]);
  expect(kept.text).toContain('current');
  expect(kept.text).not.toContain('a secret of mine');
});
