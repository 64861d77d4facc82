import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { describeError } from '../../../src/base/errors.ts';
import { limits } from '../../../src/base/limits.ts';
import { requestJson } from '../../../src/http/client.ts';
import { freePort } from '../../support/free-port.ts';
import { onTeardown } from '../../support/teardown.ts';
import { testApp } from './test-app.ts';

const timeoutMs = 5_000;

/** Something that speaks HTTP, and is not cim. */
async function stranger(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTeardown(() => server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function start(): Promise<string> {
  const { port } = await testApp().app.listen({ host: '127.0.0.1', port: 0 });
  return `http://127.0.0.1:${port}`;
}

describe('a call', () => {
  test('resolves to the dataBody', async () => {
    const origin = await start();
    expect(await requestJson(`${origin}/healthz`, { method: 'GET', timeoutMs })).toEqual({
      version: '9.9.9',
    });
    const body = { id: 1, text: 'hällo' };
    expect(await requestJson(`${origin}/echo`, { method: 'POST', body, timeoutMs })).toEqual(body);
  });

  test.each([
    ['busy', 503],
    ['account-mismatch', 200],
    ['too-long', 400],
  ])('rejects with the error that the answer tells of: %s, HTTP %i', async (kind) => {
    const origin = await start();
    const answer = requestJson(`${origin}/fail`, { method: 'POST', body: { kind }, timeoutMs });
    await expect(answer).rejects.toMatchObject({ kind, message: 'what happened' });
  });

  test('carries the headers given', async () => {
    const origin = await stranger(({ headers }, response) => {
      response.end(JSON.stringify({ code: '9000', dataBody: headers['x-cim-version'] }));
    });
    const headers = { 'x-cim-version': '1' };
    expect(await requestJson(origin, { method: 'GET', headers, timeoutMs })).toBe('1');
  });
});

describe('a call rejects with unavailable, naming the URL', () => {
  test('when nobody listens', async () => {
    const url = `http://127.0.0.1:${await freePort()}/login`;
    const answer = requestJson(`${url}?key=1`, { method: 'GET', timeoutMs });
    await expect(answer).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining(`no answer from ${url}: `),
    });
  });

  test('when it does not speak TLS, in words', async () => {
    const url = (await stranger((_, response) => response.end())).replace('http:', 'https:');
    const answer = requestJson(url, { method: 'GET', timeoutMs });
    const failure = await answer.catch((error: unknown) => error);
    expect(describeError(failure)).toBe(`no answer from ${url}/: it does not speak TLS`);
  });

  test('but not a password in it', async () => {
    const port = await freePort();
    const answer = requestJson(`http://me:hunter2@127.0.0.1:${port}/`, {
      method: 'GET',
      timeoutMs,
    });
    await expect(answer).rejects.toMatchObject({
      message: expect.not.stringContaining('hunter2'),
    });
  });

  test('when the answer does not end', async () => {
    let sent = 0;
    let isOver = false;
    const url = await stranger((_request, response) => {
      const chunk = Buffer.alloc(256 * 1024, ' ');
      const more = () => {
        sent += chunk.length;
        if (!isOver) response.write(chunk, more);
      };
      response.once('close', () => {
        isOver = true;
      });
      more();
    });
    await expect(requestJson(url, { method: 'GET', timeoutMs: 60_000 })).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining(`more than ${limits.httpAnswerBytesMax} bytes`),
    });
    expect(sent).toBeLessThan(2 * limits.httpAnswerBytesMax);
  });

  test('when there is no answer in time', async () => {
    const url = await stranger(() => {});
    const answer = requestJson(url, { method: 'GET', timeoutMs: 50 });
    await expect(answer).rejects.toMatchObject({ kind: 'unavailable' });
  });

  test('when the answer begins in time and does not end', async () => {
    const url = await stranger((_, response) => {
      response.write('{"code":');
    });
    const answer = requestJson(url, { method: 'GET', timeoutMs: 50 });
    await expect(answer).rejects.toMatchObject({ kind: 'unavailable' });
  });

  test.each(['<html>', '', 'null', '[]', '"9000"', '{}', '{"code":9000}', '{"code":"1"}'])(
    'when it is answered %j',
    async (text) => {
      const url = await stranger((_, response) => response.end(text));
      const answer = requestJson(url, { method: 'GET', timeoutMs });
      await expect(answer).rejects.toMatchObject({
        kind: 'unavailable',
        message: expect.stringContaining(url),
      });
    },
  );
});
