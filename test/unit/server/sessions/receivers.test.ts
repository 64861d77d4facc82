/** Transient messages whose receivers are on the same server: they do not leave it. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { limits } from '../../../../src/base/limits.ts';
import { command } from '../../../../src/codec/commands.ts';
import { encodeRequest } from '../../../../src/codec/sdk-frame.ts';
import { waitUntil } from '../../../support/wait-until.ts';
import { GatewayHarness, type Peer } from '../support/gateway-harness.ts';

let harness: GatewayHarness;

beforeEach(() => {
  harness = new GatewayHarness();
});

function transient(text: string, to = 2): Uint8Array {
  return encodeRequest({ cmd: command.message, reqMsg: text, to, sendSeq: 7, transient: true });
}

function texts(peer: Peer): string[] {
  return peer.received(command.message).map(({ resMsg }) => resMsg);
}

/** A route that knows these connections, and no others. */
function here(...userIds: number[]): void {
  harness.locates.answer = ({ userId }) => ({
    code: 0,
    here: true,
    sessionIds: userIds.includes(userId) ? [harness.sessionOf(userId)] : [],
  });
}

/** A connection that has written to user 2 before. */
async function acquainted(): Promise<[Peer, Peer]> {
  const [amy, bob] = [await harness.cim(1), await harness.cim(2)];
  here(1, 2);
  amy.write(transient('first'));
  await bob.when(({ cmd }) => cmd === command.message);
  return [amy, bob];
}

test('a message is what the client sent, with the sender and the time behind it', async () => {
  const [, bob] = await acquainted();
  expect(bob.received(command.message)).toMatchObject([
    { resMsg: 'first', to: 2, sendSeq: 7, transient: true, from: 1, fromName: 'user-1', seq: 0 },
  ]);
  const [message] = bob.received(command.message);
  expect(message?.at).toBe(harness.clock.now());
  expect(Buffer.from(message?.fromEpoch ?? []).toString('hex')).toBe('01'.repeat(8));
  expect(harness.transients.entries).toEqual([]);
  expect(harness.count('transient.delivered')).toBe(1);
});

test('a route is asked once, and what comes before it answers waits in its place', async () => {
  const [amy, bob] = [await harness.cim(1), await harness.cim(2)];
  here(2);
  harness.locates.hold();
  for (const text of ['a', 'b', 'c']) amy.write(transient(text));
  await amy.settled();
  expect(texts(bob)).toEqual([]);
  harness.locates.release();
  await bob.when(({ resMsg }) => resMsg === 'c');
  amy.write(transient('d'));
  await bob.when(({ resMsg }) => resMsg === 'd');
  expect(texts(bob)).toEqual(['a', 'b', 'c', 'd']);
  expect(harness.locates.entries).toEqual([{ userId: 2, instance: 'me' }]);
});

test('for a receiver with a connection elsewhere, all goes to a route, in order', async () => {
  const amy = await harness.cim(1);
  harness.locates.hold();
  amy.write(transient('a'));
  await amy.settled();
  harness.locates.release();
  amy.write(transient('b'));
  await waitUntil('both are with a route', () => harness.transients.entries.length === 2);
  const bodies = harness.transients.entries.map(({ body }) => Buffer.from(body).toString('latin1'));
  expect(bodies.map((body) => /[ab]/.exec(body)?.[0])).toEqual(['a', 'b']);
});

test('to oneself it reaches the other devices only', async () => {
  const amy = await harness.cim(1);
  here(1);
  amy.write(transient('to me', 1));
  await amy.settled();
  expect(texts(amy)).toEqual([]);
});

test('to nobody it is counted', async () => {
  const amy = await harness.cim(1);
  here();
  amy.write(transient('hello?'));
  await waitUntil('it is dropped', () => harness.count('transient.nobody') === 1);
  expect(harness.transients.entries).toEqual([]);
});

test('a text that is too long is left to a route, which refuses it', async () => {
  const [amy, bob] = await acquainted();
  amy.write(transient('x'.repeat(limits.textBytesMax + 1)));
  await waitUntil('it is with a route', () => harness.transients.entries.length === 1);
  expect(texts(bob)).toEqual(['first']);
});

