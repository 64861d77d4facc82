/**
 * What connections make a server hold is weighed: frames that do not end, and messages that no route
 * answers. Who holds most goes first, or without; who holds little is served.
 */
import { expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import { closeCodes } from '../../../src/codec/close-codes.ts';
import { command } from '../../../src/codec/commands.ts';
import { encodeRequest } from '../../../src/codec/sdk-frame.ts';
import { waitingWriteBytes } from '../../../src/net/outbox.ts';
import { settle } from '../../support/virtual-clock.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { cimLogin, GatewayHarness, message, type Peer, readOf } from './support/gateway-harness.ts';

const busy = 8100;
const mib = 1024 * 1024;
const text = 'x'.repeat(60_000);

/** The beginning of a frame of 1 MiB. */
function begin(peer: Peer, bytes: number): void {
  peer.write(Buffer.concat([Buffer.from('808040', 'hex'), Buffer.alloc(bytes, 1)]));
}

async function logins(harness: GatewayHarness, count: number): Promise<Peer[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => harness.cim(index + 1)));
}

function codesOf(peer: Peer): number[] {
  return peer.received(command.ack).map(({ code }) => code);
}

test('a frame that was begun is ended in time, or its connection is', async () => {
  const harness = new GatewayHarness();
  const [amy, bob] = (await logins(harness, 2)) as [Peer, Peer];
  begin(amy, 100);
  const last = message(1);
  bob.write(last.subarray(0, 10));
  await harness.clock.advance(limits.frameMsMax - limits.sweepMs);
  bob.write(last.subarray(10));
  await bob.when(({ cmd }) => cmd === command.ack);
  await harness.clock.advance(3 * limits.sweepMs);
  expect(await amy.when(({ cmd }) => cmd === command.close)).toMatchObject({
    code: closeCodes.unfinished.code,
  });
  expect(bob.received(command.close)).toEqual([]);
});

test('a byte now and then is not enough, and a slow uplink is', async () => {
  const harness = new GatewayHarness();
  const [amy, bob] = (await logins(harness, 2)) as [Peer, Peer];
  begin(amy, 1);
  const long = message(1, text);
  let sent = 0;
  while (codesOf(bob).length === 0) {
    amy.write(Buffer.of(1));
    bob.write(long.subarray(sent, sent + limits.bytesPerSecondMin));
    sent += limits.bytesPerSecondMin;
    await harness.clock.advance(1_000);
  }
  expect(codesOf(bob)).toEqual([0]);
  await amy.when(({ code }) => code === closeCodes.unfinished.code);
});

test('one frame after the other, each in two pieces, is no slow one', async () => {
  const harness = new GatewayHarness();
  const amy = await harness.cim(1);
  let rest: Uint8Array = Buffer.alloc(0);
  for (let sendSeq = 1; sendSeq <= 30; sendSeq++) {
    const next = message(sendSeq);
    amy.write(Buffer.concat([rest, next.subarray(0, 5)]));
    rest = next.subarray(5);
    await harness.clock.advance(1_000);
  }
  expect(codesOf(amy)).toHaveLength(29);
  expect(amy.received(command.close)).toEqual([]);
});

test('half-read frames of all have a bound, and who holds most goes first', async () => {
  const harness = new GatewayHarness({ budgetBytes: 32 * mib });
  const [small, ...large] = (await logins(harness, 14)) as [Peer, ...Peer[]];
  small.write(message(1).subarray(0, 6));
  const most: number[] = [];
  for (const peer of large) {
    begin(peer, 900_000);
    await settle();
    await waitUntil('it is read', () => peer.stream.writableLength === 0);
    most.push(harness.gateway.budgets.halfRead.bytes);
  }
  expect(Math.max(...most)).toBeGreaterThan(2 * mib);
  expect(Math.max(...most)).toBeLessThanOrEqual(4 * mib);
  expect(harness.count('connections.closed.slow')).toBeGreaterThan(0);
  small.write(message(1).subarray(6));
  await small.when(({ cmd }) => cmd === command.ack);
  for (const peer of large) peer.server.destroy();
  await waitUntil('all is given back', () => harness.gateway.budgets.halfRead.bytes === 0);
});

