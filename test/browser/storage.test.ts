/** A device's state and an account's secret, as a real browser keeps them. */
import { beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { BrowserUser, servePages, startChromium } from '../support/chromium.ts';
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

/** Calls what the page offers (test/browser/pages/storage.ts). */
function call(page: Page, name: string, ...given: (string | undefined)[]): Promise<unknown> {
  return page.evaluate(
    ([name, given]) => {
      const offered = (globalThis as unknown as { page: Record<string, CallableFunction> }).page;
      return offered[name]?.(...given);
    },
    [name, given] as const,
  );
}

test('what was saved last is there in the next page, and nothing in the browser of another', async () => {
  const bob = await user();
  const page = await open(bob);
  expect(await call(page, 'open', 'bob')).toBe('opened');
  expect(await call(page, 'load')).toBeUndefined();
  await call(page, 'save', 'one');
  await call(page, 'save', 'two');
  await page.reload();
  expect(await call(page, 'open', 'bob')).toBe('opened');
  expect(await call(page, 'load')).toBe('two');
  const other = await open(await user());
  await call(other, 'open', 'bob');
  expect(await call(other, 'load')).toBeUndefined();
});

test('one tab has it, until it closes it or is closed in whatever way', async () => {
  const bob = await user();
  const [first, second] = [await open(bob), await open(bob)];
  expect(await call(first, 'open', 'bob')).toBe('opened');
  expect(await call(second, 'open', 'bob')).toBe('in-use');
  expect(await call(second, 'open', 'amy')).toBe('opened');
  await call(second, 'close');
  await call(first, 'save', 'of the first');
  await first.close();
  await waitUntil(
    'the second has it',
    async () => (await call(second, 'open', 'bob')) === 'opened',
  );
  expect(await call(second, 'load')).toBe('of the first');
});

test('a tab that was replaced saves nothing any more', async () => {
  const bob = await user();
  const [old, next] = [await open(bob), await open(bob)];
  await call(old, 'open', 'bob');
  await call(old, 'save', 'before');
  await call(next, 'steal', 'bob');
  await waitUntil('the lock is free', async () => (await call(next, 'open', 'bob')) === 'opened');
  await call(next, 'save', 'of the new one');
  await expect(call(old, 'save', 'late')).rejects.toThrow('another tab has taken this device over');
  expect(await call(next, 'load')).toBe('of the new one');
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
  expect(await call(page, 'open', 'bob')).toBe('not in private windows');
  expect(await call(page, 'secrets', 'bob')).toEqual({});
  await expect(call(page, 'offer', 'bob', 'current', 'secret')).rejects.toThrow('private');
  const full = await open(bob);
  const session = await bob.context.newCDPSession(full);
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 500_000 });
  await call(full, 'open', 'bob');
  await call(full, 'save', 'little');
  await expect(call(full, 'save', 'x'.repeat(1_000_000))).rejects.toThrow('no more room');
  expect(await call(full, 'load')).toBe('little');
});

test('a secret is kept once, is replaced by whoever knows it, and lies encrypted', async () => {
  const bob = await user();
  const [page, other] = [await open(bob), await open(bob)];
  const offers = [
    call(page, 'offer', 'bob', 'current', 'one'),
    call(other, 'offer', 'bob', 'current', 'two'),
  ];
  const [one, two] = await Promise.all(offers);
  expect(one).toBe(two);
  const first = String(one);
  expect(['one', 'two']).toContain(first);
  await page.reload();
  expect(await call(page, 'secrets', 'bob')).toEqual({ current: first });
  expect(await call(page, 'offer', 'bob', 'next', 'three')).toBe('three');
  expect(await call(other, 'offer', 'bob', 'next', 'four')).toBe('three');
  await call(other, 'promote', 'bob', 'four');
  expect(await call(page, 'secrets', 'bob')).toEqual({ current: first, next: 'three' });
  await call(other, 'promote', 'bob', 'three');
  expect(await call(page, 'secrets', 'bob')).toEqual({ current: 'three' });
  await call(page, 'replace', 'bob', first, 'five');
  expect(await call(page, 'secrets', 'bob')).toEqual({ current: 'three' });
  await call(page, 'replace', 'bob', 'three', 'a secret of mine');
  expect(await call(other, 'secrets', 'bob')).toEqual({ current: 'a secret of mine' });
  const kept = (await call(page, 'kept', 'bob')) as { extractable: boolean[]; text: string };
  expect(kept.extractable).toEqual([false]);
  expect(kept.text).toContain('current');
  expect(kept.text).not.toContain('a secret of mine');
});
