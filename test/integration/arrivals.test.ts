/**
 * From the connection of a socket to its first byte: who it is, whether there is room, and that
 * whoever says nothing is nobody. With real sockets, and a clock that stands still.
 */
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { ignore } from '../../src/base/ignore.ts';
import { limits } from '../../src/base/limits.ts';
import { Tls, type TlsPort } from '../../src/base/network/tls.ts';
import type { Arrival, ArrivalCounters } from '../../src/net/arrivals.ts';
import type { TcpPorts } from '../../src/net/tcp-ports.ts';
import { Authority } from '../support/certificates.ts';
import { arrivalCounters, openTcpPort } from '../support/tcp-port.ts';
import { onTeardown } from '../support/teardown.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { waitUntil } from '../support/wait-until.ts';

interface Heard extends Arrival {
  text: string;
  isClosed: boolean;
}

let clock: VirtualClock;
let heard: Heard[];
let counters: ArrivalCounters;
let ports: TcpPorts;
let port: number;

async function listen({
  isTrustedProxy = true,
  connectionsMax = 100,
  tls,
}: {
  isTrustedProxy?: boolean;
  connectionsMax?: number;
  tls?: TlsPort | undefined;
} = {}): Promise<void> {
  ({ port, ports } = await openTcpPort({
    connectionsMax,
    clock,
    isTrustedProxy: () => isTrustedProxy,
    onArrival: hear,
    counters,
    tls,
  }));
}

function hear(socket: Socket, arrival: Arrival): void {
  const one = { ...arrival, text: '', isClosed: false };
  heard.push(one);
  onTeardown(() => socket.destroy());
  socket.on('close', () => {
    one.isClosed = true;
  });
  socket.on('error', ignore("as their owner takes it: 'close' follows"));
  socket.on('data', (chunk) => {
    one.text += chunk;
  });
}

interface Caller {
  readonly socket: Socket;
  isClosed: boolean;
}

async function call(): Promise<Caller> {
  const socket = connect(port, '127.0.0.1');
  const caller = { socket, isClosed: false };
  socket.on('error', ignore('being cut off is what some are here for'));
  socket.on('close', () => {
    caller.isClosed = true;
  });
  onTeardown(() => socket.destroy());
  await new Promise((resolve) => socket.once('connect', resolve));
  return caller;
}

function counted(): Record<string, number> {
  const { silent, refused, malformed } = counters;
  return { silent: silent.value, refused: refused.value, malformed: malformed.value };
}

function whenHeard(count: number): Promise<unknown> {
  return waitUntil(`${count} are heard`, () => heard.length === count);
}

beforeEach(() => {
  clock = new VirtualClock();
  heard = [];
  counters = arrivalCounters();
});

