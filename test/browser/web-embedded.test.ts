// Goal: an application puts the web chat into its own page, and nobody else does. Method: the packaged
// executable with --auth jwt, a page of the application and one of a stranger, real Chromium.
import { createHmac, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { BrowserUser, startChromium } from '../support/chromium.ts';
import { startDevelopment } from '../support/roles.ts';
import { onTeardown } from '../support/teardown.ts';
import { hopelessMs } from '../support/wait-until.ts';

const secret = randomBytes(32).toString('hex');
let browser: Browser;
let origin: string;
let application: string;
let stranger: string;

beforeAll(async () => {
  [application, stranger] = [await servePage(), await servePage()];
  const jwt = ['--auth', 'jwt', '--jwt-secret', secret];
  const dev = await startDevelopment(['--data', ':memory:', ...jwt, '--web-embed', application]);
  origin = `http://${dev.addresses['route']}`;
  browser = await startChromium();
});

/** A page with the chat in a frame, that gives a token to who asks in the right way. */
async function servePage(): Promise<string> {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/html').end(
      `<!doctype html><title>application</title><script>
        let asked = 0;
        addEventListener('message', ({ source, origin, data }) => {
          if (origin !== chat || data.cim !== 'token-wanted') return;
          asked += 1;
          source.postMessage({ cim: 'token', token }, chat);
        });
        function show(where, given) {
          [chat, token] = [where, given];
          const frame = document.createElement('iframe');
          frame.style = 'width: 900px; height: 600px';
          frame.src = where;
          document.body.append(frame);
        }
        let chat, token;
      </script><body></body>`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTeardown(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function tokenOf(userId: number, name: string): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1_000) + 600;
  const said = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: String(userId), name, exp })}`;
  return `${said}.${createHmac('sha256', secret).update(said).digest('base64url')}`;
}

async function openPage(url: string, expectedErrors?: RegExp): Promise<Page> {
  const user = await BrowserUser.of(browser);
  const page = await user.open(url, expectedErrors && { expectedErrors });
  page.setDefaultTimeout(hopelessMs);
  return page;
}

test('a token in the address lets its user in, and is seen no more', async () => {
  const page = await openPage(`${origin}/#token=${tokenOf(7, 'amy')}`);
  await page.locator('.sidebar-header').getByText('amy').waitFor();
  expect(page.url()).toBe(`${origin}/`);
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }));
  expect(kept).not.toContain('eyJ');
});

test('a page of the application gives it to the frame', async () => {
  const page = await openPage(application);
  await page.evaluate(`show('${origin}', '${tokenOf(8, 'bob')}')`);
  const frame = page.frameLocator('iframe');
  await frame.locator('.sidebar-header').getByText('bob').waitFor();
});

test('a page of a stranger shows nothing', async () => {
  const page = await openPage(stranger, /frame-ancestors|Refused to frame|ERR_BLOCKED|postMessage/);
  const refused = page.waitForEvent('console', (message) => /frame-ancestors/.test(message.text()));
  await page.evaluate(`show('${origin}', '${tokenOf(9, 'cat')}')`);
  await refused;
  expect(await page.evaluate('asked')).toBe(0);
});

test('whoever has no token is told what is missing', async () => {
  const page = await openPage(origin);
  await page.getByText('This page is opened by an application that knows you.').waitFor();
});