test('a connection has so many bytes in flight, and is read on when half is answered', async () => {
  const harness = new GatewayHarness();
  const amy = await harness.cim(1);
  harness.submits.hold();
  const count = 40;
  for (let sendSeq = 1; sendSeq <= count; sendSeq++) amy.write(message(sendSeq, text));
  const { inFlight } = harness.gateway.budgets;
  await waitUntil('the bound is reached', () => amy.server.isPaused());
  await settle();
  expect(inFlight.bytes).toBeLessThan(limits.inFlightBytesPerConnectionMax + 2 * text.length);
  harness.submits.release();
  await waitUntil('all are answered', () => codesOf(amy).length === count);
  expect(codesOf(amy)).toEqual(Array.from({ length: count }, () => 0));
  expect([inFlight.bytes, inFlight.count]).toEqual([0, 0]);
});

test('of many who send much each has a share in flight, and who sends little waits for none', async () => {
  const harness = new GatewayHarness();
  const [honest, ...greedy] = (await logins(harness, 21)) as [Peer, ...Peer[]];
  harness.submits.hold();
  const count = 2_000;
  const { inFlight } = harness.gateway.budgets;
  const all = Array.from({ length: count }, (_, index) => message(index + 1));
  // In one piece: what is not taken of it waits where it is.
  for (const peer of greedy) peer.write(Buffer.concat(all));
  await waitUntil('all are held back', () => greedy.every(({ server }) => server.isPaused()));
  for (let turn = 0; turn < 100; turn++) await settle();
  expect(inFlight.count).toBeGreaterThanOrEqual(limits.inFlightSharedMax);
  const littleOfAll = greedy.length * limits.inFlightShareMin;
  expect(inFlight.count).toBeLessThanOrEqual(limits.inFlightSharedMax + littleOfAll);
  const before = inFlight.count;
  honest.write(Buffer.concat([message(1), message(2)]));
  await honest.settled();
  expect(inFlight.count).toBe(before + 2);
  harness.submits.release();
  await waitUntil('all are answered', () => greedy.every((peer) => codesOf(peer).length === count));
  for (const userId of greedy.map((_, index) => index + 2)) {
    let next = 1;
    for (const { from, sendSeq, count } of harness.submits.entries) {
      if (from !== userId) continue;
      expect(sendSeq).toBe(next);
      next += count;
    }
    expect(next).toBe(count + 1);
  }
  expect([inFlight.bytes, inFlight.count]).toEqual([0, 0]);
});

test('what each of a hundred sends at once crosses in a few runs, whatever bounds hold it', async () => {
  const harness = new GatewayHarness();
  const crowd = await logins(harness, 100);
  const count = 100;
  harness.submits.hold();
  const all = Array.from({ length: count }, (_, index) => message(index + 1, 'x'.repeat(64)));
  for (const peer of crowd) peer.write(Buffer.concat(all));
  const sent = () => harness.submits.entries.reduce((sum, entry) => sum + entry.count, 0);
  await waitUntil('all are sent', () => sent() === crowd.length * count);
  expect(harness.submits.entries.length).toBeLessThanOrEqual(3 * crowd.length);
  harness.submits.release();
  await waitUntil('all are answered', () => crowd.every((peer) => codesOf(peer).length === count));
});

test('while no route answers, many long messages are refused for now, and short ones are not', async () => {
  const harness = new GatewayHarness({ budgetBytes: 32 * mib });
  const [honest, ...greedy] = (await logins(harness, 100)) as [Peer, ...Peer[]];
  harness.submits.hold();
  const { inFlight } = harness.gateway.budgets;
  for (const peer of greedy)
    for (let sendSeq = 1; sendSeq <= 10; sendSeq++) peer.write(message(sendSeq, text));
  await waitUntil('some are refused', () => greedy.some((peer) => codesOf(peer).includes(busy)));
  expect(inFlight.bytes).toBeLessThanOrEqual(inFlight.bytesMax);
  expect(harness.count('sends.refused.memory')).toBeGreaterThan(0);
  honest.write(message(1, 'only a few words'));
  await honest.settled();
  expect(codesOf(honest)).toEqual([]);
  harness.submits.release();
  await waitUntil('it is answered', () => codesOf(honest).length === 1);
  expect(codesOf(honest)).toEqual([0]);
  await waitUntil('all is given back', () => inFlight.bytes === 0);
});

