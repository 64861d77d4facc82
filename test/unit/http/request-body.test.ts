/** What comes as a body is kept in one piece, however it comes; and heads are bounded in fields. */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import { readRequestBody } from '../../../src/http/request-body.ts';
import { settle } from '../../support/virtual-clock.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { echo, RawConnection, testApp } from './test-app.ts';

/** Whose chunks a test gives. */
function request(headers: Record<string, string> = {}): IncomingMessage & Readable {
  const stream = new Readable({ read: () => undefined });
  return Object.assign(stream, { headers }) as unknown as IncomingMessage & Readable;
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

test('no chunk is kept, however many there are', async () => {
  const body = request();
  const read = readRequestBody(body);
  const chunks: WeakRef<Buffer>[] = [];
  for (let sent = 0; sent < 5_000; sent++) {
    const chunk = Buffer.from([0x61 + (sent % 26)]);
    chunks.push(new WeakRef(chunk));
    body.push(chunk);
    if (sent % 100 === 0) await settle();
  }
  await settle();
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  expect(chunks.filter((chunk) => chunk.deref() !== undefined).length).toBeLessThan(100);
  body.push(null);
  const bytes = await read;
  expect(bytes).toHaveLength(5_000);
  expect(bytes.toString().slice(0, 30)).toBe('abcdefghijklmnopqrstuvwxyzabcd');
});

test('one that is too long, or breaks off, is refused', async () => {
  const tooLong = request();
  const read = readRequestBody(tooLong);
  tooLong.push(Buffer.alloc(limits.httpBodyBytesMax));
  tooLong.push(Buffer.alloc(1));
  await expect(read).rejects.toMatchObject({ kind: 'too-large' });
  const said = request({ 'content-length': String(limits.httpBodyBytesMax + 1) });
  await expect(readRequestBody(said)).rejects.toMatchObject({ kind: 'too-large' });
  const broken = request();
  const breaking = readRequestBody(broken);
  broken.destroy(new Error('aborted'));
  await expect(breaking).rejects.toMatchObject({ kind: 'invalid-argument' });
});

async function answerTo(head: string): Promise<string> {
  const { app } = testApp({ endpoints: [echo] });
  const { port } = await app.listen({ host: '127.0.0.1', port: 0 });
  const peer = new RawConnection(port).send(`GET /healthz HTTP/1.1\r\n${head}\r\n`);
  await waitUntil('it is answered', () => peer.received.includes('\r\n\r\n'));
  return peer.received.slice(0, peer.received.indexOf('\r\n'));
}

test.each([
  [0, '200 OK'],
  [limits.httpHeadersMax - 1, '200 OK'],
  [limits.httpHeadersMax, '431 Request Header Fields Too Large'],
  [1_500, '431 Request Header Fields Too Large'],
])('%i header fields beside the host: %s', async (count, answer) => {
  const fields = Array.from({ length: count }, (_, index) => `a${index}:\r\n`);
  expect(await answerTo(`Host: x\r\n${fields.join('')}`)).toBe(`HTTP/1.1 ${answer}`);
});

test('a request that expects something is a request like others', async () => {
  expect(await answerTo('Host: x\r\nExpect: the moon\r\n')).toBe('HTTP/1.1 200 OK');
});
