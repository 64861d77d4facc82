/**
 * Callers that ask on and do not read: few of their requests are worked on, and answers that are not
 * taken end the connection. Over HTTP and HTTPS, and with answers of every kind.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { beforeAll, expect, test } from '@jest/globals';
import { ignore } from '../../../src/base/ignore.ts';
import { limits } from '../../../src/base/limits.ts';
import { openTls } from '../../../src/base/network/tls.ts';
import { Counters } from '../../../src/base/process/counters.ts';
import { anyone } from '../../../src/http/access.ts';
import type { HttpAppOptions } from '../../../src/http/app.ts';
import { endpoint } from '../../../src/http/endpoint.ts';
import { PortLimits } from '../../../src/limits/port-limits.ts';
import { Authority, type CertificateFiles } from '../../support/certificates.ts';
import { onTeardown } from '../../support/teardown.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { recordingLog } from './recording-log.ts';
import { testApp } from './test-app.ts';

/** More than the operating system takes for anybody. */
const page = 'x'.repeat(8 * 1024 * 1024);
const worked = limits.httpAnswersPerConnectionMax;

let certificate: CertificateFiles;

beforeAll(() => {
  certificate = new Authority().issue();
});

async function start(isSecure = false, options: Partial<HttpAppOptions> = {}) {
  const clock = new VirtualClock();
  const asked: ((answer: string) => void)[] = [];
  const pages = endpoint({
    method: 'GET',
    path: '/pages',
    access: anyone,
    summary: 'Answers when it is told to',
    handle: () => new Promise<string>((resolve) => asked.push(resolve)),
  });
  const counters = new Counters();
  const settings = { trustProxy: [], limitLoopback: false, connectionsPerIp: 100 };
  const tls = isSecure
    ? await openTls(
        { host: '127.0.0.1', tlsCert: certificate.cert, tlsKey: certificate.key },
        recordingLog().log,
      )
    : undefined;
  const { app } = testApp({
    endpoints: [pages],
    clock,
    portLimits: new PortLimits(settings, 100, counters),
    ...(tls && { tls: tls.port }),
    ...options,
  });
  const { port } = await app.listen({ host: '127.0.0.1', port: 0 });
  const open = async () => {
    const socket = isSecure
      ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
      : connect(port, '127.0.0.1');
    onTeardown(() => socket.destroy());
    socket.on('error', ignore('the event close follows'));
    await once(socket, isSecure ? 'secureConnect' : 'connect');
    return socket;
  };
  const unread = () =>
    counters.list().find(({ name }) => name === 'http.connections.unread')?.value;
  return { app, asked, clock, open, unread };
}

function requests(path: string, count: number, method = 'GET'): string {
  return `${method} ${path} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(count);
}

/** What has come so far. */
function listen(socket: Socket): { text: string } {
  const received = { text: '' };
  socket.on('data', (chunk: Buffer) => {
    received.text += chunk.toString('latin1');
  });
  return received;
}

function answersIn(text: string): number {
  return text.split('HTTP/1.1 200 OK').length - 1;
}

test.each([
  ['HTTP', false],
  ['HTTPS', true],
])(
  '%s: of many requests at once a few are worked on, and all are answered in order',
  async (_, isSecure) => {
    const { asked, open } = await start(isSecure);
    const socket = await open();
    const received = listen(socket);
    const count = 10 * worked;
    socket.write(requests('/pages', count));
    for (let answered = 0; answered < count; answered++) {
      await waitUntil('it is asked', () => asked.length > answered);
      expect(asked.length - answered).toBeLessThanOrEqual(worked);
      asked[answered]?.(`page ${answered}.`);
    }
    await waitUntil('all are answered', () => answersIn(received.text) === count);
    const pages = [...received.text.matchAll(/page (\d+)\./g)].map(([, number]) => Number(number));
    expect(pages).toEqual(pages.map((_page, index) => index));
    // And the connection goes on.
    socket.write(requests('/healthz', 1));
    await waitUntil('it is answered', () => received.text.includes('9.9.9'));
  },
);

test('what comes after those that wait is not read from the socket', async () => {
  const { app, asked, open } = await start();
  const requested: unknown[] = [];
  app.server.on('request', ({ url }) => requested.push(url));
  const [socket, other] = [await open(), await open()];
  const [received, heard] = [listen(socket), listen(other)];
  socket.write(requests('/pages', worked + 1));
  await waitUntil('they are asked', () => asked.length === worked);
  socket.write(requests('/healthz', 100));
  other.write(requests('/openapi.json', 1));
  await waitUntil('another one is answered', () => answersIn(heard.text) === 1);
  expect(requested).not.toContain('/healthz');
  for (const answer of asked) answer('a page');
  await waitUntil('the next is asked', () => asked.length === worked + 1);
  asked.at(-1)?.('a page');
  await waitUntil('the rest is answered', () => answersIn(received.text) === worked + 101);
});

test.each([
  ['HTTP', false],
  ['HTTPS', true],
])(
  '%s: of far too many requests in one piece a few are parsed, and the rest when those are answered',
  async (_, isSecure) => {
    const { app, asked, open } = await start(isSecure);
    let requested = 0;
    app.server.on('request', () => {
      requested += 1;
    });
    const socket = await open();
    const received = listen(socket);
    const count = 4 * limits.httpRequestsWaitingMax;
    socket.write(requests('/pages', count));
    await waitUntil('some are asked', () => asked.length === worked);
    expect(requested).toBeLessThan(100);
    let parsedAtOnce = 0;
    for (let answered = 0; answered < count; answered++) {
      await waitUntil('it is asked', () => asked.length > answered, { pollMs: 1 });
      parsedAtOnce = Math.max(parsedAtOnce, requested - answered);
      asked[answered]?.(`page ${answered}.`);
    }
    await waitUntil('all are answered', () => answersIn(received.text) === count);
    expect(parsedAtOnce).toBeLessThan(100);
  },
);

test('of a crowd that asks at the same moment a few are served in one turn, and all are answered', async () => {
  const { app, open } = await start();
  let accepted = 0;
  app.server.on('connection', () => {
    accepted += 1;
  });
  const sockets = await Promise.all(Array.from({ length: 90 }, open));
  await waitUntil('all are accepted', () => accepted === 90);
  const heard = sockets.map(listen);
  const inTurns: number[] = [0];
  app.server.on('request', () => {
    inTurns[inTurns.length - 1] = (inTurns.at(-1) as number) + 1;
  });
  const count = () => {
    if (inTurns.at(-1) !== 0) inTurns.push(0);
    if (heard.some(({ text }) => answersIn(text) < 3)) setImmediate(count);
  };
  for (const socket of sockets) socket.write(requests('/healthz', 3));
  count();
  await waitUntil('all are answered', () => heard.every(({ text }) => answersIn(text) === 3));
  expect(inTurns.reduce((sum, each) => sum + each)).toBe(270);
  // Each of the two dozen that may be begun lies in one piece with two others.
  expect(Math.max(...inTurns)).toBeLessThanOrEqual(90);
});

test('a body that comes among requests in one piece is whole', async () => {
  const sent: unknown[] = [];
  const takes = endpoint({
    method: 'POST',
    path: '/takes',
    access: anyone,
    summary: 'Takes a text',
    body: {
      type: 'object',
      required: ['text'],
      properties: { text: { type: 'string', maxLength: 100_000 } },
    },
    handle: ({ text }) => sent.push(text),
  });
  const { open } = await start(false, { endpoints: [takes] });
  const socket = await open();
  const received = listen(socket);
  const texts = [5, 3_000, 99_000, 0, 2_048].map((length) => 'y'.repeat(length));
  const posts = texts.map((text) => {
    const body = JSON.stringify({ text });
    return `POST /takes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  });
  socket.write(posts.join(requests('/healthz', 60)));
  await waitUntil('all are answered', () => answersIn(received.text) === 4 * 60 + 5);
  expect(sent).toEqual(texts);
});

