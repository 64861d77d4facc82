/** What the gateway finds out by asking every 30 s: messages, sessions and groups that got lost. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import { closeAdvice, closeCodes } from '../../../src/codec/close-codes.ts';
import { command } from '../../../src/codec/commands.ts';
import { encodeRequest } from '../../../src/codec/sdk-frame.ts';
import { waitUntil } from '../../support/wait-until.ts';
import {
  body,
  emptyPage,
  GatewayHarness,
  message,
  opened,
  type Peer,
  readOf,
} from './support/gateway-harness.ts';

let harness: GatewayHarness;

beforeEach(() => {
  harness = new GatewayHarness();
});

/** Lets the time pass, while these are heard of. */
async function pass(ms: number, ...peers: readonly Peer[]): Promise<void> {
  const stepMs = 10_000;
  for (let passed = 0; passed < ms; passed += stepMs) {
    await harness.clock.advance(Math.min(stepMs, ms - passed));
    await Promise.all(peers.map((peer) => peer.settled()));
  }
}

function hints(peer: Peer): [string, number][] {
  return peer.received(command.hint).map(({ group, head }) => [group, head]);
}

describe('each connection', () => {
  test('is asked about once in a period, not all in one second', async () => {
    const crowd = limits.checkMs / limits.sweepMs;
    const peers = await Promise.all(
      Array.from({ length: crowd }, (_, index) => harness.cim(index + 1)),
    );
    await pass(limits.checkMs, ...peers);
    expect(harness.checks.entries).toHaveLength(crowd);
    expect(new Set(harness.checks.entries.map(({ userId }) => userId)).size).toBe(crowd);
    const before = harness.checks.entries.length;
    await harness.clock.advance(limits.sweepMs);
    expect(harness.checks.entries).toHaveLength(before + 1);
    expect(harness.checks.entries[0]).toMatchObject({
      device: 'phone',
      connectionNumber: 7,
      instance: 'me',
    });
  });

  test('is told to read when a newer message is stored than was pushed', async () => {
    harness.opens.answer = () => ({ ...opened, head: 2 });
    const amy = await harness.cim(1);
    harness.checks.answer = () => ({ code: 0, known: true, head: 3, marksVersion: 0 });
    await pass(limits.checkMs + limits.sweepMs, amy);
    expect(hints(amy)).toEqual([['', 3]]);
    await pass(limits.checkMs, amy);
    expect(hints(amy)).toEqual([['', 3]]);
    expect(harness.count('checks.missed')).toBe(1);
  });

  test('is left alone while the answer has only overtaken the push', async () => {
    const amy = await harness.cim(1);
    harness.checks.answer = () => ({ code: 0, known: true, head: 3, marksVersion: 0 });
    await waitUntil('it is asked about', async () => {
      await harness.clock.advance(limits.sweepMs);
      return harness.checks.answered === 1;
    });
    await harness.push(1, 3, body(9, 'late'));
    await pass(limits.checkMs, amy);
    expect(hints(amy)).toEqual([]);
  });

  test('is left alone when what is new is its own', async () => {
    const amy = await harness.cim(1);
    harness.submits.answer = () => ({ code: 0, seq: 4, expected: 0, duplicates: 0 });
    harness.checks.answer = () => ({ code: 0, known: true, head: 4, marksVersion: 0 });
    amy.write(message(1));
    await amy.when(({ cmd }) => cmd === command.ack);
    await pass(2 * limits.checkMs, amy);
    expect(hints(amy)).toEqual([]);
  });

  test('is told of what is new also when numbers were given out anew', async () => {
    harness.opens.answer = () => ({ ...opened, head: 9 });
    const amy = await harness.cim(1);
    harness.checks.answer = () => ({ code: 0, known: true, head: 5, marksVersion: 0 });
    await pass(limits.checkMs, amy);
    harness.checks.answer = () => ({ code: 0, known: true, head: 6, marksVersion: 0 });
    await pass(limits.checkMs + limits.sweepMs, amy);
    expect(hints(amy)).toEqual([['', 6]]);
  });

  test('of a Java peer reads what was not pushed', async () => {
    const java = await harness.java(2);
    harness.checks.answer = () => ({ code: 0, known: true, head: 1, marksVersion: 0 });
    harness.reads.answer = () => ({ ...emptyPage, head: 1, seqs: [1], bodies: [body(9, 'lost')] });
    await pass(limits.checkMs + limits.sweepMs, java);
    await java.when(({ batchResMsg }) => batchResMsg.includes('lost'));
  });
});