test.each([
  ['a text beside it', { reqMsg: 'x', sealed: new Uint8Array(8) }],
  ['more than may be sealed', { sealed: new Uint8Array(limits.sealedBytesMax + 1) }],
])('what is sealed with %s is left to a route, which refuses it', async (_, fields) => {
  const [amy, bob] = await acquainted();
  amy.write(encodeRequest({ cmd: command.message, to: 2, sendSeq: 8, transient: true, ...fields }));
  await waitUntil('it is with a route', () => harness.transients.entries.length === 1);
  expect(texts(bob)).toEqual(['first']);
});

test('more than may wait for the answer are dropped, and counted', async () => {
  const amy = await harness.cim(1);
  harness.locates.hold();
  const flood = Buffer.concat(
    Array.from({ length: limits.transientsWaitingMax + 5 }, () => transient('x')),
  );
  amy.write(flood);
  await waitUntil('all are read', () => {
    return harness.count('transient.sent') === limits.transientsWaitingMax + 5;
  });
  expect(harness.count('transient.dropped.way')).toBe(5);
});

test('of very many receivers so many are asked for as messages may wait, and of each again later', async () => {
  const amy = await harness.cim(1);
  harness.locates.hold();
  const many = limits.transientsWaitingMax + 100;
  amy.write(Buffer.concat(Array.from({ length: many }, (_, index) => transient('x', 10 + index))));
  await waitUntil('all are read', () => harness.count('transient.sent') === many);
  expect(harness.count('transient.dropped.way')).toBe(100);
  harness.locates.release();
  const asked = () => harness.locates.entries.length;
  await waitUntil('they are asked for', () => asked() === limits.transientsWaitingMax);
  await amy.settled();
  amy.write(transient('again', 10 + many - 1));
  await waitUntil('so is the last', () => asked() === limits.transientsWaitingMax + 1);
});

describe('where a receiver is, is asked anew', () => {
  test('when one of its connections comes or goes', async () => {
    const [amy, bob] = await acquainted();
    harness.locates.answer = () => ({ code: 0, here: false, sessionIds: [] });
    bob.stream.end();
    await waitUntil('it is asked', () => harness.locates.entries.length === 2);
    amy.write(transient('elsewhere'));
    await waitUntil('it is with a route', () => harness.transients.entries.length === 1);
  });

  test('every second while there are messages, without holding them up', async () => {
    const [amy, bob] = await acquainted();
    harness.locates.hold();
    await harness.clock.advance(limits.sweepMs);
    await waitUntil('it is asked', () => harness.locates.heldCount === 1);
    amy.write(transient('meanwhile'));
    await bob.when(({ resMsg }) => resMsg === 'meanwhile');
    harness.locates.answer = () => ({ code: 0, here: false, sessionIds: [] });
    harness.locates.release();
    amy.write(transient('later'));
    await waitUntil('it is with a route', () => harness.transients.entries.length === 1);
  });

  test('in slices, however many there are: and a new one does not wait behind them', async () => {
    const amy = await harness.cim(1);
    const known = 3 * limits.callsUnderWayMax;
    for (let to = 10; to < 10 + known; to++) amy.write(transient('x', to));
    await waitUntil('all are asked once', () => harness.locates.answered === known);
    harness.locates.hold();
    await harness.clock.advance(limits.sweepMs);
    const { callsUnderWayMax } = limits;
    await waitUntil('a slice is asked', () => harness.locates.heldCount === callsUnderWayMax);
    // Nor are those that wait asked twice.
    for (let to = 10; to < 10 + known; to++) amy.write(transient('y', to));
    await amy.settled();
    await harness.clock.advance(limits.sweepMs);
    await amy.settled();
    expect(harness.locates.heldCount).toBe(callsUnderWayMax);
    amy.write(transient('to a new one', 9));
    await waitUntil('it is asked', () => harness.locates.heldCount === callsUnderWayMax + 1);
    expect(harness.locates.entries.at(-1)).toEqual({ userId: 9, instance: 'me' });
    harness.locates.release();
    await waitUntil('all are answered', () => harness.locates.answered >= 2 * known + 1);
    expect(harness.locates.answered).toBe(2 * known + 1);
  });

  test('not any more when there are none', async () => {
    await acquainted();
    await harness.clock.advance(limits.sweepMs);
    await waitUntil('it is asked', () => harness.locates.entries.length === 2);
    await harness.clock.advance(5 * limits.sweepMs);
    await harness.cim(9).then((peer) => peer.settled());
    expect(harness.locates.entries).toHaveLength(2);
  });
});
