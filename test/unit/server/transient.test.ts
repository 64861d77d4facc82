/** Transient messages at the gateway: what clients send, and what routes hand out to them. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { callOne } from '../../../src/api/batch-call.ts';
import { limits } from '../../../src/base/limits.ts';
import { command, lobby } from '../../../src/codec/commands.ts';
import { appendOrigin } from '../../../src/codec/message-body.ts';
import { encodeContent } from '../../../src/codec/message-content.ts';
import { encodeRequest, type RequestFields } from '../../../src/codec/sdk-frame.ts';
import { settle } from '../../support/virtual-clock.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { body, GatewayHarness, message, type Peer, readOf } from './support/gateway-harness.ts';

let harness: GatewayHarness;

beforeEach(() => {
  harness = new GatewayHarness();
});

function transient(text = 'typing'): Uint8Array {
  return encodeRequest({ cmd: command.message, reqMsg: text, to: 2, transient: true });
}

function deliver(pushed: Uint8Array, to: { sessionIds?: number[]; group?: string }) {
  const entry = { sessionIds: [], group: '', instance: 'me', body: pushed, ...to };
  return callOne(harness.gateway.api.transient, entry);
}

/** Short enough for a length of one byte. */
function unframed(frame: Uint8Array): Uint8Array {
  return frame.subarray(1);
}

function texts(peer: Peer): string[] {
  return peer.received(command.message).map(({ resMsg }) => resMsg);
}

describe('a client', () => {
  test('is not answered, and needs no number', async () => {
    const amy = await harness.cim(1);
    amy.write(Buffer.concat([transient('a'), message(1), transient('b')]));
    await amy.when(({ cmd }) => cmd === command.ack);
    await waitUntil('both are with a route', () => harness.transients.entries.length === 2);
    await amy.settled();
    expect(amy.received(command.ack)).toHaveLength(1);
    expect(harness.submits.entries).toHaveLength(1);
    expect(harness.count('transient.sent')).toBe(2);
  });

  test('is not held back by them, however many wait for a route', async () => {
    const amy = await harness.cim(1);
    harness.transients.hold();
    for (let index = 0; index < 2 * limits.inFlightPerConnectionMax; index++)
      amy.write(transient());
    const count = 2 * limits.inFlightPerConnectionMax;
    await waitUntil('a route has them', () => harness.transients.entries.length === count);
  });

  test('that floods is read a part per turn, so that others have theirs', async () => {
    const [flooder, other] = [await harness.cim(1), await harness.cim(3)];
    const count = 40 * limits.turnWorkMax;
    for (let index = 0; index < count; index++) flooder.write(transient());
    await settle();
    other.write(message(1));
    await other.when(({ cmd }) => cmd === command.ack);
    expect(harness.transients.entries.length).toBeLessThan(count);
    await waitUntil('all are read', () => harness.transients.entries.length === count);
  });

  test('of which no route takes them is not told, but operators are', async () => {
    harness.transients.answer = () => ({ code: 8100 });
    const amy = await harness.cim(1);
    amy.write(transient());
    await waitUntil('it is counted', () => harness.count('transient.dropped.way') === 1);
    await amy.settled();
    expect(amy.frames.map(({ cmd }) => cmd)).toEqual([command.welcome, command.ping]);
  });
});

