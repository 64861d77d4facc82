/** Tabs of one person in a real browser, against `cim dev` in this process, with somebody to chat with. */
import type { Browser, Page } from 'playwright-core';
import { CimClient } from '../../src/client/sdk/index.ts';
import { nodePlatform } from '../../src/client/sdk/node/node-platform.ts';
import { BrowserUser } from './chromium.ts';
import { startDevInProcess } from './dev-in-process.ts';
import { callPage } from './page-calls.ts';
import { secretOf } from './secret-of.ts';
import { onTeardown } from './teardown.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { waitUntil } from './wait-until.ts';

/** bob (1) has the tabs, with test/browser/pages/chat.ts in them; amy (2) is in Node.js. */
export async function startTabs(browser: Browser, origin: string) {
  const system = await startDevInProcess({
    data: temporaryFolder(),
    auth: 'open',
    'allow-origin': origin,
  });
  const route = `http://127.0.0.1:${system.route.port}`;
  const amy = new CimClient({
    ...{ userId: 2, userName: 'amy', routes: [route], platform: nodePlatform() },
    credentials: { secret: secretOf(2) },
  });
  onTeardown(() => amy.close({ timeoutMs: 0 }));
  const texts: string[] = [];
  amy.on('message', ({ text }) => void texts.push(text));
  await amy.start();
  const user = await BrowserUser.of(browser);
  const person = { userId: 1, userName: 'bob', secret: secretOf(1), route };
  /** A tab that is not open there yet; `name`: another page of test/browser/pages/. */
  const openPage = (name = 'chat') =>
    user.open(`${origin}/${name}`, {
      expectedErrors: /WebSocket connection to|ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED/,
    });
  const open = async () => {
    const page = await openPage();
    await callPage(page, 'open', person);
    return page;
  };
  return { system, amy, texts, user, person, openPage, open };
}

export async function shown(page: Page, count: number): Promise<string[]> {
  return waitUntil(`${count} are shown`, async () => {
    const texts = (await callPage(page, 'shown')) as string[];
    return texts.length >= count ? texts : undefined;
  });
}

/** Calls the client of a tab. */
export const call = (page: Page, name: string, ...given: unknown[]) =>
  callPage(page, 'call', name, ...given);
