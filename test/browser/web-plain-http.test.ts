// Goal: who opens the page over plain http, where a browser gives no WebCrypto, is told what to do about it.
import { expect, test } from '@jest/globals';
import { asPlainHttp, BrowserUser, startChromium } from '../support/chromium.ts';
import { startDevelopment } from '../support/roles.ts';

test('it says that it has to be opened on https', async () => {
  const dev = await startDevelopment(['--data', ':memory:', '--allow-host', 'plain.test']);
  const user = await BrowserUser.of(await startChromium());
  const page = await user.open(asPlainHttp(`http://${dev.addresses['route']}`), {
    expectedErrors: /Cross-Origin-Opener-Policy/,
  });
  await page.getByLabel('Your name').fill('Amy');
  await page.getByRole('button', { name: 'Start chatting' }).click();
  const told = page.getByText('for pages on https');
  await told.waitFor();
  expect(await told.textContent()).toContain('localhost');
});
