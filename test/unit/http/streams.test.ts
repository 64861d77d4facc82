/**
 * Bodies that are streams: taken as they come, for as long as they come fast enough, and never in memory
 * as a whole; what is sent behind one is a request like any other. Over HTTP and HTTPS.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { CimError } from '../../../src/base/errors.ts';
import { ignore } from '../../../src/base/ignore.ts';
import { limits } from '../../../src/base/limits.ts';
import { openTls } from '../../../src/base/network/tls.ts';
import type { StreamEndpoint, StreamRequest } from '../../../src/http/stream-endpoint.ts';
import { Authority, type CertificateFiles } from '../../support/certificates.ts';
import { processBudget } from '../../support/process-budget.ts';
import { onTeardown } from '../../support/teardown.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { recordingLog } from './recording-log.ts';
import { testApp } from './test-app.ts';

let certificate: CertificateFiles;
beforeAll(() => {
  certificate = new Authority().issue();
});

/** `take`: what becomes of a body; `give`: what is answered to GET. */
async function start(
  isSecure: boolean,
  take: (request: StreamRequest) => Promise<unknown>,
  give: () => Readable = () => Readable.from([]),
) {
  const clock = new VirtualClock();
  const budget = processBudget(clock);
  const common = { path: '/blobs/:id', summary: 'Bytes', parameters: {}, headers: {} };
  const streams: readonly StreamEndpoint[] = [
    { ...common, method: 'PUT', handle: async (request) => ({ dataBody: await take(request) }) },
    {
      ...common,
      method: 'GET',
      handle: async () => ({ status: 200, headers: { 'x-own': 'yes' }, body: give() }),
    },
  ];
  const tls = isSecure
    ? await openTls(
        { host: '127.0.0.1', tlsCert: certificate.cert, tlsKey: certificate.key },
        recordingLog().log,
      )
    : undefined;
  const { app, lines } = testApp({ streams, clock, budget, ...(tls && { tls: tls.port }) });
  const { port } = await app.listen({ host: '127.0.0.1', port: 0, option: '--port' });
  const open = async () => {
    const socket = isSecure
      ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
      : connect(port, '127.0.0.1');
    onTeardown(() => socket.destroy());
    socket.on('error', ignore('the event close follows'));
    await once(socket, isSecure ? 'secureConnect' : 'connect');
    return new Talk(socket);
  };
  return { app, clock, budget, lines, open };
}

class Talk {
  readonly socket: Socket;
  text = '';
  isClosed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.text += chunk.toString('latin1');
    });
    socket.on('close', () => {
      this.isClosed = true;
    });
  }

  answers(): number {
    return this.text.split('HTTP/1.1 ').length - 1;
  }
}

function head(bytes: number, path = '/blobs/a'): string {
  return `PUT ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${bytes}\r\n\r\n`;
}

async function collected(request: StreamRequest): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request.body()) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

const get = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';