test('what is no request is answered once, whatever follows', async () => {
  const { open } = await start();
  const socket = await open();
  const received = listen(socket);
  socket.write(`nonsense\r\n\r\n${'x'.repeat(100_000)}`);
  await once(socket, 'close');
  expect(received.text.split('HTTP/1.1 400').length - 1).toBe(1);
});

test.each([
  ['HTTP', false],
  ['HTTPS', true],
])('%s: whoever does not read in time is let go, and whoever reads is not', async (_, isSecure) => {
  const { asked, clock, open, unread } = await start(isSecure);
  const [silent, reader] = [await open(), await open()];
  for (const socket of [silent, reader]) socket.write(requests('/pages', 1));
  await waitUntil('they are asked', () => asked.length === 2);
  const received = listen(reader);
  for (const answer of asked) answer(page);
  await waitUntil('one has it', () => received.text.length > page.length);
  await clock.advance(limits.httpAnswerMsMax);
  expect(unread()).toBe(0);
  await clock.advance(3 * limits.sweepMs);
  expect(unread()).toBe(1);
  silent.resume();
  await once(silent, 'close');
  reader.write(requests('/healthz', 1));
  await waitUntil('the other is served on', () => received.text.includes('9.9.9'));
});

test('a reader that takes a little now and then has to take enough', async () => {
  const { asked, clock, open, unread } = await start();
  const socket = await open();
  socket.pause();
  socket.write(requests('/pages', 1));
  await waitUntil('it is asked', () => asked.length === 1);
  asked[0]?.(page);
  await once(socket, 'readable');
  for (let second = 0; second < 60 && unread() === 0; second++) {
    socket.read(10);
    await clock.advance(1_000);
  }
  expect(unread()).toBe(1);
});

test('a time without work is none in which answers were not read', async () => {
  const { asked, clock, open, unread } = await start();
  const socket = await open();
  const received = listen(socket);
  socket.write(requests('/pages', 1));
  await waitUntil('it is asked', () => asked.length === 1);
  await clock.advance(10 * limits.httpAnswerMsMax);
  asked[0]?.('late');
  await waitUntil('it is answered', () => received.text.includes('late'));
  expect(unread()).toBe(0);
});

test('a document that does not change is made once, and told to HEAD as to GET', async () => {
  const { open } = await start();
  const socket = await open();
  const received = listen(socket);
  socket.write(requests('/openapi.json', 2) + requests('/openapi.json', 1, 'HEAD'));
  await waitUntil('all are answered', () => answersIn(received.text) === 3);
  const lengths = [...received.text.matchAll(/content-length: (\d+)/gi)].map(
    ([, length]) => length,
  );
  expect(new Set(lengths).size).toBe(1);
  expect(JSON.parse(received.text.split('\r\n\r\n')[1]?.split('HTTP/1.1')[0] ?? '')).toHaveProperty(
    'openapi',
  );
});
