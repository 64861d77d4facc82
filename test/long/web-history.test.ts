// Goal: a conversation of ten thousand messages scrolls like a short one: older messages come without a jump,
// and few of all are drawn. Method: the packaged executable, real Chromium.
import { beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { CimClient } from '../../src/client/sdk/index.ts';
import { nodePlatform } from '../../src/client/sdk/node/node-platform.ts';
import { parseSignInCode } from '../../src/web/model/sign-in-code.ts';
import { startChromium } from '../support/chromium.ts';
import { startDevelopment } from '../support/roles.ts';
import { secretOf } from '../support/secret-of.ts';
import { onTeardown } from '../support/teardown.ts';
import { WebPerson } from '../support/web-person.ts';

const total = 10_000;
const togetherMax = 500;
/** Elements of the whole page, however long the conversation is. */
const elementsMax = 8_000;
/** Messages that are drawn: of some screens. */
const drawnMax = 400;

let browser: Browser;
let amy: WebPerson;

beforeAll(async () => {
  const dev = await startDevelopment(['--data', ':memory:', '--send-rate', '1000000']);
  const origin = `http://${dev.addresses['route']}`;
  browser = await startChromium();
  const before = await WebPerson.signUp(browser, origin, 'Amy who reads');
  await before.page.close();
  const secret = parseSignInCode(before.code)?.secret ?? '';
  // Somebody away has room for some unread ones only.
  const reader = await client(origin, before, secret);
  reader.on('message', () => {});
  const cat = await client(origin, { userId: 5, name: 'cat who writes' });
  for (let sent = 0; sent < total; sent += togetherMax)
    await Promise.all(
      Array.from({ length: togetherMax }, (_, index) =>
        cat.send({ to: before.userId }, textOf(sent + index + 1)),
      ),
    );
  amy = await before.signInElsewhere(browser);
  await amy.openConversation('cat who writes');
  await amy.sees(`message ${total},`);
});

/** Somebody at a terminal, as it were. */
async function client(
  origin: string,
  { userId, name }: Pick<WebPerson, 'userId' | 'name'>,
  secret = secretOf(userId),
): Promise<CimClient> {
  const started = new CimClient({
    ...{ userId, userName: name, routes: [origin], platform: nodePlatform() },
    ...{ credentials: { secret }, e2ee: 'off' },
  });
  onTeardown(() => started.close({ timeoutMs: 0 }));
  await started.start();
  return started;
}

/** Of different heights. */
function textOf(number: number): string {
  return `message ${number}, ${'and so on '.repeat((number * 7) % 40)}`;
}

test('from the end to the beginning nothing jumps, and few messages are drawn at any time', async () => {
  const { page } = amy;
  const beginning = page.getByText('This is where it begins.');
  const moves: number[] = [];
  let most = { elements: 0, drawn: 0 };
  // What is loaded before anybody scrolls is there.
  await page.locator('.page').nth(1).waitFor({ state: 'attached' });
  const asked = await holdHistory(page);
  while ((await beginning.count()) === 0) {
    await page.locator('.timeline').evaluate((timeline) => timeline.scrollTo(0, 300));
    const answer = await asked();
    const before = await page.evaluate(readHere);
    const pages = await page.locator('.page').count();
    answer();
    await page.waitForFunction((pages) => document.querySelectorAll('.page').length > pages, pages);
    moves.push(Math.abs((await page.evaluate(paintedTopOf, before.id)) - before.top));
    const now = await page.evaluate(countsOf);
    most = {
      elements: Math.max(most.elements, now.elements),
      drawn: Math.max(most.drawn, now.drawn),
    };
  }
  await page.unroute(historyUrl);
  expect(moves.length).toBeGreaterThan(total / 200);
  expect(Math.max(...moves)).toBeLessThanOrEqual(2);
  expect(most.drawn).toBeLessThan(drawnMax);
  expect(most.elements).toBeLessThan(elementsMax);
  await page.locator('.timeline').evaluate((timeline) => timeline.scrollTo(0, 0));
  await amy.sees('message 1,');
});

test('what comes while somebody reads above moves nothing; a click leads to the end', async () => {
  const { page } = amy;
  const { id, top } = await page.evaluate(readHere);
  const dog = await client(new URL(page.url()).origin, { userId: 6, name: 'dog' });
  await dog.send({ to: amy.userId }, 'from somebody else');
  await amy.row('from somebody else').waitFor();
  expect(Math.abs((await page.evaluate(paintedTopOf, id)) - top)).toBeLessThanOrEqual(2);
  await page.getByRole('button', { name: 'To the newest message' }).click();
  await amy.sees(`message ${total},`);
  await endIsSeen(page);
});

/** At the end of the timeline, and still there when all that is near is drawn. */
async function endIsSeen(page: Page): Promise<void> {
  await page.waitForFunction((last) => {
    const timeline = document.querySelector('.timeline');
    const message = [...document.querySelectorAll('[data-message]')].at(-1);
    if (!timeline || !message?.textContent?.includes(last)) return false;
    return message.getBoundingClientRect().bottom <= timeline.getBoundingClientRect().bottom;
  }, `message ${total},`);
}

/** In the page. */
function countsOf(): { readonly elements: number; readonly drawn: number } {
  return {
    elements: document.querySelectorAll('*').length,
    drawn: document.querySelectorAll('[data-message]').length,
  };
}

const historyUrl = /\/history$/;

/** Each older page waits for the test: resolves with what lets it come. */
async function holdHistory(page: Page): Promise<() => Promise<() => void>> {
  const held: (() => void)[] = [];
  let tell: (() => void) | undefined;
  await page.route(historyUrl, async (route) => {
    await new Promise<void>((resolve) => {
      held.push(resolve);
      tell?.();
    });
    await route.continue();
  });
  return async () => {
    if (held.length === 0)
      await new Promise<void>((resolve) => {
        tell = resolve;
      });
    return held.shift() ?? (() => {});
  };
}

/** In the page: the first message that is seen, and where it is painted. */
async function readHere(): Promise<{ readonly id: string; readonly top: number }> {
  const timeline = document.querySelector('.timeline');
  const edge = timeline?.getBoundingClientRect().top ?? 0;
  for (;;) {
    const messages = [...document.querySelectorAll<HTMLElement>('[data-message]')];
    const here = messages.find((each) => {
      const { top, bottom } = each.getBoundingClientRect();
      return bottom > edge && top < innerHeight;
    });
    await new Promise(requestAnimationFrame);
    const painted =
      here &&
      (await new Promise<DOMRect>((resolve) => {
        const observer = new IntersectionObserver(([entry]) => {
          observer.disconnect();
          if (entry) resolve(entry.boundingClientRect as DOMRect);
        });
        observer.observe(here);
      }));
    const id = here?.dataset['message'];
    if (id !== undefined && painted && painted.bottom > edge && here?.isConnected)
      return { id, top: painted.top };
  }
}

/** In the page: as somebody sees it, when all that changes with what was changed has changed. */
async function paintedTopOf(id: string): Promise<number> {
  const element = document.querySelector(`[data-message="${CSS.escape(id)}"]`);
  if (!element) return Infinity;
  return new Promise((resolve) => {
    const observer = new IntersectionObserver(([entry]) => {
      observer.disconnect();
      if (entry) resolve(entry.boundingClientRect.top);
    });
    observer.observe(element);
  });
}