describe('a receiver', () => {
  test('is written the message without a number', async () => {
    const [amy, bob] = [await harness.cim(1), await harness.cim(3)];
    await deliver(body(9, 'typing'), { sessionIds: [harness.sessionOf(1), 999] });
    const got = await amy.when(({ cmd }) => cmd === command.message);
    expect(got).toMatchObject({ resMsg: 'typing', from: 9, seq: 0 });
    await bob.settled();
    expect(texts(bob)).toEqual([]);
    expect(harness.count('transient.delivered')).toBe(1);
  });

  test('of another process at the same address is not confused with one here', async () => {
    const amy = await harness.cim(1);
    const entry = { sessionIds: [harness.sessionOf(1)], group: '', body: body(9, 'typing') };
    await callOne(harness.gateway.api.transient, { ...entry, instance: 'my predecessor' });
    await amy.settled();
    expect(texts(amy)).toEqual([]);
  });

  test('that says something only by its content is nothing to a Java client', async () => {
    const [java, bob] = [await harness.java(2), await harness.cim(3)];
    const pushed = (sendSeq: number, fields: RequestFields) => {
      const frame = { cmd: command.message, transient: true, sendSeq, ...fields };
      const origin = { from: 1, fromName: 'user-1', epochHex: '01'.repeat(8), at: 1 };
      return appendOrigin(unframed(encodeRequest(frame)), origin);
    };
    const content = encodeContent({ typing: { sendSeq: 1 } });
    const sessionIds = [harness.sessionOf(2), harness.sessionOf(3)];
    await deliver(pushed(1, { to: 2, content }), { sessionIds });
    await deliver(pushed(2, { to: 2, content, sealed: content }), { sessionIds });
    await deliver(pushed(3, { group: lobby, content }), { group: lobby });
    await deliver(pushed(4, { to: 2, content, reqMsg: 'a text' }), { sessionIds });
    await waitUntil('the last is shown', () => texts(java).length > 0);
    await waitUntil('all are shown', () => texts(bob).length === 4);
    expect(texts(java)).toEqual(['a text']);
  });

  test('that is a Java peer gets an ordinary message', async () => {
    const java = await harness.java(2);
    await waitUntil('it is logged in', () => [...harness.gateway.sessions()].length === 1);
    await deliver(body(9, 'typing'), { sessionIds: [harness.sessionOf(2)] });
    expect(await java.when(({ cmd }) => cmd === command.message)).toMatchObject({
      resMsg: 'typing',
      properties: { sendUserId: '9', sendUserName: 'user-9', receiveUserId: '2' },
      from: 0,
    });
  });

  test('that is about to log in is passed over: the welcome comes first', async () => {
    harness.opens.hold();
    const amy = harness.connect();
    amy.write(
      encodeRequest({
        requestId: 1,
        reqMsg: 'amy',
        protocolVersion: 1,
        device: 'phone',
        connectionNumber: 1,
        epoch: new Uint8Array(8),
      }),
    );
    await waitUntil('the login is asked for', () => harness.opens.heldCount === 1);
    await deliver(body(9, 'typing'), { sessionIds: [harness.sessionOf(1)] });
    harness.opens.release();
    await amy.when(({ cmd }) => cmd === command.welcome);
    await amy.settled();
    expect(texts(amy)).toEqual([]);
  });

  test('that does not read is passed over, and misses nothing that is stored', async () => {
    const amy = await harness.cim(1);
    amy.stream.pause();
    const large = body(9, 'x'.repeat(10_000));
    for (let index = 0; index < 50; index++)
      await deliver(large, { sessionIds: [harness.sessionOf(1)] });
    await harness.push(1, 1, body(9, 'stored'));
    const dropped = harness.count('transient.dropped.reader');
    expect(dropped).toBeGreaterThan(0);
    expect(harness.count('transient.delivered')).toBe(50 - dropped);
    amy.stream.resume();
    await amy.when(({ resMsg }) => resMsg === 'stored');
    expect(texts(amy)).toHaveLength(51 - dropped);
  });
});

describe('a group', () => {
  test('gets it by its members here, but for the connection that sent it', async () => {
    const [amy, bob, stranger] = [await harness.cim(1), await harness.cim(3), await harness.cim(4)];
    for (const peer of [amy, bob]) {
      peer.write(readOf('chess'));
      await peer.when(({ cmd }) => cmd === command.read);
    }
    await deliver(body(1, 'thinking', 'chess'), { group: 'chess' });
    await Promise.all([amy.settled(), bob.settled(), stranger.settled()]);
    expect([amy, bob, stranger].map(texts)).toEqual([[], ['thinking'], []]);
  });

  test('that is the lobby is everybody', async () => {
    const [amy, bob, java] = [await harness.cim(1), await harness.cim(3), await harness.java(2)];
    await waitUntil('all are logged in', () => [...harness.gateway.sessions()].length === 3);
    await deliver(body(1, 'hello', 'lobby'), { group: 'lobby' });
    await Promise.all([amy.settled(), bob.settled(), java.settled()]);
    expect([amy, bob, java].map(texts)).toEqual([[], ['hello'], ['hello']]);
  });
});
