// Goal: a server hands marks on, at a bounded rate, and tells a client to ask for those that it was
// not told of, and no other.
import { beforeEach, describe, expect, test } from '@jest/globals';
import { callOne } from '../../../src/api/batch-call.ts';
import { limits } from '../../../src/base/limits.ts';
import { closeCodes } from '../../../src/codec/close-codes.ts';
import { command } from '../../../src/codec/commands.ts';
import { encodeRequest } from '../../../src/codec/sdk-frame.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { GatewayHarness, opened, type Peer } from './support/gateway-harness.ts';

let harness: GatewayHarness;

beforeEach(() => {
  harness = new GatewayHarness();
  harness.opens.answer = () => ({ ...opened, marksVersion: 3 });
});

const epoch = new Uint8Array(8).fill(9);
const epochHex = '09'.repeat(8);

function acknowledgement(count: number, first = 1): Uint8Array {
  return encodeRequest({
    cmd: command.ack,
    after: 5,
    marks: Array.from({ length: count }, (_, index) => ({
      from: first + index,
      epoch,
      sendSeq: 1,
      seq: 1,
      kind: 1,
    })),
  });
}

function push(...versions: number[]): Promise<unknown> {
  return callOne(harness.gateway.api.mark, {
    sessionIds: [harness.sessionOf(1)],
    instance: 'me',
    reader: 2,
    group: '',
    marks: versions.map((sendSeq) => ({ from: 0, epochHex, sendSeq, seq: 0, kind: 1 })),
    versions,
  });
}

/** Lets the time pass, while it is heard of. */
async function pass(ms: number, peer: Peer): Promise<void> {
  for (let passed = 0; passed < ms; passed += limits.sweepMs) {
    await harness.clock.advance(limits.sweepMs);
    if (passed % 10_000 === 0) await peer.settled();
  }
  await peer.settled();
}

function marks(peer: Peer) {
  return peer
    .received(command.mark)
    .map(({ from, marks: told, marksVersion }) => [from, told.length, marksVersion]);
}

describe('what a client marks', () => {
  test('goes to a route with its cursor', async () => {
    const amy = await harness.cim(1);
    amy.write(acknowledgement(2, 7));
    await waitUntil('it is there', () => harness.acknowledgements.entries.length === 1);
    expect(harness.acknowledgements.entries).toEqual([
      {
        userId: 1,
        device: 'phone',
        seq: 5,
        group: '',
        marks: [7, 8].map((from) => ({ from, epochHex, sendSeq: 1, seq: 1, kind: 1 })),
      },
    ]);
  });

  test('is dropped beyond what a connection may send, and its cursor is not', async () => {
    const amy = await harness.cim(1);
    const burst = limits.marksPerSecondMax * limits.marksBurstSeconds;
    const frames = burst / limits.marksPerFrameMax + 2;
    for (let sent = 0; sent < frames; sent++) {
      amy.write(acknowledgement(limits.marksPerFrameMax));
      await amy.settled();
    }
    const { entries } = harness.acknowledgements;
    expect(entries).toHaveLength(frames);
    expect(entries.flatMap((entry) => entry.marks)).toHaveLength(burst);
    expect(harness.count('marks.dropped.rate')).toBe(2 * limits.marksPerFrameMax);
  });

  test('ends its connection if it is too much for a frame', async () => {
    const amy = await harness.cim(1);
    amy.write(acknowledgement(limits.marksPerFrameMax + 1));
    const { code } = await amy.when(({ cmd }) => cmd === command.close);
    expect(code).toBe(closeCodes['protocol-error'].code);
    expect(harness.acknowledgements.entries).toEqual([]);
  });

  test('is sent once more when no route has taken it', async () => {
    const amy = await harness.cim(1);
    harness.acknowledgements.answer = () => ({ code: 1 });
    amy.write(acknowledgement(1));
    await waitUntil('it was tried', () => harness.acknowledgements.answered === 1);
    harness.acknowledgements.answer = () => ({ code: 0 });
    await pass(limits.checkMs, amy);
    expect(harness.acknowledgements.entries.map((entry) => entry.marks.length)).toEqual([1, 1]);
    await pass(2 * limits.checkMs, amy);
    expect(harness.acknowledgements.entries).toHaveLength(2);
  });
});

describe('what others mark', () => {
  const check = (marksVersion: number) => () => ({ code: 0, known: true, head: 0, marksVersion });

  test('is told with how much is known by then, in whatever order it comes', async () => {
    const amy = await harness.cim(1);
    harness.checks.answer = check(7);
    await push(4);
    await push(6, 7);
    await push(5);
    await pass(2 * limits.checkMs, amy);
    expect(marks(amy)).toEqual([
      [2, 1, 4],
      [2, 2, 4],
      [2, 1, 7],
    ]);
    expect(harness.count('checks.missed.marks')).toBe(0);
  });

  test('is to be asked for when some were lost, also if later ones came', async () => {
    const amy = await harness.cim(1);
    harness.checks.answer = check(6);
    await push(6);
    await pass(limits.checkMs + limits.sweepMs, amy);
    expect(marks(amy)).toEqual([
      [2, 1, 3],
      [1, 0, 6],
    ]);
    await pass(2 * limits.checkMs, amy);
    expect(harness.count('checks.missed.marks')).toBe(1);
  });

  test('is told when the store went back, and went on from there', async () => {
    const amy = await harness.cim(1);
    harness.checks.answer = check(1);
    await pass(limits.checkMs + limits.sweepMs, amy);
    harness.checks.answer = check(2);
    await pass(limits.checkMs + limits.sweepMs, amy);
    expect(marks(amy)).toEqual([[1, 0, 2]]);
  });

  test('is nothing to a Java peer', async () => {
    const java = await harness.java(1);
    harness.checks.answer = check(9);
    await push(4);
    await pass(limits.checkMs + limits.sweepMs, java);
    expect(java.frames.filter(({ cmd }) => cmd !== command.ping)).toEqual([]);
  });
});
