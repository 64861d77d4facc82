// Goal: a browser gets the files of the page once, as they are, and nothing else of it gets in the way of
// the endpoints beside them.
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import type { WebFile } from '../../../src/http/web-files.ts';
import { testApp } from './test-app.ts';

const script = 'console.log("hi")';
const file = (changes: Partial<WebFile> = {}): WebFile => ({
  path: '/web/app-4KJ2.js',
  type: 'text/javascript; charset=utf-8',
  gzip: gzipSync(script),
  isImmutable: true,
  ...changes,
});

function appWith(...webFiles: WebFile[]) {
  return testApp({ webFiles }).app;
}

const get = (app: ReturnType<typeof appWith>, headers: Record<string, string> = {}) =>
  app.inject({ url: '/web/app-4KJ2.js', headers });

describe('a file', () => {
  test.each(['gzip', 'br, gzip;q=0.8', 'GZIP', 'deflate, gzip'])(
    'comes compressed to who takes it: %j',
    async (encoding) => {
      const answer = await get(appWith(file()), { 'accept-encoding': encoding });
      expect(answer.headers).toMatchObject({
        'content-encoding': 'gzip',
        'content-type': 'text/javascript; charset=utf-8',
        'cache-control': 'public, max-age=31536000, immutable',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-resource-policy': 'same-origin',
        vary: 'accept-encoding',
      });
      expect(gunzipSync(answer.rawPayload).toString()).toBe(script);
    },
  );

  test.each(['', 'br', 'gzip;q=0', 'gzip; q=0.0', 'xgzip'])(
    'comes as it is to who does not: %j',
    async (encoding) => {
      const answer = await get(appWith(file()), { 'accept-encoding': encoding });
      expect(answer.headers['content-encoding']).toBeUndefined();
      expect(answer.body).toBe(script);
    },
  );

  test('comes once: who has it is told so, in its own form', async () => {
    const app = appWith(file({ isImmutable: false }));
    const plain = await get(app);
    const packed = await get(app, { 'accept-encoding': 'gzip' });
    expect(plain.headers['cache-control']).toBe('no-cache');
    expect(plain.headers.etag).not.toBe(packed.headers.etag);
    const known = { 'if-none-match': `"x", W/${plain.headers.etag}` };
    expect(await get(app, known)).toMatchObject({ statusCode: 304, body: '' });
    expect((await get(app, { ...known, 'accept-encoding': 'gzip' })).statusCode).toBe(200);
  });

  test('has another name for what is in it when that changes', async () => {
    const other = file({ gzip: gzipSync('console.log("ho")') });
    const tags = await Promise.all([file(), other].map(async (each) => get(appWith(each))));
    expect(tags[0]?.headers.etag).not.toBe(tags[1]?.headers.etag);
  });

  test('says what it is told to at each request', async () => {
    let asked = 0;
    const headers = () => ({ 'x-asked': String(++asked) });
    const app = appWith(file({ headers }));
    expect((await get(app)).headers['x-asked']).toBe('1');
    expect((await get(app)).headers['x-asked']).toBe('2');
  });

  test('can be asked for, and nothing else', async () => {
    const app = appWith(file());
    expect((await app.inject({ method: 'HEAD', url: '/web/app-4KJ2.js' })).body).toBe('');
    const posted = await app.inject({ method: 'POST', url: '/web/app-4KJ2.js' });
    expect(posted.statusCode).toBe(405);
    expect(posted.headers['allow']).toBe('GET, HEAD');
    for (const url of ['/web/', '/web/app-4KJ2.js/', '/web/../web/other.js', '/'])
      expect((await app.inject({ url })).statusCode).toBe(404);
  });

  test('is no endpoint of the documentation', async () => {
    const { paths } = (await appWith(file()).inject({ url: '/openapi.json' })).json();
    expect(Object.keys(paths).filter((path) => path.startsWith('/web'))).toEqual([]);
  });

  test('is not for pages of others', async () => {
    expect((await get(appWith(file()), { origin: 'https://evil.example' })).statusCode).toBe(403);
  });
});
