/**
 * What a gateway holds its clients to, whatever they are: how many come from where, how often they
 * log in, how much they send. One client's excess is never another's.
 */
import { expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import { closeCodes } from '../../../src/codec/close-codes.ts';
import { command } from '../../../src/codec/commands.ts';
import { encodeRequest } from '../../../src/codec/sdk-frame.ts';
import { waitUntil } from '../../support/wait-until.ts';
import {
  body,
  cimLogin,
  GatewayHarness,
  message,
  type Peer,
  readOf,
} from './support/gateway-harness.ts';

const amy = { address: '192.0.2.1', isOver: false };
const bob = { address: '192.0.2.2', isOver: false };
const busy = 8100;

async function login(harness: GatewayHarness, userId: number, from = amy): Promise<Peer> {
  const peer = harness.connect(from);
  peer.write(cimLogin(userId));
  await peer.when(({ cmd }) => cmd === command.welcome || cmd === command.close);
  return peer;
}

function closeOf(peer: Peer): number | undefined {
  return peer.received(command.close)[0]?.code;
}

function acksOf(peer: Peer): number[] {
  return peer.received(command.ack).map(({ code }) => code);
}

test('a connection for which there is no room is told so at its login', async () => {
  const harness = new GatewayHarness();
  const peer = await login(harness, 1, { ...amy, isOver: true });
  expect(peer.frames).toMatchObject([{ cmd: command.close, code: closeCodes.full.code }]);
  await peer.whenEnded();
  expect(harness.opens.entries).toEqual([]);
});

test('an address has so many connections; the next is told, and others are served', async () => {
  const harness = new GatewayHarness({ limits: { connectionsPerIp: 2 } });
  const first = await login(harness, 1);
  await login(harness, 2);
  expect(closeOf(await login(harness, 3))).toBe(closeCodes.full.code);
  expect(closeOf(await login(harness, 4, bob))).toBeUndefined();
  first.stream.end();
  await waitUntil('two are left', () => harness.gateway.connectionCount === 2);
  expect(closeOf(await login(harness, 5))).toBeUndefined();
});

test('of a flood from one address only a few wait to be told', async () => {
  const harness = new GatewayHarness({ limits: { connectionsPerIp: 2 } });
  const flood = Array.from({ length: 500 }, () => harness.connect(amy));
  expect(harness.gateway.connectionCount).toBe(2 + limits.connectionsOverMax);
  expect(harness.count('arrivals.refused')).toBe(500 - 2 - limits.connectionsOverMax);
  for (const peer of flood) peer.stream.end();
  await waitUntil('all are gone', () => harness.gateway.connectionCount === 0);
  expect(closeOf(await login(harness, 1))).toBeUndefined();
});

test('an address may log in so often; others are not held back', async () => {
  const harness = new GatewayHarness({ limits: { loginRate: 2 } });
  await login(harness, 1);
  await login(harness, 2);
  const refused = await login(harness, 3);
  expect(closeOf(refused)).toBe(closeCodes['too-fast'].code);
  await refused.whenEnded();
  expect(harness.count('connections.closed.too-fast')).toBe(1);
  expect(closeOf(await login(harness, 4, bob))).toBeUndefined();
  expect(harness.opens.entries.map(({ userId }) => userId)).toEqual([1, 2, 4]);
});

test('this machine is held to no limit, unless it is to be', async () => {
  const local = { address: '127.0.0.1', isOver: false };
  const settings = { connectionsPerIp: 1, loginRate: 1, sendRate: 1 };
  const open = new GatewayHarness({ limits: settings });
  const peers = [await login(open, 1, local), await login(open, 2, local)];
  expect(peers.map(closeOf)).toEqual([undefined, undefined]);
  const peer = peers[0] as Peer;
  for (let sendSeq = 1; sendSeq <= 50; sendSeq++) peer.write(message(sendSeq));
  await waitUntil('all are answered', () => acksOf(peer).length === 50);
  expect(acksOf(peer).filter((code) => code !== 0)).toEqual([]);

  const closed = new GatewayHarness({ limits: { ...settings, limitLoopback: true } });
  await login(closed, 1, local);
  expect(closeOf(await login(closed, 2, local))).toBe(closeCodes.full.code);
});

test('a user sends so much; what is too much is to be sent again, and is taken later', async () => {
  const harness = new GatewayHarness({ limits: { sendRate: 2 } });
  const peer = await login(harness, 1);
  const other = await login(harness, 2);
  const burst = 2 * limits.sendBurstSeconds;
  for (let sendSeq = 1; sendSeq <= burst + 1; sendSeq++) peer.write(message(sendSeq));
  await waitUntil('all are answered', () => acksOf(peer).length === burst + 1);
  const refused = peer.received(command.ack).filter(({ code }) => code !== 0);
  expect(refused).toMatchObject([{ to: 2, sendSeq: burst + 1, code: busy }]);
  expect(harness.submits.entries).toMatchObject([{ sendSeq: 1, count: burst }]);
  expect(harness.count('sends.refused.rate')).toBe(1);

  other.write(message(1));
  await waitUntil('the other is answered', () => acksOf(other).length === 1);
  expect(acksOf(other)).toEqual([0]);

  await harness.clock.advance(1_000);
  for (const sendSeq of [11, 12, 13]) peer.write(message(sendSeq));
  await waitUntil('the next are answered', () => acksOf(peer).length === burst + 4);
  expect(acksOf(peer).slice(-3).toSorted()).toEqual([0, 0, busy]);
});

test('a user has one rate, with however many devices and however often they come back', async () => {
  const harness = new GatewayHarness({ limits: { sendRate: 1 } });
  const burst = limits.sendBurstSeconds;
  const phone = await login(harness, 1);
  for (let sendSeq = 1; sendSeq <= burst; sendSeq++) phone.write(message(sendSeq));
  await waitUntil('all are answered', () => acksOf(phone).length === burst);
  phone.stream.end();
  await waitUntil('it has gone', () => harness.gateway.connectionCount === 0);
  const again = await login(harness, 1, bob);
  again.write(message(burst + 1));
  await waitUntil('it is answered', () => acksOf(again).length === 1);
  expect(acksOf(again)).toEqual([busy]);

  again.stream.end();
  await waitUntil('it is forgotten when it has rested', async () => {
    await harness.clock.advance(1_000);
    return harness.gateway.limits.sends.size === 0;
  });
});

test.each([
  ['texts', (sendSeq: number) => message(sendSeq, 'x'.repeat(limits.textBytesMax))],
  [
    'sealed messages',
    (sendSeq: number) =>
      encodeRequest({
        cmd: command.message,
        to: 2,
        sendSeq,
        sealed: new Uint8Array(limits.textBytesMax),
      }),
  ],
])('a user sends so many bytes of %s, however few they are', async (_, large) => {
  const harness = new GatewayHarness({ limits: { sendBytesRate: 1024 * 1024 } });
  const peer = await login(harness, 1);
  const fitting = Math.floor((limits.sendBurstSeconds * 1024 * 1024) / large(1).length);
  for (let sendSeq = 1; sendSeq <= fitting + 2; sendSeq++) peer.write(large(sendSeq));
  await waitUntil('all are answered', () => acksOf(peer).length === fitting + 2);
  expect(acksOf(peer).filter((code) => code === 0)).toHaveLength(fitting);
  expect(acksOf(peer).filter((code) => code === busy)).toHaveLength(2);
});

test('a user begins so many conversations; those begun go on', async () => {
  const harness = new GatewayHarness({ limits: { conversationRate: 3 } });
  const peer = await login(harness, 1);
  const first = (to: number, fields = {}) =>
    encodeRequest({ cmd: command.message, reqMsg: 'hi', to, sendSeq: 1, ...fields });
  for (const to of [2, 3]) peer.write(first(to));
  // Whatever its number, what says that all before it was answered may be new to the store.
  peer.write(first(4, { sendSeq: 7, restart: true }));
  for (const to of [5, 6]) peer.write(first(to));
  peer.write(first(7, { sendSeq: 7, restart: true }));
  for (const sendSeq of [2, 3, 4]) peer.write(message(sendSeq));
  peer.write(first(8, { transient: true }));
  await waitUntil('all are answered', () => acksOf(peer).length === 9);
  const refused = peer.received(command.ack).filter(({ code }) => code === busy);
  expect(refused.map(({ to }) => to)).toEqual([5, 6, 7]);
  expect(harness.count('sends.refused.rate')).toBe(3);
  expect(harness.count('transient.sent')).toBe(1);

  const again = await login(harness, 1, bob);
  again.write(first(2));
  await waitUntil('it is answered', () => acksOf(again).length === 1);
  expect(acksOf(again)).toEqual([busy]);
});

test('what is not stored is dropped when it is too much', async () => {
  const harness = new GatewayHarness({ limits: { sendRate: 1 } });
  const peer = await login(harness, 1);
  for (let count = 0; count < limits.sendBurstSeconds + 2; count++)
    peer.write(encodeRequest({ cmd: command.message, reqMsg: 'hi', to: 2, transient: true }));
  const { sendBurstSeconds } = limits;
  await waitUntil('a route has them', () => harness.transients.entries.length === sendBurstSeconds);
  await peer.settled();
  expect(harness.count('transient.dropped.rate')).toBe(2);
  expect(harness.transients.entries).toHaveLength(sendBurstSeconds);
});

test('a frame before the login is small', async () => {
  const harness = new GatewayHarness();
  const peer = harness.connect();
  peer.write(cimLogin(1, new Uint8Array(8), 'x'.repeat(limits.loginFrameBytesMax)));
  await peer.whenEnded();
  expect(harness.count('connections.closed.protocol-error')).toBe(1);
  const larger = await harness.cim(2);
  larger.write(message(1, 'x'.repeat(limits.loginFrameBytesMax)));
  await waitUntil('it is answered', () => acksOf(larger).length === 1);
});

test('half a login is no login: it is not waited for any longer', async () => {
  const harness = new GatewayHarness();
  const peer = harness.connect();
  const frame = cimLogin(1);
  peer.write(frame.subarray(0, 1));
  for (let byte = 1; byte < frame.length - 1 && !peer.ended; byte++) {
    await harness.clock.advance(1_000);
    peer.write(frame.subarray(byte, byte + 1));
  }
  expect(peer.ended).toBe(true);
  expect(harness.count('connections.closed.login-timeout')).toBe(1);
});

test('who reads much is slowed down and refused nothing; others, and links, are not', async () => {
  const bytesPerSecond = 100_000;
  const harness = new GatewayHarness({ limits: { readBytesRate: bytesPerSecond } });
  const bodies = [body(2, 'x'.repeat(50_000), 1)];
  const page = { code: 0, seqs: [1], bodies, head: 1, first: 1, rewound: false };
  harness.reads.answer = () => page;
  const peer = await login(harness, 1);
  const other = await login(harness, 2, bob);
  const pages = Math.ceil((bytesPerSecond * limits.readBurstSeconds) / 50_000);
  const asked = pages + 40;
  for (let read = 0; read < asked; read++) peer.write(readOf(''));
  const ends = () => peer.received(command.read);
  await waitUntil('the burst is read', () => ends().length >= pages);
  await peer.settled();
  expect(ends().length).toBeLessThanOrEqual(pages + limits.readsPerConnectionMax);
  other.write(readOf(''));
  await waitUntil('another one reads', () => other.received(command.read).length === 1);

  // A second device of the same user does not help.
  const second = await login(harness, 1, bob);
  second.write(readOf(''));
  await second.settled();
  expect(second.received(command.read)).toEqual([]);

  const before = ends().length;
  for (let second = 0; second < 5; second++) {
    await harness.clock.advance(1_000);
    await peer.settled();
  }
  expect(ends().length).toBeGreaterThan(before);
  expect(ends().length - before).toBeLessThanOrEqual(5 * 2 + limits.readsPerConnectionMax);
  for (let second = 0; second < 30; second++) {
    await harness.clock.advance(1_000);
    await peer.settled();
  }
  expect(ends()).toHaveLength(asked);
  expect(ends().every(({ code }) => code === 0)).toBe(true);
  expect(second.received(command.read)).toHaveLength(1);
});

test('with however many connections one user leaves pages for others, and gets all of theirs', async () => {
  const harness = new GatewayHarness({ limits: { readBytesRate: 1024 * 1024 } });
  harness.reads.hold();
  const own = await Promise.all(Array.from({ length: 20 }, () => login(harness, 1)));
  const each = 2 * limits.readsPerConnectionMax;
  for (const peer of own) {
    for (let read = 0; read < each; read++) peer.write(readOf(''));
    await peer.settled();
  }
  const other = await login(harness, 2, bob);
  other.write(readOf(''));
  const askedFor = (user: number) =>
    harness.reads.entries.filter(({ userId }) => userId === user).length;
  await waitUntil('it is asked for', () => askedFor(2) === 1);
  // And one when all that can be set aside is.
  expect(askedFor(1)).toBeLessThanOrEqual(limits.readsPerUserMax + 1);
  harness.reads.release();
  await waitUntil('all have come', async () => {
    await harness.clock.advance(1_000);
    return own.every((peer) => peer.received(command.read).length === each);
  });
});

test('nor does it help to leave before the pages come', async () => {
  const harness = new GatewayHarness({ limits: { readBytesRate: 1024 * 1024 } });
  harness.reads.hold();
  for (let round = 0; round < 20; round++) {
    const peer = await login(harness, 1);
    for (let read = 0; read < limits.readsPerConnectionMax; read++) peer.write(readOf(''));
    await peer.settled();
    peer.stream.end();
    await waitUntil('it is gone', () => harness.gateway.connectionCount === 0);
  }
  expect(harness.reads.entries.length).toBeLessThanOrEqual(limits.readsPerUserMax + 1);
});

test('a connection that ends while it is slowed down leaves nothing behind', async () => {
  const harness = new GatewayHarness({ limits: { readBytesRate: 1 } });
  const bodies = [body(2, 'x'.repeat(50_000), 1)];
  harness.reads.answer = () => ({ code: 0, seqs: [1], bodies, head: 1, first: 1, rewound: false });
  const peer = await login(harness, 1);
  for (let read = 0; read < 20; read++) peer.write(readOf(''));
  await peer.settled();
  const asked = harness.reads.entries.length;
  peer.stream.end();
  await waitUntil('it is gone', () => harness.gateway.connectionCount === 0);
  await harness.clock.advance(10 * 60_000);
  expect(harness.reads.entries.length).toBe(asked);
});
