/**
 * A port for WebSockets from the connection of a socket to the stream that is handed over, and the
 * sessions on it. With real sockets, and a clock that stands still.
 */
import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { ignore } from '../../src/base/ignore.ts';
import { limits } from '../../src/base/limits.ts';
import { Tls, type TlsPort } from '../../src/base/network/tls.ts';
import { Counters } from '../../src/base/process/counters.ts';
import { webSocketProtocol } from '../../src/codec/web-socket-request.ts';
import type { Arrival } from '../../src/net/arrivals.ts';
import { ownClient } from '../../src/net/client-stream.ts';
import { type OnWebSocket, WebSocketHandshakes } from '../../src/net/web-socket-handshakes.ts';
import { WebSocketStream } from '../../src/net/web-socket-stream.ts';
import { Authority } from '../support/certificates.ts';
import { RawConnection } from '../support/raw-connection.ts';
import { openTcpPort } from '../support/tcp-port.ts';
import { onTeardown } from '../support/teardown.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { waitUntil } from '../support/wait-until.ts';
import { cimLogin, GatewayHarness } from '../unit/server/support/gateway-harness.ts';

interface Heard extends Arrival {
  readonly stream: WebSocketStream;
  bytes: string;
  received: number;
  isClosed: boolean;
}

let clock: VirtualClock;
let heard: Heard[];
let crowd: Map<string, number>;
let counters: { refused: { value: number }; noWebSocket: { value: number } };
let port: number;

const perAddressMax = 2;

async function listen({
  tls,
  onStream = hear,
}: {
  tls?: TlsPort | undefined;
  onStream?: OnWebSocket;
} = {}): Promise<void> {
  const isTrustedProxy = (address: string) => address.startsWith('127.') || address === '10.0.0.9';
  const all = new Counters();
  const [refused, noWebSocket] = [all.add('refused', ''), all.add('none', '')];
  counters = { refused, noWebSocket };
  const handshakes = new WebSocketHandshakes({
    clock,
    isTrustedProxy,
    crowd: {
      enter(address) {
        const count = (crowd.get(address) ?? 0) + 1;
        if (count > perAddressMax) return 'far-over';
        crowd.set(address, count);
        return 'in';
      },
      leave: (address) => void crowd.set(address, (crowd.get(address) ?? 0) - 1),
    },
    pageRefusal: () => undefined,
    counters: { refused, noWebSocket },
  });
  onTeardown(() => handshakes.stop());
  ({ port } = await openTcpPort({
    clock,
    isTrustedProxy,
    tls,
    onArrival: (socket, arrival) => handshakes.take(socket, arrival, [webSocketProtocol], onStream),
  }));
}

function hear(stream: WebSocketStream, arrival: Arrival): void {
  const one = { ...arrival, stream, bytes: '', received: 0, isClosed: false };
  heard.push(one);
  onTeardown(() => stream.destroy());
  ownClient(stream, {
    received: (chunk) => {
      one.bytes += Buffer.from(chunk).toString();
      one.received += 1;
    },
    closed: () => {
      one.isClosed = true;
    },
  });
}

function whenHeard(count: number): Promise<unknown> {
  return waitUntil(`${count} are heard`, () => heard.length === count);
}

function dial(headers: Record<string, string> = {}): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, 'cim.v2', { headers });
  socket.on('error', ignore('it may be ended before it is open'));
  onTeardown(() => socket.terminate());
  return socket;
}

function head(...more: readonly string[]): string {
  const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
  const lines = ['GET /ws HTTP/1.1', 'Host: a', 'Upgrade: websocket', 'Connection: Upgrade', key];
  const protocol = ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Protocol: cim.v2'];
  return `${[...lines, ...protocol, ...more].join('\r\n')}\r\n\r\n`;
}

beforeEach(() => {
  clock = new VirtualClock();
  heard = [];
  crowd = new Map();
});