describe('a session that the store does not know', () => {
  beforeEach(() => {
    harness.checks.answer = () => ({ code: 0, known: false, head: 0, marksVersion: 0 });
  });

  test('is reported again as it is, and what went past it is read', async () => {
    const peer = harness.connect();
    const login = {
      requestId: 1,
      reqMsg: 'amy',
      protocolVersion: 1,
      device: 'phone',
      connectionNumber: 7,
      epoch: new Uint8Array(8),
      ephemeral: true,
    };
    peer.write(encodeRequest(login));
    await peer.when(({ cmd }) => cmd === command.welcome);
    harness.opens.answer = () => ({ ...opened, head: 4 });
    await pass(limits.checkMs, peer);
    expect(harness.opens.entries[1]).toEqual(harness.opens.entries[0]);
    expect(hints(peer)).toEqual([['', 4]]);
    expect(harness.count('checks.reopened')).toBe(1);
  });

  test('because it is another store is to come back, and hears of that one', async () => {
    const amy = await harness.cim(1);
    harness.opens.answer = () => ({ ...opened, storeId: 'another' });
    await harness.clock.advance(limits.checkMs);
    expect(harness.checks.entries[0]).toMatchObject({ storeId: opened.storeId });
    const { code } = await amy.when(({ cmd }) => cmd === command.close);
    expect([code, closeAdvice(code)]).toEqual([closeCodes['other-store'].code, 'come-back']);
    const again = await harness.cim(1);
    expect(again.received(command.welcome)).toMatchObject([{ storeId: 'another' }]);
  });

  test.each([
    ['was taken for dead may come back', closeCodes.forgotten, 'come-back'],
    ['was replaced meanwhile is over', closeCodes.replaced, 'final'],
    ['is no longer allowed is over', closeCodes['not-allowed'], 'final'],
  ])('and that %s', async (_what, { code }, advice) => {
    const amy = await harness.cim(1);
    harness.opens.answer = () => ({ ...opened, code });
    await harness.clock.advance(limits.checkMs);
    expect(await amy.when(({ cmd }) => cmd === command.close)).toMatchObject({ code });
    expect(closeAdvice(code)).toBe(advice);
  });

  test('and that no route can take now is kept, and reported again', async () => {
    const amy = await harness.cim(1);
    harness.opens.answer = () => ({ ...opened, code: 103 });
    await pass(limits.checkMs, amy);
    harness.opens.answer = () => opened;
    await pass(limits.checkMs, amy);
    expect(harness.opens.entries).toHaveLength(3);
    expect(amy.ended).toBe(false);
  });

  test('of a Java peer is reported without a number, and ended with the new one', async () => {
    const java = await harness.java(2);
    harness.opens.answer = () => ({ ...opened, connectionNumber: 8 });
    await pass(limits.checkMs, java);
    expect(harness.opens.entries[1]).toMatchObject({ connectionNumber: 0, device: '' });
    java.stream.end();
    await waitUntil('the end is reported', async () => {
      await harness.clock.advance(1);
      return harness.closes.entries.length > 0;
    });
    expect(harness.closes.entries[0]).toMatchObject({ connectionNumber: 8 });
  });

  test('and that ends while it is reported is reported as ended', async () => {
    const amy = await harness.cim(1);
    harness.opens.hold();
    await waitUntil('it is reported again', async () => {
      await harness.clock.advance(limits.sweepMs);
      return harness.opens.heldCount === 1;
    });
    amy.stream.end();
    await waitUntil('it has gone', () => harness.gateway.connectionCount === 0);
    await waitUntil('its end is told', () => harness.closes.entries.length === 1);
    harness.opens.release();
    await waitUntil('and that of the report', () => harness.closes.entries.length === 2);
  });
});

describe('a check that no route answers', () => {
  test('changes nothing', async () => {
    const amy = await harness.cim(1);
    harness.checks.answer = () => ({ code: 8100, known: false, head: 9, marksVersion: 0 });
    await pass(2 * limits.checkMs, amy);
    expect(harness.opens.entries).toHaveLength(1);
    expect(hints(amy)).toEqual([]);
  });
});

describe('a group', () => {
  test('of which a message was not pushed here has its members told to read', async () => {
    const [amy, stranger] = [await harness.cim(1), await harness.cim(3)];
    amy.write(readOf('chess'));
    await amy.when(({ cmd }) => cmd === command.read);
    harness.interests.answer = ({ group }) => ({ code: 0, head: group === 'chess' ? 5 : 0 });
    await pass(limits.checkMs + 2 * limits.sweepMs, amy, stranger);
    expect(hints(amy)).toEqual([['chess', 5]]);
    expect(hints(stranger)).toEqual([]);
    await pass(limits.checkMs, amy, stranger);
    expect(hints(amy)).toHaveLength(1);
  });

  test('that is the lobby has everybody told, but not while the push is only late', async () => {
    const [amy, java] = [await harness.cim(1), await harness.java(2)];
    await pass(20_000, amy, java);
    harness.interests.answer = () => ({ code: 0, head: 5 });
    await waitUntil('it is asked about', async () => {
      await harness.clock.advance(limits.sweepMs);
      return harness.interests.answered === 2;
    });
    await harness.pushGroup('lobby', 5, body(9, 'late', 'lobby'));
    await pass(10_000, amy, java);
    expect(hints(amy)).toEqual([]);
    harness.interests.answer = () => ({ code: 0, head: 6 });
    await pass(limits.checkMs, amy, java);
    expect(hints(amy)).toEqual([['lobby', 6]]);
    expect(java.received(command.hint)).toEqual([]);
  });

  test('whose numbers were given out anew has its members told of what is new', async () => {
    const amy = await harness.cim(1);
    amy.write(readOf('chess'));
    await amy.when(({ cmd }) => cmd === command.read);
    await harness.pushGroup('chess', 9, body(9, 'lost in the failover', 'chess'));
    harness.interests.answer = () => ({ code: 0, head: 3 });
    await pass(limits.checkMs + limits.sweepMs, amy);
    harness.interests.answer = () => ({ code: 0, head: 4 });
    await pass(limits.checkMs + 2 * limits.sweepMs, amy);
    expect(hints(amy).filter(([group]) => group === 'chess')).toEqual([['chess', 4]]);
  });
});