describe('behind a proxy that is trusted', () => {
  test('the client is whom the header names, and the rest is its own', async () => {
    await listen();
    const { socket } = await call();
    socket.write('PROXY TCP4 192.0.2.7 10.0.0.1 56324 9000\r\nhello');
    await whenHeard(1);
    socket.write(' again');
    await waitUntil('all has come', () => heard[0]?.text === 'hello again');
    expect(heard[0]).toMatchObject({ address: '192.0.2.7', isOver: false });
  });

  test('however the bytes come', async () => {
    await listen();
    const { socket } = await call();
    socket.setNoDelay(true);
    for (const byte of 'PROXY TCP6 2001:db8::7 2001:db8::1 56324 9000\r\nhi') {
      await new Promise((resolve) => socket.write(byte, resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await waitUntil('all has come', () => heard[0]?.text === 'hi');
    expect(heard[0]).toMatchObject({ address: '2001:db8::7' });
  });

  test('in binary, as load balancers of clouds write it', async () => {
    await listen();
    const { socket } = await call();
    const addresses = `20010db8000000000000000000000007${'0'.repeat(32)}dc042328`;
    const header = Buffer.from(`0d0a0d0a000d0a515549540a21210024${addresses}`, 'hex');
    socket.write(Buffer.concat([header, Buffer.from('hello')]));
    await waitUntil('all has come', () => heard[0]?.text === 'hello');
    expect(heard[0]).toMatchObject({ address: '2001:db8::7' });
  });

  test('a client on the same machine needs no header', async () => {
    await listen();
    const { socket } = await call();
    socket.write('hello');
    await waitUntil('it has come', () => heard[0]?.text === 'hello');
    expect(heard[0]).toMatchObject({ address: '127.0.0.1' });
  });

  test('its header comes before the handshake, and a connection that has ended makes room', async () => {
    const authority = new Authority();
    const { cert, key } = authority.issue();
    const { port: tls } = await Tls.open({ tlsCert: cert, tlsKey: key });
    await listen({ tls, connectionsMax: 1 });
    for (const count of [1, 2]) {
      const caller = await call();
      await new Promise((resolve) =>
        caller.socket.write('PROXY TCP4 192.0.2.7 10.0.0.1 56324 9000\r\n', resolve),
      );
      const secure = connectTls({
        socket: caller.socket,
        ca: readFileSync(authority.ca),
        servername: 'localhost',
      });
      secure.write('hello');
      await waitUntil('it has come', () => heard[count - 1]?.text === 'hello');
      expect(heard[count - 1]).toMatchObject({ address: '192.0.2.7', isOver: false });
      secure.destroy();
      await waitUntil('it has ended', () => heard[count - 1]?.isClosed);
    }
  });

  test('a header that is none ends the connection', async () => {
    await listen();
    const caller = await call();
    caller.socket.write('PROXY TCP4 192.0.2.7\r\nhello');
    await waitUntil('it is ended', () => caller.isClosed);
    expect(heard).toEqual([]);
    expect(counted()).toEqual({ silent: 0, refused: 0, malformed: 1 });
  });

  test('a probe of the proxy, for nobody, is as quiet as one without', async () => {
    await listen();
    const probes = [await call(), await call()];
    probes[0]?.socket.end('PROXY TCP4 192.0.2.7 10.0.0.1 56324 9000\r\n');
    probes[1]?.socket.end();
    await waitUntil('they are gone', () => probes.every(({ isClosed }) => isClosed));
    expect(heard).toEqual([]);
    expect(counted()).toEqual({ silent: 0, refused: 0, malformed: 0 });
  });
});

test('the word of whom is not trusted is not taken: it comes as bytes', async () => {
  await listen({ isTrustedProxy: false });
  const { socket } = await call();
  const line = 'PROXY TCP4 192.0.2.7 10.0.0.1 56324 9000\r\n';
  socket.write(line);
  await waitUntil('it has come', () => heard[0]?.text === line);
  expect(heard[0]).toMatchObject({ address: '127.0.0.1' });
});

test('whoever says nothing is ended in time, whatever a proxy said before', async () => {
  await listen();
  const silent = await call();
  const proxied = await call();
  proxied.socket.write('PROXY TCP4 192.0.2.7 10.0.0.1 56324 9000\r\n');
  const talking = await call();
  talking.socket.write('hello');
  await whenHeard(1);
  await clock.advance(limits.loginMsMax + 2 * limits.sweepMs);
  await waitUntil('they are ended', () => silent.isClosed && proxied.isClosed);
  expect(talking.isClosed).toBe(false);
  expect(counted()).toMatchObject({ silent: 2 });
});

describe('when there is no room', () => {
  test('there is none on any port', async () => {
    await listen({ connectionsMax: 1 });
    (await call()).socket.write('hello');
    await whenHeard(1);
    port = await ports.listen({ host: '127.0.0.1', port: 0 }, hear);
    (await call()).socket.write('hello');
    await whenHeard(2);
    expect(heard.map(({ isOver }) => isOver)).toEqual([false, true]);
  });

  test('whoever has something to say is told, up to a bound; the rest is ended at once', async () => {
    await listen({ connectionsMax: 2 });
    const callers: Caller[] = [];
    for (let count = 0; count < 2 + limits.connectionsOverMax; count++) {
      const caller = await call();
      caller.socket.write('hello');
      await whenHeard(count + 1);
      callers.push(caller);
    }
    expect(heard.map(({ isOver }) => isOver)).toEqual(callers.map((_, index) => index >= 2));
    const last = await call();
    await waitUntil('it is ended', () => last.isClosed);
    expect(counted()).toEqual({ silent: 0, refused: 1, malformed: 0 });

    for (const { socket } of callers) socket.destroy();
    await waitUntil('there is room again', async () => {
      const before = heard.length;
      const { socket } = await call();
      socket.write('next');
      await waitUntil('it is heard or ended', () => heard.length > before || socket.destroyed);
      return heard.at(-1)?.text === 'next' && heard.at(-1)?.isOver === false;
    });
  });

  test('those who have said nothing for a while make room for others', async () => {
    await listen({ connectionsMax: 2 });
    const silent = [await call(), await call()];
    await clock.advance(limits.silenceBeforeEvictionMs);
    const talking = await call();
    talking.socket.write('hello');
    await whenHeard(1);
    expect(heard[0]?.isOver).toBe(false);
    await waitUntil('the first is ended', () => silent[0]?.isClosed);
    expect(silent[1]?.isClosed).toBe(false);
    expect(counted()).toEqual({ silent: 1, refused: 0, malformed: 0 });
  });
});

test('a port that is closed ends those who have said nothing', async () => {
  await listen();
  const silent = await call();
  ports.close();
  await waitUntil('it is ended', () => silent.isClosed);
  expect(clock.timerCount).toBe(0);
});

test('once it was handed over, nothing is left of a socket’s arrival', async () => {
  const sockets: Socket[] = [];
  const listener = await openTcpPort({
    onArrival: (socket) => {
      onTeardown(() => socket.destroy());
      sockets.push(socket);
    },
  });
  ({ port } = listener);
  const { socket } = await call();
  socket.write('hello');
  const arrived = await waitUntil('it is handed over', () => sockets[0]);
  const listeners = ['readable', 'error', 'close'].map((name) => arrived.listenerCount(name));
  // Its end makes room for another.
  expect(listeners).toEqual([0, 0, 1]);
});