describe('whose connection it is', () => {
  test.each([
    ['of whom a proxy says it', { 'X-Forwarded-For': '192.0.2.7' }, '192.0.2.7'],
    [
      'the last that no proxy of ours has told',
      { 'X-Forwarded-For': '6.6.6.6, 192.0.2.7, 10.0.0.9' },
      '192.0.2.7',
    ],
    ['of the first, if all are proxies', { 'X-Forwarded-For': '10.0.0.9, 127.0.0.1' }, '10.0.0.9'],
    ['of the peer, of whom nobody says anything', {}, '127.0.0.1'],
  ])('%s', async (_what, headers, address) => {
    await listen();
    dial(headers as Record<string, string>);
    await whenHeard(1);
    expect(heard[0]).toMatchObject({ address, isOver: false });
  });

  test('a client of whom a PROXY header tells says nothing of itself', async () => {
    await listen();
    const proxied = new RawConnection(`127.0.0.1:${port}`);
    proxied.send('PROXY TCP4 192.0.2.7 10.0.0.1 1 2\r\n').send(head('X-Forwarded-For: 192.0.2.8'));
    await whenHeard(1);
    expect(heard[0]).toMatchObject({ address: '192.0.2.7' });
  });
});

describe('handshakes', () => {
  test('come in any pieces', async () => {
    await listen();
    const connection = new RawConnection(`127.0.0.1:${port}`);
    for (const byte of head()) {
      connection.send(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await connection.whenAnswered()).toEqual([101]);
  });

  test('have as long as a login, and bytes that come do not put it off', async () => {
    await listen();
    const slow = new RawConnection(`127.0.0.1:${port}`).send(head().slice(0, 20));
    await waitUntil('it is being read', () => slow.isSettled);
    const other = dial();
    await whenHeard(1);
    await clock.advance(limits.loginMsMax);
    slow.send(head().slice(20, 30));
    await clock.advance(limits.sweepMs);
    await slow.whenClosed();
    expect(slow.received).toBe('');
    expect(counters.noWebSocket.value).toBe(1);
    expect(other.readyState).toBe(WebSocket.OPEN);
  });

  test('count for their address until they are over, however that is', async () => {
    await listen();
    const named = (what: string) =>
      new RawConnection(`127.0.0.1:${port}`).send(`PROXY TCP4 192.0.2.7 10.0.0.1 1 2\r\n${what}`);
    const [first, second] = [named('GET'), named('GET')];
    await waitUntil('both are counted', () => crowd.get('192.0.2.7') === 2);
    await named('GET').whenClosed();
    expect(counters.refused.value).toBe(1);
    first.socket.destroy();
    second.send(' /elsewhere HTTP/1.1\r\n\r\n');
    await second.whenClosed();
    await waitUntil('none is counted', () => crowd.get('192.0.2.7') === 0);
    named(head());
    await whenHeard(1);
    expect(crowd.get('192.0.2.7')).toBe(0);
  });

  test('with TLS that is a part of them', async () => {
    const authority = new Authority();
    const { cert, key } = authority.issue();
    await listen({ tls: (await Tls.open({ tlsCert: cert, tlsKey: key })).port });
    const socket = new WebSocket(`wss://127.0.0.1:${port}/ws`, 'cim.v2', {
      ca: readFileSync(authority.ca),
    });
    onTeardown(() => socket.terminate());
    socket.on('open', () => socket.send(Buffer.from('hello')));
    await waitUntil('it has come', () => heard[0]?.bytes === 'hello');
    const silent = new RawConnection(`127.0.0.1:${port}`).send('\x16\x03\x01');
    await waitUntil('it is connected', () => silent.isSettled);
    await clock.advance(limits.loginMsMax + limits.sweepMs);
    await silent.whenClosed();
  });
});

describe('a stream', () => {
  test('gives what messages hold, in order, and nothing while it is paused', async () => {
    await listen();
    const socket = dial();
    await whenHeard(1);
    const one = heard[0] as Heard;
    socket.send(Buffer.from('one '));
    await waitUntil('it has come', () => one.bytes === 'one ');
    one.stream.pause();
    one.stream.unshift(Buffer.from('again '));
    expect(one.stream.readableLength).toBeGreaterThanOrEqual(6);
    socket.send(Buffer.from('two'));
    one.stream.resume();
    await waitUntil('all has come', () => one.bytes === 'one again two');
  });

  test('what is put back is given before a close is answered', async () => {
    await listen();
    const socket = dial();
    await whenHeard(1);
    const one = heard[0] as Heard;
    const { received } = one;
    one.stream.pause();
    one.stream.unshift(Buffer.from('first'));
    socket.close(1000);
    one.stream.resume();
    await waitUntil('it has ended', () => one.isClosed);
    expect(one.bytes).toBe('first');
    expect(received).toBe(0);
  });

  test('writes each piece as one message, of any length', async () => {
    await listen();
    const socket = dial();
    const lengths: number[] = [];
    socket.on('message', (data: Buffer) => void lengths.push(data.length));
    await whenHeard(1);
    const sizes = [1, 125, 126, 2_048, 2_049, 65_535, 65_536, 1_000_000];
    for (const size of sizes) heard[0]?.stream.write(Buffer.alloc(size));
    await waitUntil('all have come', () => lengths.length === sizes.length);
    expect(lengths).toEqual(sizes);
  });

  test('asks for a sign of life, and hears the answer as nothing', async () => {
    await listen();
    const socket = dial();
    await whenHeard(1);
    const one = heard[0] as Heard;
    const pinged = new Promise((resolve) => socket.once('ping', resolve));
    one.stream.ping();
    await pinged;
    await waitUntil('it is heard', () => one.received === 1);
    expect(one.bytes).toBe('');
  });

  test('answers no pings to a peer that does not read', async () => {
    await listen();
    const socket = dial();
    await whenHeard(1);
    const { stream } = heard[0] as Heard;
    socket.pause();
    const piece = Buffer.alloc(1024 * 1024);
    await waitUntil('something waits', () => {
      stream.write(piece);
      return stream.writableLength > 0;
    });
    const before = stream.writableLength;
    for (let number = 0; number < 1_000; number++) socket.ping();
    await waitUntil('the pings have come', () => (heard[0] as Heard).received > 0);
    expect(stream.writableLength).toBeLessThanOrEqual(before);
  });
});

describe('a session', () => {
  let harness: GatewayHarness;

  /** A client that is logged in. */
  async function logIn(autoPong: boolean): Promise<WebSocket> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, 'cim.v2', { autoPong });
    onTeardown(() => socket.terminate());
    socket.on('open', () => socket.send(cimLogin(1)));
    await waitUntil('it is logged in', async () => {
      await clock.advance(1);
      return [...harness.gateway.sessions()].length === 1;
    });
    return socket;
  }

  beforeEach(async () => {
    harness = new GatewayHarness();
    clock = harness.clock;
    await listen({
      onStream: (stream, arrival) => harness.gateway.accept(stream, arrival, harness.wire),
    });
  });

  test('lives as long as its client answers pings, though it says nothing', async () => {
    const received = jest.spyOn(WebSocketStream.prototype, 'received');
    onTeardown(() => received.mockRestore());
    await logIn(true);
    for (let round = 0; round < 4; round++) {
      const before = received.mock.calls.length;
      await clock.advance(limits.webSocketPingMs + limits.sweepMs);
      await waitUntil('a pong has come', () => received.mock.calls.length > before);
    }
    expect([...harness.gateway.sessions()]).toHaveLength(1);
  });

  test('ends without, and the close says why', async () => {
    const socket = await logIn(false);
    const codes: number[] = [];
    socket.on('close', (code) => codes.push(code));
    await clock.advance(limits.silenceMsMax + 2 * limits.sweepMs);
    await waitUntil('it has ended', () => codes.length > 0);
    expect(codes).toEqual([4101]);
  });

  test('works for what is no message as well, and that counts for its turn', async () => {
    const socket = await logIn(true);
    const work = jest.spyOn(harness.gateway.turns, 'work');
    const count = 40_000;
    for (let number = 0; number < count; number++) socket.pong();
    const done = () => work.mock.calls.reduce((sum, [amount]) => sum + amount, 0);
    const bytes = 6 * count;
    // A unit for each 256 bytes, of each chunk that came.
    await waitUntil('it has counted', () => done() > bytes / 256 / 2);
    expect([...harness.gateway.sessions()]).toHaveLength(1);
  });
});
