/** What clients send: messages, reads, cursors, and what one may ask of others. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import { command } from '../../../src/codec/commands.ts';
import { encodeRequest } from '../../../src/codec/server-frame.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { GatewayHarness, message, readOf } from './support/gateway-harness.ts';

let harness: GatewayHarness;

beforeEach(() => {
  harness = new GatewayHarness();
});

describe('messages of a client', () => {
  test('of one turn leave as one batch, and each gets its answer', async () => {
    const peer = await harness.cim();
    peer.write(Buffer.concat([message(1), message(2), message(3)]));
    await waitUntil(
      'three answers',
      () => peer.frames.filter(({ cmd }) => cmd === command.ack).length === 3,
    );
    expect(
      peer.frames
        .filter(({ cmd }) => cmd === command.ack)
        .map(({ sendSeq, to, seq }) => [sendSeq, to, seq]),
    ).toEqual([
      [1, 2, 1],
      [2, 2, 2],
      [3, 2, 3],
    ]);
    expect(harness.submits.entries[0]).toMatchObject({
      from: 1,
      fromName: 'user-1',
      instance: 'me',
    });
  });

  test('are not read on while too many wait for an answer, and its silence then is not held against it', async () => {
    const peer = await harness.cim();
    const { submits } = harness;
    submits.hold();
    for (let sendSeq = 1; sendSeq <= 3 * limits.inFlightPerConnectionMax; sendSeq++)
      peer.write(message(sendSeq));
    await waitUntil(
      'the bound is reached',
      () => submits.heldCount >= limits.inFlightPerConnectionMax,
    );
    await harness.clock.advance(2 * limits.silenceMsMax);
    expect(peer.ended).toBe(false);
    // One chunk may hold several frames, so it may pass the bound by what was read already; not by
    // all.
    expect(submits.heldCount).toBeLessThan(2 * limits.inFlightPerConnectionMax);
    submits.release();
    await waitUntil(
      'all are taken',
      () => submits.entries.length === 3 * limits.inFlightPerConnectionMax,
    );
  });
});

describe('what one client may ask of others', () => {
  test('a message that carries fields of other frames, or an endless group name, ends its connection', async () => {
    const stowaways = [
      { cmd: command.message, reqMsg: 'x', to: 2, sendSeq: 1, device: 'phone' },
      { cmd: command.message, reqMsg: 'x', to: 2, sendSeq: 1, afterIdentity: 'x' },
      { cmd: command.message, reqMsg: 'x', group: 'g'.repeat(65), sendSeq: 1 },
    ];
    for (const [index, fields] of stowaways.entries()) {
      const peer = await harness.cim(10 + index);
      peer.write(encodeRequest(fields));
      expect(await peer.when(({ cmd }) => cmd === command.close)).toMatchObject({ code: 302 });
    }
    expect(harness.submits.entries).toEqual([]);
  });

  test('of many reads a few are under way, some wait, and the others are refused', async () => {
    const peer = await harness.cim();
    harness.reads.hold();
    const { readsPerConnectionMax, readsWaitingMax } = limits;
    const flood = Array.from({ length: readsPerConnectionMax + readsWaitingMax + 50 }, (_, after) =>
      readOf('', after),
    );
    peer.write(Buffer.concat(flood));
    const ends = () => peer.received(command.read);
    await waitUntil('those beyond are refused', () => ends().length === 50);
    expect(ends().every(({ code }) => code === 8100)).toBe(true);
    expect(harness.reads.entries).toHaveLength(readsPerConnectionMax);
    harness.reads.release();
    await waitUntil('all are answered', () => ends().length === flood.length);
    expect(harness.reads.entries.map(({ after }) => after)).toEqual(
      Array.from({ length: readsPerConnectionMax + readsWaitingMax }, (_, after) => after),
    );
  });

  test('a read of an endless group, or from an endless identity, ends its connection', async () => {
    for (const fields of [{ group: 'g'.repeat(65) }, { afterIdentity: 'i'.repeat(200) }]) {
      const peer = await harness.cim();
      peer.write(encodeRequest({ cmd: command.read, after: 1, ...fields }));
      expect(await peer.when(({ cmd }) => cmd === command.close)).toMatchObject({ code: 302 });
    }
  });

  test('of many cursors one is on its way and the last is told', async () => {
    const peer = await harness.cim();
    const flood = Array.from({ length: 500 }, (_, index) =>
      encodeRequest({ cmd: command.ack, after: index + 1 }),
    );
    peer.write(Buffer.concat(flood));
    await waitUntil('the last is told', () => harness.acknowledgements.entries.at(-1)?.seq === 500);
    expect(harness.acknowledgements.entries).toHaveLength(2);
  });
});
