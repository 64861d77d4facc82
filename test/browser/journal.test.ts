/** The messages that a browser keeps, and the journal that its tabs read, in a real one. */
import { beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { BrowserUser, servePages, startChromium } from '../support/chromium.ts';
import { callPage } from '../support/page-calls.ts';

let browser: Browser;
let origin: string;

beforeAll(async () => {
  browser = await startChromium();
  origin = await servePages();
});

interface Opened {
  readonly page: Page;
  readonly term: number;
}

async function open(user?: BrowserUser): Promise<Opened> {
  const page = await (user ?? (await BrowserUser.of(browser))).open(`${origin}/journal`);
  return { page, term: Number(await callPage(page, 'open', 'bob')) };
}

let clock = 1_000;

/** From user 2, or as given. */
function message(sendSeq: number, text: string, given: object = {}) {
  clock += 1;
  const [from, fromName, to] = [2, 'amy', 1];
  const id = `2.00112233445566aa.1.${sendSeq}`;
  const event = { id, from, fromName, to, text, seq: sendSeq, at: clock, ...given };
  return { name: 'message', event };
}

function change(name: string, sendSeq: number, given: object = {}) {
  const { event } = message(sendSeq, '');
  const { text: _text, seq: _seq, ...doing } = event;
  return { name, event: { ...doing, ...given } };
}

const append = ({ page, term }: Opened, ...happened: object[]) =>
  callPage(page, 'append', term, ...happened);

async function texts({ page }: Opened, query: object = {}): Promise<string[]> {
  const stored = await callPage(page, 'stored', { limit: 100, ...query });
  return (stored as { messages: { text: string }[] }).messages.map(({ text }) => text);
}

test('messages are kept as they are now, and what was retracted is nowhere', async () => {
  const bob = await open();
  await append(
    bob,
    message(1, 'the first words'),
    message(2, 'a secret plan'),
    message(3, 'third'),
  );
  await append(bob, change('edited', 1, { text: 'other words' }));
  await append(bob, change('edited', 2, { text: 'a hidden plan' }));
  await append(bob, change('retracted', 2), change('reactions', 3, { emoji: ['👍'] }));
  await append(bob, change('edited', 9, { text: 'of one that is not kept' }));
  const stored = await callPage(bob.page, 'stored', { limit: 10 });
  expect(stored).toMatchObject({
    next: null,
    messages: [
      { text: 'other words', edited: expect.any(Number) },
      { text: '', retracted: true },
      { text: 'third', reactions: [{ from: 2, emoji: ['👍'] }] },
    ],
  });
  expect(await callPage(bob.page, 'words')).toEqual(['other', 'third', 'words']);
  const all = String(await callPage(bob.page, 'all'));
  for (const gone of ['secret', 'hidden', 'plan']) expect(all).not.toContain(gone);
});

test('what comes twice is there once, for the tabs as well', async () => {
  const bob = await open();
  const [first, edit] = [message(1, 'one'), change('edited', 1, { text: 'ONE' })];
  await append(bob, first, edit, first, edit, change('retracted', 1), edit, change('retracted', 1));
  const { entries, isBehind } = (await callPage(bob.page, 'after', 0)) as {
    entries: { order: number; happened: { name: string } }[];
    isBehind: boolean;
  };
  expect(isBehind).toBe(false);
  expect(entries.map(({ order }) => order)).toEqual([1, 2, 3]);
  expect(entries.map(({ happened }) => happened.name)).toEqual([
    'message',
    'retracted',
    'retracted',
  ]);
  expect(await callPage(bob.page, 'head')).toBe(3);
});

test('a tab whose term is over appends nothing, neither here nor there', async () => {
  const user = await BrowserUser.of(browser);
  const old = await open(user);
  await append(old, message(1, 'of the old one'));
  const next = await open(user);
  await append(next, message(2, 'of the new one'));
  await expect(append(old, message(3, 'late'))).rejects.toThrow('has taken this device over');
  expect(await texts(next)).toEqual(['of the old one', 'of the new one']);
  expect(await callPage(next.page, 'head')).toBe(2);
});

test('pages of a conversation, from the newest back', async () => {
  const bob = await open();
  const own = { from: 1, fromName: 'bob', to: 2, id: '1.00112233445566aa.2.1' };
  const group = { to: undefined, group: 'team', id: '2.00112233445566aa.#team.1' };
  await append(bob, ...[1, 2, 3].map((number) => message(number, `message ${number}`)));
  await append(bob, message(0, 'an answer', own), message(0, 'to all', group));
  const first = await callPage(bob.page, 'stored', { with: { to: 2 }, limit: 2 });
  expect(first).toMatchObject({ messages: [{ text: 'message 3' }, { text: 'an answer' }] });
  const { next } = first as { next: string };
  expect(await texts(bob, { with: { to: 2 }, before: next })).toEqual(['message 1', 'message 2']);
  expect(await texts(bob, { with: { group: 'team' } })).toEqual(['to all']);
  expect(await texts(bob, { limit: 2 })).toEqual(['an answer', 'to all']);
});

test('what is sought is found whatever its case and accents, in scripts without spaces, too', async () => {
  const bob = await open();
  await append(
    bob,
    message(1, 'Crème brûlée for all'),
    message(2, '我们今天去看电影'),
    message(3, 'no creme here, only brûle'),
    message(4, 'C++ and 100%', { to: undefined, group: 'team', id: '2.00112233445566aa.#team.2' }),
  );
  expect(await texts(bob, { keyword: 'CREME' })).toHaveLength(2);
  expect(await texts(bob, { keyword: 'creme BRU' })).toEqual(['Crème brûlée for all']);
  expect(await texts(bob, { keyword: '看电影' })).toEqual(['我们今天去看电影']);
  expect(await texts(bob, { keyword: '影' })).toHaveLength(1);
  expect(await texts(bob, { keyword: '电看' })).toEqual([]);
  expect(await texts(bob, { keyword: '++' })).toEqual(['C++ and 100%']);
  expect(await texts(bob, { keyword: 'and', with: { to: 2 } })).toEqual([]);
  expect(await texts(bob, { keyword: 'creme', limit: 1 })).toEqual(['no creme here, only brûle']);
});

test('beyond the bounds the oldest go first; whoever has missed what is gone is told', async () => {
  const user = await BrowserUser.of(browser);
  const page = await user.open(`${origin}/small-journal`);
  const bob = { page, term: Number(await callPage(page, 'open', 'bob')) };
  await append(bob, ...Array.from({ length: 15 }, (_, at) => message(at + 1, `message ${at + 1}`)));
  const kept = await texts(bob);
  expect(kept).toEqual(Array.from({ length: 10 }, (_, at) => `message ${at + 6}`));
  expect(await callPage(page, 'after', 3)).toMatchObject({ isBehind: true });
  expect(await callPage(page, 'after', 11)).toMatchObject({ isBehind: false });
  await append(bob, message(16, 'x'.repeat(4_000)));
  const [oldest, ...rest] = await texts(bob);
  expect([oldest, rest.length]).toEqual(['message 13', 3]);
});
