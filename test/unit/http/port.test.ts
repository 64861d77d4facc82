/** What needs a real socket: listening, ending, and bytes that are no HTTP. */
import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { drawNonce } from '../../../src/auth/link-proof.ts';
import { limits } from '../../../src/base/limits.ts';
import { anyone } from '../../../src/http/access.ts';
import { endpoint } from '../../../src/http/endpoint.ts';
import { acceptUpgrades } from '../../../src/http/upgrade.ts';
import { clusterKeysOf } from '../../support/cluster-key.ts';
import { inTime } from '../../support/in-time.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { RawConnection, testApp } from './test-app.ts';

const nobodysLinks = {
  role: 'route',
  origin: () => 'http://x',
  keys: clusterKeysOf('the secret'),
  onStream: () => {},
} as const;

const anywhere = { host: '127.0.0.1', port: 0 };
const getHealth = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';

describe('listening', () => {
  test('port 0 takes a free one and tells it', async () => {
    const { app } = testApp();
    const { host, port } = await app.listen(anywhere);
    expect(host).toBe('127.0.0.1');
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  });

  test('a port that is taken is named', async () => {
    const { port } = await testApp().app.listen(anywhere);
    const taken = { host: '127.0.0.1', port, option: '--route-port' };
    await expect(testApp().app.listen(taken)).rejects.toMatchObject({
      kind: 'port-taken',
      message: expect.stringMatching(
        `^HTTP port ${port} on 127.0.0.1 cannot be listened on: something else listens there.* with --route-port`,
      ),
    });
  });

  test('so is one on an address that is not this machine’s', async () => {
    await expect(testApp().app.listen({ host: '192.0.2.1', port: 80 })).rejects.toMatchObject({
      kind: 'port-taken',
      message: expect.stringContaining('this machine does not have that address: --host takes'),
    });
  });
});

test('every address is that of both kinds', async () => {
  const { port } = await testApp().app.listen({ host: '::', port: 0 });
  for (const host of ['127.0.0.1', '[::1]'])
    expect((await fetch(`http://${host}:${port}/healthz`)).status).toBe(200);
});

