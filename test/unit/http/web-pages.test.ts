// Goal: no page of others gets anything from a port, by its origin or by a name that it rebinds, and
// every other program is served as ever. Method: requests as browsers and others send them.
import { describe, expect, test } from '@jest/globals';
import {
  refusalOfWebSocket,
  type WebPageSettings,
  webPageRulesOf,
} from '../../../src/http/web-pages.ts';
import { testApp } from './test-app.ts';

const everywhere = { host: '0.0.0.0' };
const onLoopback = { host: '127.0.0.1' };

function appWith(settings: WebPageSettings, isOpen = false) {
  return testApp({ webPages: webPageRulesOf(settings, { isOpen }) }).app;
}

async function statusOf(
  settings: WebPageSettings & { readonly isOpen?: boolean },
  headers: Record<string, string>,
  url = '/healthz',
): Promise<number> {
  const app = appWith(settings, settings.isOpen);
  return (await app.inject({ url, headers: { host: '10.0.0.5:8083', ...headers } })).statusCode;
}

describe('a page’s origin', () => {
  test.each([
    'https://evil.example',
    'http://10.0.0.5:8084',
    'http://10.0.0.5',
    'http://localhost:3000',
    'http://10.0.0.5:8083.evil.example',
    'http://evil.example/10.0.0.5:8083',
    'chrome-extension://10.0.0.5:8083',
    'https://chat.example.org.evil.example',
    'https://chat.example.org:8443',
    'null',
    '',
  ])('%j is foreign', async (origin) => {
    const settings = { ...everywhere, allowOrigin: ['https://chat.example.org'] };
    for (const url of ['/healthz', '/readyz', '/openapi.json', '/no-such-path'])
      expect([url, await statusOf(settings, { origin }, url)]).toEqual([url, 403]);
  });

  test.each(['http://10.0.0.5:8083', 'https://10.0.0.5:8083'])(
    '%s is the port’s own',
    async (origin) => {
      expect(await statusOf(everywhere, { origin })).toBe(200);
    },
  );

  test('says why, and what to do', async () => {
    const headers = { host: '10.0.0.5', origin: 'https://evil.example' };
    const answer = await appWith(everywhere).inject({ url: '/healthz', headers });
    expect(answer.json().message).toMatch(/^Origin: "https:\/\/evil\.example" .*--allow-origin/);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  });

  test('is refused before a body is read, and before a caller is counted', async () => {
    const headers = { origin: 'https://evil.example', 'content-type': 'application/json' };
    const answer = await appWith(everywhere).inject({
      method: 'POST',
      url: '/echo',
      headers,
      body: '{',
    });
    expect(answer.statusCode).toBe(403);
  });

  test('that is allowed may call, and is told so', async () => {
    const origin = 'https://chat.example.org';
    const app = appWith({ ...everywhere, allowOrigin: [origin] });
    const asked = await app.inject({
      method: 'OPTIONS',
      url: '/echo',
      headers: {
        host: '10.0.0.5',
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    });
    expect([asked.statusCode, asked.headers['access-control-allow-origin']]).toEqual([204, origin]);
    expect(asked.headers['access-control-allow-headers']).toMatch(/authorization/);
    const answer = await app.inject({ url: '/healthz', headers: { host: '10.0.0.5', origin } });
    expect([answer.statusCode, answer.headers['access-control-allow-origin']]).toEqual([
      200,
      origin,
    ]);
    expect(answer.headers['vary']).toMatch(/origin/i);
  });
});

describe('the name under which a port is called', () => {
  const known = { ...onLoopback, advertise: 'CIM.example.org', allowHost: ['chat.example.org'] };

  test.each([
    'localhost',
    'LocalHost:8083',
    'localhost.',
    '127.0.0.1:8083',
    '10.0.0.5',
    '[::1]:8083',
    '[::ffff:127.0.0.1]',
    'cim.example.org:8083',
    'chat.example.org',
    'CHAT.example.org:80',
  ])('%s is one of its own', async (host) => {
    expect(await statusOf(known, { host })).toBe(200);
  });

  test.each([
    'evil.example',
    'evil.example:8083',
    'localhost.evil.example',
    'evil.localhost',
    '127.0.0.1.evil.example',
    '127.0.0.1@evil.example',
    'evil.example@127.0.0.1',
    'localhost:8083:evil.example',
    'localhost, evil.example',
    '[evil.example]',
    '127.1',
  ])('%j is not', async (host) => {
    for (const url of ['/healthz', '/openapi.json', '/no-such-path'])
      expect([url, await statusOf(known, { host }, url)]).toEqual([url, 403]);
  });

  test('is no way in for the page of that name', async () => {
    const headers = { host: 'evil.example:8083', origin: 'http://evil.example:8083' };
    expect(await statusOf(onLoopback, headers)).toBe(403);
  });

  test.each([
    [{ host: '127.0.0.1' }, 403],
    [{ host: '127.8.8.8' }, 403],
    [{ host: '::1' }, 403],
    [{ host: 'localhost' }, 403],
    [{ host: '0.0.0.0', isOpen: true }, 403],
    [{ host: '0.0.0.0' }, 200],
    [{ host: '10.0.0.5' }, 200],
  ])('is looked at where it matters: %j', async (settings, status) => {
    expect(await statusOf(settings, { host: 'evil.example' })).toBe(status);
  });
});

describe('a WebSocket is opened to', () => {
  const allowOrigin = ['https://chat.example.org'];
  const refusal = (
    host: string,
    origin?: string,
    settings: WebPageSettings = everywhere,
    isFromHere = false,
  ) => {
    const rules = webPageRulesOf({ ...settings, allowOrigin }, { isOpen: false });
    return refusalOfWebSocket({ host, ...(origin !== undefined && { origin }) }, rules, isFromHere);
  };

  test.each([
    ['10.0.0.5:8082', undefined],
    ['10.0.0.5:8082', 'http://10.0.0.5:8083'],
    ['10.0.0.5', 'https://10.0.0.5'],
    ['[fd00::1]:8082', 'http://[fd00::1]:8083'],
    ['Chat.example.net', 'https://chat.example.net'],
    ['127.0.0.1:8082', 'http://localhost:8083'],
    ['[::1]:8082', 'http://127.0.0.1:8083'],
    ['10.0.0.5:8082', 'https://chat.example.org'],
  ])('%s asked from %s', (host, origin) => {
    expect(refusal(host, origin)).toBeUndefined();
  });

  test.each([
    ['10.0.0.5:8082', 'http://10.0.0.6:8082'],
    ['10.0.0.5:8082', 'http://10.0.0.5.evil.example'],
    ['10.0.0.5:8082', 'http://evil.example/10.0.0.5'],
    ['10.0.0.5:8082', 'null'],
    ['10.0.0.5:8082', ''],
    ['10.0.0.5:8082', 'chrome-extension://10.0.0.5'],
    ['10.0.0.5:8082', 'http://localhost:8083'],
    ['127.0.0.1:8082', 'http://127.0.0.1.evil.example'],
    ['10.0.0.5:8082', 'https://chat.example.org:8443'],
  ])('but not %s asked from %s', (host, origin) => {
    expect(refusal(host, origin)).toMatch(/^Origin: .*--allow-origin/);
  });

  test.each(['http://127.0.0.1:8083', 'http://localhost:8083', 'http://[::1]:8083'])(
    'a page at %s of this machine, by whatever address',
    (origin) => {
      for (const host of ['10.0.0.5:8082', 'chat.example.net:8082', '[fd00::1]:8082'])
        expect(refusal(host, origin, everywhere, true)).toBeUndefined();
    },
  );

  test.each([
    'http://10.0.0.6:8083',
    'https://evil.example',
    'http://localhost.evil.example',
    'null',
  ])('but not %s in a browser of this machine', (origin) => {
    expect(refusal('10.0.0.5:8082', origin, everywhere, true)).toMatch(/--allow-origin/);
    expect(refusal('evil.example', 'http://localhost', onLoopback, true)).toMatch(/--allow-host/);
  });

  test('no page that has rebound its name to this machine', () => {
    expect(refusal('evil.example', 'http://evil.example', onLoopback)).toMatch(/--allow-host/);
    expect(refusal('localhost:8082', 'http://localhost:8083', onLoopback)).toBeUndefined();
  });
});