describe.each([
  ['HTTP', false],
  ['HTTPS', true],
])('over %s', (_, isSecure) => {
  test('what is taken is what was sent, in large pieces', async () => {
    const sent = Buffer.alloc(3_000_000, 'abcdefg');
    let pieces = 0;
    let taken: Buffer = Buffer.alloc(0);
    const { open } = await start(isSecure, async (request) => {
      expect(request.bytes).toBe(sent.length);
      // As they come: a reader that waits has several of them at once.
      const body = request.body();
      body.on('data', (piece: Buffer) => {
        pieces += 1;
        taken = Buffer.concat([taken, piece]);
      });
      await once(body, 'end');
    });
    const { socket } = await open();
    socket.write(head(sent.length));
    socket.write(sent);
    await waitUntil('all has come', async () => (taken.length === sent.length ? true : null));
    expect(taken.equals(sent)).toBe(true);
    expect(pieces).toBeLessThan(sent.length / 4_096);
  });

  test('what is given is what was to be, and the memory of its pieces is given back', async () => {
    const pieces = Array.from({ length: 20 }, (_, number) =>
      Buffer.from(new Uint8Array(50_000).fill(65 + number).buffer),
    );
    const text = pieces.map(String).join('');
    const { open } = await start(isSecure, collected, () => Readable.from(pieces));
    const talk = await open();
    talk.socket.write('GET /blobs/a HTTP/1.1\r\nHost: x\r\n\r\n');
    await waitUntil('all has come', () => talk.text.includes('\r\n0\r\n'));
    expect(talk.text.replaceAll(/\r\nc350\r\n/g, '')).toContain(text.slice(0, 999_999));
    expect(pieces.map(({ length }) => length)).toEqual(pieces.map(() => 0));
  });

  test('what comes behind it is a request, wherever its pieces are cut', async () => {
    const bodies: string[] = [];
    const { open } = await start(isSecure, async (request) => {
      bodies.push((await collected(request)).toString());
    });
    for (const bytes of [0, 1, 511, 512, 513, 1_024, 70_000]) {
      const talk = await open();
      const all = `${head(bytes)}${'x'.repeat(bytes)}${get.repeat(5)}${head(3)}abc${get}`;
      talk.socket.write(all);
      await waitUntil('all is answered', async () => (talk.answers() === 8 ? true : null));
      expect(bodies.splice(0)).toEqual(['x'.repeat(bytes), 'abc']);
      expect(talk.text.match(/200 OK/g)).toHaveLength(8);
    }
  });

  test('many requests in one piece with its end wait for their turn', async () => {
    let hasBegun = false;
    const { open } = await start(isSecure, async (request) => {
      hasBegun = true;
      await collected(request);
    });
    const talk = await open();
    talk.socket.write(head(30_000));
    await waitUntil('it has begun', async () => hasBegun);
    // More than may wait: those that are parsed before others are answered end the connection.
    const count = 2 * limits.httpRequestsWaitingMax;
    talk.socket.write(`${'x'.repeat(30_000)}${get.repeat(count)}`);
    await waitUntil('all are answered', async () => talk.isClosed || talk.answers() === count + 1);
    expect(talk.isClosed).toBe(false);
  });

  test('who sends fast enough may send for long, who does not is ended', async () => {
    const outcomes: string[] = [];
    const { open, clock } = await start(isSecure, async (request) => {
      await collected(request).then(
        ({ length }) => outcomes.push(`${length} bytes`),
        () => outcomes.push('broke off'),
      );
    });
    const seconds = 60;
    const perSecond = 2 * limits.bytesPerSecondMin;
    const [fast, slow] = [await open(), await open()];
    fast.socket.write(head(seconds * perSecond));
    slow.socket.write(head(seconds * perSecond));
    for (let second = 0; second < seconds; second += 1) {
      fast.socket.write(Buffer.alloc(perSecond));
      await waitUntil('it was written', async () =>
        fast.socket.writableLength === 0 ? true : null,
      );
      if (!slow.isClosed) slow.socket.write('x');
      await clock.advance(1_000);
    }
    await waitUntil('both have ended', async () => (outcomes.length === 2 ? true : null));
    expect(outcomes).toEqual(['broke off', `${seconds * perSecond} bytes`]);
    await waitUntil('it is told', async () => (slow.isClosed ? true : null));
    expect(slow.text).toContain('408');
  });

  test('a body that is read by nobody has no more time than others', async () => {
    const { open, clock } = await start(isSecure, async () => null);
    const talk = await open();
    talk.socket.write(
      'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\nContent-Type: application/json\r\n\r\n',
    );
    await waitUntil('it is open', async () => {
      await clock.advance(1_000);
      if (talk.socket.writable) talk.socket.write(' '.repeat(limits.bytesPerSecondMin));
      return talk.isClosed ? true : null;
    });
    expect(clock.monotonic()).toBeLessThan(2 * limits.httpRequestMsMax);
  });

  test('a reader that does not keep up makes nobody hold more than buffers', async () => {
    let given = 0;
    const { open, budget } = await start(
      isSecure,
      async () => null,
      () =>
        Readable.from(
          (async function* () {
            for (let count = 0; count < 1_000; count += 1) {
              given += 100_000;
              yield Buffer.alloc(100_000);
            }
          })(),
          { objectMode: false },
        ),
    );
    const { socket } = await open();
    socket.pause();
    socket.write('GET /blobs/a HTTP/1.1\r\nHost: x\r\n\r\n');
    await waitUntil('it has begun', async () => (given > 0 ? true : null));
    let before = -1;
    await waitUntil('nothing more is read', async () => {
      const isSame = before === given;
      before = given;
      return isSame ? true : null;
    });
    expect(given).toBeLessThan(50_000_000);
    expect(budget.heldBytes).toBeLessThan(4_000_000);
  });
});

test('a failure is in the envelope, and the connection goes on', async () => {
  const { open } = await start(false, async () => {
    throw new CimError('busy', 'not now', { retryAfterMs: 2_000 });
  });
  const talk = await open();
  talk.socket.write(`${head(100_000)}${'x'.repeat(100_000)}${get}`);
  await waitUntil('both are answered', async () => (talk.answers() === 2 ? true : null));
  expect(talk.text).toContain('503');
  expect(talk.text.toLowerCase()).toContain('retry-after: 2');
  expect(talk.text).toContain('200 OK');
});

test('another method hears which there are', async () => {
  const { app } = await start(false, async () => null);
  const answer = await app.inject({ method: 'DELETE', url: '/blobs/a' });
  expect(answer.statusCode).toBe(405);
  expect((await app.inject({ method: 'GET', url: '/blobs/a/b' })).statusCode).toBe(404);
  const found = await app.inject({ method: 'HEAD', url: '/blobs/a' });
  expect(found.headers['x-own']).toBe('yes');
});