test.each([
  ['heartbeats', encodeRequest({ cmd: command.ping, reqMsg: 'ping' })],
  ['reads', readOf('')],
  ['places in a timeline', encodeRequest({ cmd: command.ack, after: 1 })],
  [
    'messages that are not stored',
    encodeRequest({ cmd: command.message, reqMsg: 'x', to: 2, transient: true }),
  ],
  ['messages', message(1)],
])('a crowd that sends %s without end leaves others their turns', async (_, frame) => {
  const harness = new GatewayHarness();
  const [honest, ...crowd] = (await logins(harness, 11)) as [Peer, ...Peer[]];
  const piece = Buffer.concat(Array.from({ length: 20_000 }, () => frame));
  for (const peer of crowd) peer.write(piece);
  honest.write(message(1));
  await honest.when(({ cmd }) => cmd === command.ack);
  expect(crowd.every(({ server }) => server.readableLength > piece.length / 2)).toBe(true);
  for (const peer of crowd) peer.server.destroy();
});

test('a crowd that sends long frames leaves others their turns', async () => {
  const harness = new GatewayHarness();
  const [honest, ...crowd] = (await logins(harness, 11)) as [Peer, ...Peer[]];
  for (const peer of crowd) {
    begin(peer, 0);
    for (let piece = 0; piece < 15; piece++) peer.write(Buffer.alloc(64 * 1024));
  }
  honest.write(message(1));
  await honest.when(({ cmd }) => cmd === command.ack);
  expect(harness.gateway.budgets.halfRead.bytes).toBeLessThan(5 * mib);
  for (const peer of crowd) peer.server.destroy();
});

/** Asks for answers until they fill the streams, and then one at a time: so each waits by itself. */
async function pingUnread(peers: readonly Peer[], turns: number): Promise<void> {
  const ping = encodeRequest({ cmd: command.ping });
  for (const peer of peers) {
    peer.stream.pause();
    for (let count = 0; count < 30; count++) peer.write(Buffer.concat(Array(1_000).fill(ping)));
  }
  await waitUntil('answers wait', () =>
    peers.every(({ server, stream }) => server.writableLength > 0 && stream.writableLength === 0),
  );
  for (let turn = 0; turn < turns; turn++) {
    for (const peer of peers) peer.write(ping);
    await settle();
  }
}

test('a peer that asks for short answers and takes none is closed for what they cost, also before its login is over', async () => {
  const harness = new GatewayHarness();
  harness.opens.hold();
  const peer = harness.connect();
  peer.write(cimLogin());
  await waitUntil('its login is under way', () => harness.opens.heldCount === 1);
  await pingUnread([peer], 100);
  expect(harness.count('connections.closed.slow')).toBe(0);
  await pingUnread([peer], (2 * limits.outboxBytesMax) / waitingWriteBytes);
  expect(harness.count('connections.closed.slow')).toBe(1);
  peer.server.destroy();
});

test('short answers that nobody takes are weighed as what they cost, and many such peers are dropped in time', async () => {
  const budgetBytes = 8 * mib;
  const harness = new GatewayHarness({ budgetBytes });
  const crowd = await logins(harness, 20);
  await pingUnread(crowd, (1.5 * budgetBytes) / crowd.length / waitingWriteBytes);
  const held = [...harness.gateway.sessions()].reduce((sum, each) => sum + each.unreadBytes, 0);
  expect(held).toBeLessThanOrEqual(budgetBytes + limits.turnWorkMax * waitingWriteBytes);
  expect(harness.count('connections.closed.slow')).toBeGreaterThan(0);
  for (const peer of crowd) peer.server.destroy();
});

test('of many who send much at the same moment some are read, and what waits for its turn is weighed', async () => {
  const harness = new GatewayHarness();
  const crowd = await logins(harness, 100);
  const piece = 64 * 1024;
  let readOf = 0;
  for (const { server } of crowd)
    server.once('data', () => {
      if (server.readableLength === 0) readOf += 1;
    });
  for (const peer of crowd) begin(peer, piece);
  await Promise.resolve();
  await settle();
  expect(readOf).toBeGreaterThan(0);
  expect(readOf).toBeLessThanOrEqual(2 * Math.ceil(limits.turnWorkMax / (piece >> 8)));
  expect(harness.gateway.budgets.process.heldBytes).toBeGreaterThanOrEqual(crowd.length * piece);
  await waitUntil('all are read', () => crowd.every(({ server }) => server.readableLength === 0));
  for (const { server } of crowd) server.destroy();
});
