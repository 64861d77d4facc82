/** What clients send: messages, reads, cursors, and what one may ask of others. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { SubmitResult } from '../../../src/api/route-api.ts';
import { limits } from '../../../src/base/limits.ts';
import { command } from '../../../src/codec/commands.ts';
import { bodiesOf } from '../../../src/codec/run.ts';
import { encodeRequest } from '../../../src/codec/sdk-frame.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { GatewayHarness, message, type Peer, readOf } from './support/gateway-harness.ts';

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
    const asked = () => submits.entries.reduce((sum, { count }) => sum + count, 0);
    await waitUntil('the bound is reached', () => asked() >= limits.inFlightPerConnectionMax);
    await harness.clock.advance(2 * limits.silenceMsMax);
    expect(peer.ended).toBe(false);
    // One chunk may hold several frames, so it may pass the bound by what was read already; not by
    // all.
    expect(asked()).toBeLessThan(2 * limits.inFlightPerConnectionMax);
    submits.release();
    await waitUntil('all are taken', () => asked() === 3 * limits.inFlightPerConnectionMax);
  });
});

describe('runs of a client', () => {
  const frame = (sendSeq: number, fields: object = {}) =>
    encodeRequest({ cmd: command.message, reqMsg: `m${sendSeq}`, to: 2, sendSeq, ...fields });
  const sizes = () => harness.submits.entries.map(({ sendSeq, count }) => [sendSeq, count]);
  const acks = (peer: Peer) =>
    peer
      .received(command.ack)
      .map(({ sendSeq, code, seq, expected }) => [sendSeq, code, seq, expected]);

  test('are what came in one piece, as it came', async () => {
    const peer = await harness.cim();
    const sent = Buffer.concat([frame(1), frame(2), frame(3)]);
    peer.write(sent);
    await waitUntil('the answers', () => acks(peer).length === 3);
    expect(sizes()).toEqual([[1, 3]]);
    expect(harness.submits.entries[0]).toMatchObject({ to: 2, group: '', restart: false });
    expect(Buffer.from(harness.submits.entries[0]?.bodies ?? []).equals(sent)).toBe(true);
  });

  test.each([
    ['another receiver', [frame(1), frame(1, { to: 3 }), frame(2)], [1, 1, 2]],
    ['a group', [frame(1), frame(1, { to: 0, group: 'lobby' })], [1, 1]],
    ['a number left out', [frame(1), frame(3)], [1, 3]],
    ['a number twice', [frame(1), frame(1)], [1, 1]],
    ['a restart', [frame(1), frame(2, { restart: true })], [1, 2]],
    ['a silent one', [frame(1), frame(2, { silent: true }), frame(3)], [1, 2, 3]],
  ])('end with %s', async (_name, frames, numbers) => {
    const peer = await harness.cim();
    peer.write(Buffer.concat(frames));
    await waitUntil('the answers', () => acks(peer).length === numbers.length);
    expect(sizes()).toEqual(numbers.map((sendSeq) => [sendSeq, 1]));
  });

  test('are sealed under one key, which a route is told of', async () => {
    const peer = await harness.cim();
    const sealed = Buffer.from('sealed');
    const fields = { reqMsg: '', to: 0, group: 'cooks', sealed };
    const frames = [1, 2, 3].map((sendSeq) =>
      frame(sendSeq, { ...fields, keyEpoch: sendSeq > 1 ? 7 : 6 }),
    );
    peer.write(Buffer.concat(frames));
    await waitUntil('the answers', () => acks(peer).length === 3);
    expect(harness.submits.entries.map(({ count, keyEpoch }) => [count, keyEpoch])).toEqual([
      [1, 6],
      [2, 7],
    ]);
  });

  test.each([
    ['sealed for a group under no key', { to: 0, group: 'cooks', reqMsg: '', sealed: [1] }, 3000],
    ['sealed for the lobby', { to: 0, group: 'lobby', reqMsg: '', sealed: [1], keyEpoch: 1 }, 7403],
    ['the key of a group, to a user', { reqMsg: '', sealed: [1], keyEpoch: 1 }, 3000],
    ['a key, and nothing sealed', { to: 0, group: 'cooks', sealed: [], keyEpoch: 1 }, 3000],
  ])('%s is refused, and takes its number', async (_name, { sealed, ...fields }, refusal) => {
    const peer = await harness.cim();
    peer.write(frame(1, { ...fields, sealed: Uint8Array.from(sealed) }));
    await waitUntil('the answer', () => acks(peer).length === 1);
    expect(harness.submits.entries).toMatchObject([{ sendSeq: 1, count: 1, refusal }]);
  });

  test('with an epoch that others would read as another end the connection', async () => {
    const peer = await harness.cim();
    const tag = [0x98, 0x04];
    const [length = 0, ...rest] = frame(1, { to: 0, group: 'cooks' });
    const epoch = [...tag, 0x81, 0x80, 0x80, 0x80, 0x10];
    peer.write(Uint8Array.from([length + epoch.length, ...rest, ...epoch]));
    expect(await peer.when(({ cmd }) => cmd === command.close)).toMatchObject({ code: 302 });
  });

  test('are silent as a whole', async () => {
    const peer = await harness.cim();
    peer.write(Buffer.concat([1, 2, 3].map((sendSeq) => frame(sendSeq, { silent: sendSeq > 1 }))));
    await waitUntil('the answers', () => acks(peer).length === 3);
    expect(harness.submits.entries.map(({ count, silent }) => [count, silent])).toEqual([
      [1, false],
      [2, true],
    ]);
  });

  test('do not hold what may not be stored: of that a route hears why, and not what', async () => {
    const peer = await harness.cim();
    const long = 'x'.repeat(limits.textBytesMax + 1);
    peer.write(Buffer.concat([frame(1), frame(2, { reqMsg: long }), frame(3)]));
    await waitUntil('the answers', () => acks(peer).length === 3);
    expect(
      harness.submits.entries.map(({ count, refusal, bodies }) => [
        count,
        refusal,
        bodies.length > 0,
      ]),
    ).toEqual([
      [1, 0, true],
      [1, 3001, false],
      [1, 0, true],
    ]);
  });

  test('are bounded: more messages that came in one piece are another one', async () => {
    const peer = await harness.cim();
    const numbers = Array.from({ length: limits.runMessagesMax + 3 }, (_, index) => index + 1);
    peer.write(Buffer.concat(numbers.map((sendSeq) => frame(sendSeq))));
    await waitUntil('the answers', () => acks(peer).length === numbers.length);
    expect(sizes()).toEqual([
      [1, limits.runMessagesMax],
      [limits.runMessagesMax + 1, 3],
    ]);
  });

  test('hold what comes with other frames between, and in several pieces', async () => {
    const peer = await harness.cim();
    const ping = encodeRequest({ cmd: command.ping });
    peer.write(Buffer.concat([frame(1), ping, frame(2)]));
    peer.write(frame(3));
    await waitUntil('the answers', () => acks(peer).length === 3);
    const [entry] = harness.submits.entries;
    expect(sizes()).toEqual([[1, 3]]);
    expect(bodiesOf(entry?.bodies ?? ping).map((body) => [...body])).toEqual(
      bodiesOf(Buffer.concat([frame(1), frame(2), frame(3)])).map((body) => [...body]),
    );
  });

  test('of frames that come in parts hold each whole, with its length', async () => {
    const peer = await harness.cim();
    const sent = Buffer.concat([frame(1), frame(2), frame(3, { reqMsg: 'x'.repeat(200) })]);
    for (const byte of sent) peer.write(Uint8Array.of(byte));
    await waitUntil('the answers', () => acks(peer).length === 3);
    const bodies = harness.submits.entries.flatMap((entry) => bodiesOf(entry.bodies));
    expect(bodies.map((body) => [...body])).toEqual(bodiesOf(sent).map((body) => [...body]));
  });

  test('are answered message by message', async () => {
    const peer = await harness.cim();
    const run = Buffer.concat([frame(1), frame(2), frame(3)]);
    const say = async (result: Partial<SubmitResult>) => {
      const before = acks(peer).length;
      harness.submits.answer = () => ({ code: 0, seq: 0, expected: 0, duplicates: 0, ...result });
      peer.write(run);
      await waitUntil('the answers', () => acks(peer).length === before + 3);
      return acks(peer).slice(before);
    };
    expect(await say({ seq: 7 })).toEqual([
      [1, 0, 7, 0],
      [2, 0, 8, 0],
      [3, 0, 9, 0],
    ]);
    // Two were stored before, under numbers that nobody keeps.
    expect(await say({ seq: 7, duplicates: 2 })).toEqual([
      [1, 0, 0, 0],
      [2, 0, 0, 0],
      [3, 0, 7, 0],
    ]);
    // All were; of the last the number is known.
    expect(await say({ seq: 7, duplicates: 3 })).toEqual([
      [1, 0, 0, 0],
      [2, 0, 0, 0],
      [3, 0, 7, 0],
    ]);
    expect(await say({ code: 8200, expected: 5 })).toEqual([
      [1, 8200, 0, 5],
      [2, 8200, 0, 5],
      [3, 8200, 0, 5],
    ]);
    // The sender was a member when the first was stored, and is none now.
    expect(await say({ code: 7400, duplicates: 1 })).toEqual([
      [1, 0, 0, 0],
      [2, 7400, 0, 0],
      [3, 7400, 0, 0],
    ]);
    // There was room for one of them.
    expect(await say({ code: 7307, seq: 7, stored: 1, refused: 2 })).toEqual([
      [1, 0, 7, 0],
      [2, 7307, 0, 0],
      [3, 7307, 0, 0],
    ]);
    // The first was there, and the second refused before; the last has not been looked at.
    expect(await say({ code: 7307, duplicates: 1, refused: 1 })).toEqual([
      [1, 0, 0, 0],
      [2, 7307, 0, 0],
      [3, 8100, 0, 0],
    ]);
    expect(await say({ code: 8100, seq: 7, stored: 2 })).toEqual([
      [1, 0, 7, 0],
      [2, 0, 8, 0],
      [3, 8100, 0, 0],
    ]);
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
