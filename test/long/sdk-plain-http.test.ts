/** The SDK's promises in a page of plain http, where a browser gives no WebCrypto: it is brought in, or missed. */
import { beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import type { ClientEvents, Message } from '../../src/client/sdk/index.ts';
import { describeSdk } from '../contract/sdk.ts';
import { asPlainHttp, BrowserUser, servePages, startChromium } from '../support/chromium.ts';
import { callPage } from '../support/page-calls.ts';
import { secretOf } from '../support/secret-of.ts';

let browser: Browser;
let user: BrowserUser;
let origin: string;

beforeAll(async () => {
  browser = await startChromium();
  origin = asPlainHttp(await servePages());
});

beforeEach(async () => {
  user = await BrowserUser.of(browser);
});

describeSdk({
  listener: 'ws',
  origin: () => origin,
  async open(options) {
    // What it is cut off from it complains of.
    const page = await user.open(`${origin}/plain-devices`, { expectedErrors: /WebSocket|ERR_/ });
    const number = await callPage(page, 'open', options);
    return {
      call: (method, ...given) => callPage(page, 'call', number, method, ...given),
      shown: async () => (await callPage(page, 'shown', number)) as Message[],
      gaps: async () => (await callPage(page, 'gaps', number)) as ClientEvents['gap'][],
      offlineCount: async () => (await callPage(page, 'offlineCount', number)) as number,
    };
  },
});

test('without it a client with a secret ends, and says why', async () => {
  const page = await user.open(`${origin}/devices`);
  expect(await page.evaluate('[isSecureContext, typeof crypto.subtle]')).toEqual([
    false,
    'undefined',
  ]);
  const options = { userId: 1, userName: 'bob', secret: secretOf(1), e2ee: 'off', port: 1 };
  await expect(
    callPage(page, 'open', { ...options, routes: ['http://127.0.0.1:1'] }),
  ).rejects.toThrow(/no WebCrypto here/);
});
