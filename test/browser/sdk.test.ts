/** The SDK's promises over WebSocket in a real browser: each device in a tab of its own. */
import { beforeAll, beforeEach } from '@jest/globals';
import type { Browser } from 'playwright-core';
import type { ClientEvents, Message } from '../../src/client/sdk/index.ts';
import { describeSdk } from '../contract/sdk.ts';
import { BrowserUser, servePages, startChromium } from '../support/chromium.ts';
import { callPage } from '../support/page-calls.ts';

let browser: Browser;
let user: BrowserUser;
let origin: string;

beforeAll(async () => {
  browser = await startChromium();
  origin = await servePages();
});

beforeEach(async () => {
  user = await BrowserUser.of(browser);
});

describeSdk({
  listener: 'ws',
  origin: () => origin,
  async open(options) {
    // What it is cut off from it complains of.
    const page = await user.open(`${origin}/devices`, { expectedErrors: /WebSocket|ERR_/ });
    const number = await callPage(page, 'open', options);
    return {
      call: (method, ...given) => callPage(page, 'call', number, method, ...given),
      shown: async () => (await callPage(page, 'shown', number)) as Message[],
      gaps: async () => (await callPage(page, 'gaps', number)) as ClientEvents['gap'][],
      offlineCount: async () => (await callPage(page, 'offlineCount', number)) as number,
    };
  },
});