describe('connections', () => {
  test('idle ones are kept for longer than Java callers keep theirs', async () => {
    const { port } = await testApp().app.listen(anywhere);
    const connection = new RawConnection(port).send(getHealth);
    await waitUntil('the answer', () => connection.received.includes('9.9.9'));
    expect(/Keep-Alive: timeout=(\d+)/i.exec(connection.received)?.[1]).toBe('360');
  });

  test.each([
    ['no HTTP at all', 'hello\r\n\r\n', 'HTTP/1.1 400 Bad Request'],
    [
      'two lengths',
      'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      'HTTP/1.1 400 Bad Request',
    ],
    [
      'endless headers',
      `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      'HTTP/1.1 431 Request Header Fields Too Large',
    ],
  ])('%s: an envelope, and the end', async (_, bytes, status) => {
    const { port } = await testApp().app.listen(anywhere);
    const connection = new RawConnection(port).send(bytes);
    await connection.ended;
    expect(connection.received.startsWith(`${status}\r\n`)).toBe(true);
    const body = JSON.parse(connection.received.split('\r\n\r\n')[1] ?? '');
    expect(Object.keys(body)).toEqual(['code', 'message', 'reqNo', 'dataBody']);
    expect(body.code).toBe('3000');
  });

  test('a body over the limit is answered even while it is still being sent', async () => {
    const { port } = await testApp().app.listen(anywhere);
    const head = `POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9000000\r\n\r\n`;
    const connection = new RawConnection(port).send(head + 'x'.repeat(100_000));
    await waitUntil('the answer', () => connection.received.includes('"code":"3413"'));
    expect(connection.received.startsWith('HTTP/1.1 413 ')).toBe(true);
  });

  const manyFields = Array.from({ length: 100 }, (_, each) => `X-${each}: x\r\n`).join('');
  test.each([
    ['of a body that is too large', 413, '/echo', 'Content-Type: application/json\r\n'],
    ['of one that nobody asked for', 415, '/echo', 'Content-Type: text/plain\r\n'],
    ['where there is nothing', 404, '/nobodys', ''],
    ['to who wants the end', 404, '/nobodys', 'Connection: close\r\n'],
    ['of many header fields', 431, '/echo', manyFields],
    ['of what is no HTTP', 400, '/echo', 'Content-Length: no\r\n'],
  ])('the answer, %s, reaches who sends all before they read', async (_, status, path, fields) => {
    const { port } = await testApp().app.listen(anywhere);
    const connection = new RawConnection(port);
    connection.socket.pause();
    const length = fields.includes('Length') ? '' : 'Content-Length: 7000000\r\n';
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\n${fields}${length}\r\n`;
    const failure = await new Promise((sent) => {
      connection.socket.write(head + 'x'.repeat(7_000_000), sent);
    });
    expect(failure).toBeFalsy();
    connection.socket.resume();
    await waitUntil('the answer', () => connection.received.includes('dataBody'));
    expect(connection.received.startsWith(`HTTP/1.1 ${status} `)).toBe(true);
  });

  test('who sends on and on after the last answer is ended', async () => {
    const { port } = await testApp().app.listen(anywhere);
    const connection = new RawConnection(port).send('no HTTP\r\n\r\n');
    connection.socket.allowHalfOpen = true;
    let bytes = 0;
    const more = (failure?: Error | null) => {
      if (failure) return;
      bytes += 1_000_000;
      connection.socket.write('x'.repeat(1_000_000), more);
    };
    more();
    await connection.ended;
    expect(bytes).toBeGreaterThan(limits.httpLingerBytesMax);
    // What is in the buffers of the two sides as well.
    expect(bytes).toBeLessThan(limits.httpLingerBytesMax + 20_000_000);
  });

  test('and who is silent then', async () => {
    const clock = new VirtualClock();
    const { app } = testApp({ clock });
    const { port } = await app.listen(anywhere);
    const connections = () =>
      new Promise((resolve) => app.server.getConnections((_, count) => resolve(count)));
    const { socket } = new RawConnection(port).send('no HTTP\r\n\r\n');
    socket.allowHalfOpen = true;
    await once(socket, 'end');
    await clock.advance(limits.httpLingerMsMax - 1);
    expect(await connections()).toBe(1);
    await clock.advance(1);
    await waitUntil('it is ended', async () => (await connections()) === 0);
  });

  test('an offer of another protocol, as a JDK makes it, is answered in this one', async () => {
    const { app } = testApp();
    const endStreams = acceptUpgrades(app.server, nobodysLinks);
    const { port } = await app.listen(anywhere);
    const offer =
      'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAA\r\n';
    const connection = new RawConnection(port).send(
      getHealth.replace('\r\n\r\n', `\r\n${offer}\r\n`),
    );
    await waitUntil('the answer', () => connection.received.includes('9.9.9'));
    expect(connection.received.startsWith('HTTP/1.1 200 OK')).toBe(true);
    endStreams();
  });
});

describe('closing', () => {
  /** Answers when told to. */
  function slowApp() {
    const answer = Promise.withResolvers<string>();
    const entered = Promise.withResolvers<void>();
    const slow = endpoint({
      method: 'GET',
      path: '/slow',
      access: anyone,
      summary: 'Takes its time',
      handle: () => {
        entered.resolve();
        return answer.promise;
      },
    });
    return { ...testApp({ endpoints: [slow] }), answer, entered: entered.promise };
  }

  test('ends idle connections at once, also one that never said anything', async () => {
    const { app } = testApp();
    const { port } = await app.listen(anywhere);
    const silent = new RawConnection(port);
    const idle = new RawConnection(port).send(getHealth);
    await waitUntil('the answer', () => idle.received.includes('9.9.9'));
    expect(await inTime(limits.httpCloseMsMax, app.close())).toMatchObject({ isInTime: true });
    await Promise.all([silent.ended, idle.ended]);
  });

  test('finishes what is being answered', async () => {
    const { app, answer, entered } = slowApp();
    const { port } = await app.listen(anywhere);
    const asked = fetch(`http://127.0.0.1:${port}/slow`);
    await entered;
    const closed = app.close();
    answer.resolve('done');
    expect(await (await asked).json()).toMatchObject({ code: '9000', dataBody: 'done' });
    await closed;
  });

  test('answers what still comes over a connection in use, and ends it', async () => {
    const { app, answer, entered } = slowApp();
    const { port } = await app.listen(anywhere);
    const connection = new RawConnection(port).send('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
    await entered;
    const closed = app.close();
    const another = once(app.server, 'request');
    connection.send(getHealth);
    await another;
    answer.resolve('done');
    await connection.ended;
    expect(connection.received).toContain('"dataBody":"done"');
    expect(connection.received).toContain('"dataBody":{"version":"9.9.9"}');
    await closed;
  });

  test('waits a bounded time for the rest, upgraded connections included', async () => {
    const { app, entered } = slowApp();
    acceptUpgrades(app.server, nobodysLinks);
    const { port } = await app.listen(anywhere);
    const never = new RawConnection(port).send('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
    const upgraded = new RawConnection(port).send(
      `GET /internal/link HTTP/1.1\r\nHost: x\r\nCim-Nonce: ${drawNonce()}\r\nConnection: Upgrade\r\nUpgrade: cim-link/2\r\n\r\n`,
    );
    await waitUntil('the upgrade', () => upgraded.received.includes('101'));
    await entered;
    await app.close();
    await Promise.all([never.ended, upgraded.ended]);
  });
});
