/** Pieces of files over HTTP: against servers that do what the test says. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { Tls } from '../../../src/base/network/tls.ts';
import { BytesClient } from '../../../src/http/bytes-client.ts';
import { onTeardown } from '../../support/teardown.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const client = new BytesClient(Tls.ofSystem());
const never = new AbortController().signal;
const usual = { headers: {}, quietMsMax: 600_000, signal: never };
const body = new Uint8Array(1_000_000).map((_, index) => index % 251);

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTeardown(() => server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/files/x`;
}

async function read(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const success = JSON.stringify({ code: '9000', dataBody: { kept: true } });
const refusal = JSON.stringify({ code: '7330', message: 'none', dataBody: null });

describe('bytes that are sent', () => {
  test('arrive, and whoever sends them hears of their way', async () => {
    const got: { body: Buffer; length: string | undefined; header: unknown }[] = [];
    const url = await serve(async (request, response) => {
      const { 'content-length': length, 'x-cim-file': header } = request.headers;
      got.push({ body: await read(request), length, header });
      response.end(success);
    });
    const sent: number[] = [];
    const headers = { 'x-cim-file': 'capability' };
    const onSent = (bytes: number) => void sent.push(bytes);
    expect(await client.put(url, { ...usual, headers, body, onSent })).toEqual({ kept: true });
    expect(got[0]?.body.equals(body)).toBe(true);
    expect(got[0]).toMatchObject({ length: '1000000', header: 'capability' });
    expect(sent.at(-1)).toBe(body.length);
    expect(sent).toEqual(sent.toSorted((one, other) => one - other));
    const none = { ...usual, body: new Uint8Array(), onSent };
    expect(await client.put(url, none)).toEqual({ kept: true });
  });

  test.each([200, 404, 503])('are refused with what the answer says: HTTP %i', async (status) => {
    const url = await serve((request, response) => {
      request.resume();
      response.writeHead(status).end(refusal);
    });
    await expect(client.put(url, { ...usual, body, onSent() {} })).rejects.toMatchObject({
      kind: 'unknown-file',
      message: 'none',
    });
  });
});

describe('bytes that come', () => {
  test('are the whole, or the range that the answer names', async () => {
    const url = await serve(({ headers }, response) => {
      if (headers.range === undefined) response.writeHead(200, { 'content-length': '10' });
      else response.writeHead(206, { 'content-range': 'bytes 4-9/10' });
      response.end('0123456789'.slice(headers.range === undefined ? 0 : 4));
    });
    const whole = await client.get(url, usual);
    expect(whole).toMatchObject({ first: 0, total: 10 });
    expect(`${await read(whole.stream)}`).toBe('0123456789');
    const part = await client.get(url, { ...usual, headers: { range: 'bytes=4-' } });
    expect(part).toMatchObject({ first: 4, total: 10 });
    expect(`${await read(part.stream)}`).toBe('456789');
  });

  test('are none where a route refuses, or what answers is no route', async () => {
    const answers: [number, string, string][] = [
      [404, refusal, 'unknown-file'],
      [404, '<html>', 'unavailable'],
      [302, success, 'unavailable'],
      [206, 'x', 'unavailable'],
    ];
    for (const [status, text, kind] of answers) {
      const url = await serve((_, response) => response.writeHead(status).end(text));
      await expect(client.get(url, usual)).rejects.toMatchObject({ kind });
    }
  });

  test('that break off are unavailable', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('0123456789', () => response.destroy());
    });
    const { stream } = await client.get(url, usual);
    await expect(read(stream)).rejects.toMatchObject({ kind: 'unavailable' });
  });

  test('end for the route when nobody takes them any more', async () => {
    const closed = Promise.withResolvers<void>();
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '100000000' });
      response.on('close', closed.resolve);
      response.write(body);
    });
    const { stream } = await client.get(url, usual);
    for await (const _ of stream) break;
    await closed.promise;
  });
});

describe('silence and the end', () => {
  test('what does not move is unavailable', async () => {
    const clock = new VirtualClock();
    const patient = new BytesClient(Tls.ofSystem(), undefined, clock);
    const arrived = Promise.withResolvers<void>();
    const url = await serve((request, response) => {
      if (request.method === 'PUT') return arrived.resolve();
      response.writeHead(200, { 'content-length': '1000' });
      response.write('0');
    });
    const unavailable = { kind: 'unavailable' };
    const put = patient.put(url, { ...usual, body: new Uint8Array(10), onSent() {} });
    const isRefused = expect(put).rejects.toMatchObject(unavailable);
    await arrived.promise;
    await clock.advance(usual.quietMsMax);
    await isRefused;
    const { stream } = await patient.get(url, usual);
    const chunks = stream[Symbol.asyncIterator]();
    await chunks.next();
    const isOver = expect(chunks.next()).rejects.toMatchObject(unavailable);
    await clock.advance(usual.quietMsMax);
    await isOver;
    expect(clock.timerCount).toBe(0);
  });

  test('whoever takes their time is not cut off', async () => {
    const clock = new VirtualClock();
    const patient = new BytesClient(Tls.ofSystem(), undefined, clock);
    const asked = Promise.withResolvers<void>();
    const url = await serve((_, response) => {
      response.write('01234');
      void asked.promise.then(() => response.end('56789'));
    });
    const { stream } = await patient.get(url, usual);
    const texts: string[] = [];
    for await (const chunk of stream) {
      texts.push(`${Buffer.from(chunk)}`);
      await clock.advance(10 * usual.quietMsMax);
      asked.resolve();
    }
    expect(texts.join('')).toBe('0123456789');
  });

  test('who ends it hears their own reason', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('0');
    });
    const controller = new AbortController();
    const { stream } = await client.get(url, { ...usual, signal: controller.signal });
    const reading = read(stream);
    controller.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
    const put = client.put(url, { ...usual, signal: controller.signal, body, onSent() {} });
    await expect(put).rejects.toThrow('enough');
  });
});
