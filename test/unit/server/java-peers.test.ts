/** Java peers at the gateway, for which it plays the SDK's part. */
import type { Duplex } from 'node:stream';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { callOne } from '../../../src/api/batch-call.ts';
import type { OpenEntry } from '../../../src/api/route-api.ts';
import { command } from '../../../src/codec/commands.ts';
import { runOf, skipOf } from '../../../src/codec/run.ts';
import { settle } from '../../support/virtual-clock.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { bytes, golden } from '../codec/golden-frames.ts';
import { body, emptyPage, GatewayHarness, opened } from './support/gateway-harness.ts';

let harness: GatewayHarness;

beforeEach(() => {
  harness = new GatewayHarness();
});

describe('a Java peer', () => {
  test('gets what is pending before anything live, and its cursor moves when that was written', async () => {
    harness.opens.answer = () => ({ ...opened, cursor: 2, head: 5 });
    harness.reads.answer = ({ after }) => ({
      ...emptyPage,
      head: 5,
      seqs: [3, 4, 5].filter((seq) => seq > after),
      bodies: [body(9, 'one'), body(9, 'two'), body(8, 'three')],
    });
    const java = await harness.java();
    await java.when(({ properties }) => properties['sendUserId'] === '8');
    expect(java.frames.map(({ cmd, batchResMsg }) => [cmd, batchResMsg])).toEqual([
      [command.offline, ['one', 'two']],
      [command.offline, ['three']],
    ]);
    const { sessionId } = harness.opens.entries[0] as OpenEntry;
    await callOne(harness.gateway.api.push, {
      sessionIds: [sessionId],
      instance: 'me',
      seq: 6,
      ...runOf([body(9, 'live')]),
    });
    expect(await java.when(({ cmd }) => cmd === command.message)).toMatchObject({ resMsg: 'live' });
    await waitUntil('the cursor moved', () => harness.acknowledgements.entries.at(-1)?.seq === 6);
    expect(harness.acknowledgements.entries.at(-1)).toEqual({
      userId: 2,
      device: '',
      seq: 6,
      group: '',
    });
  });

  test('misses nothing that is pushed while a page is on its way', async () => {
    harness.opens.answer = () => ({ ...opened, head: 1 });
    harness.reads.answer = ({ after }) => {
      if (after > 0) return { ...emptyPage, head: 2, seqs: [2], bodies: [body(9, 'second')] };
      // The page was read before the second was stored, and arrives after its push.
      const { sessionId } = harness.opens.entries[0] as OpenEntry;
      const push = {
        sessionIds: [sessionId],
        instance: 'me',
        seq: 2,
        ...runOf([body(9, 'second')]),
      };
      void callOne(harness.gateway.api.push, push);
      return { ...emptyPage, head: 1, seqs: [1], bodies: [body(9, 'first')] };
    };
    const java = await harness.java();
    await waitUntil('both are written', () => java.frames.length === 2);
    expect(java.frames.flatMap(({ batchResMsg }) => batchResMsg)).toEqual(['first', 'second']);
  });

  test('misses nothing that it is told of, without the message, while a page is on its way', async () => {
    harness.opens.answer = () => ({ ...opened, head: 1 });
    harness.reads.answer = ({ after }) => {
      if (after > 0) return { ...emptyPage, head: 2, seqs: [2], bodies: [body(9, 'second')] };
      // The page was read before the second was stored, and arrives after the word of it.
      const { sessionId } = harness.opens.entries[0] as OpenEntry;
      void callOne(harness.gateway.api.push, {
        sessionIds: [sessionId],
        instance: 'me',
        seq: 2,
        ...skipOf(0),
      });
      return { ...emptyPage, head: 1, seqs: [1], bodies: [body(9, 'first')] };
    };
    const java = await harness.java();
    await waitUntil('both are written', () => java.frames.length === 2);
    expect(java.frames.flatMap(({ batchResMsg }) => batchResMsg)).toEqual(['first', 'second']);
  });

  test('whose connection breaks keeps its place: what was not written is not acknowledged', async () => {
    const java = await harness.java();
    await waitUntil('it is logged in', () => [...harness.gateway.sessions()].length === 1);
    const { sessionId } = harness.opens.entries[0] as OpenEntry;
    java.server.write = ((_data: unknown, done?: (error: Error) => void) => {
      done?.(new Error('EPIPE'));
      return false;
    }) as Duplex['write'];
    const push = { sessionIds: [sessionId], instance: 'me', seq: 1, ...runOf([body(9, 'lost?')]) };
    await callOne(harness.gateway.api.push, push);
    await settle();
    expect(harness.acknowledgements.entries).toEqual([]);
  });

  test('is not shown what its own user sent from another device', async () => {
    const java = await harness.java();
    const { sessionId } = harness.opens.entries[0] as OpenEntry;
    await waitUntil('it is logged in', () => [...harness.gateway.sessions()].length === 1);
    for (const [index, pushed] of [body(2, 'mine', 9), body(9, 'theirs')].entries()) {
      await callOne(harness.gateway.api.push, {
        sessionIds: [sessionId],
        instance: 'me',
        seq: index + 1,
        ...runOf([pushed]),
      });
    }
    await java.when(({ cmd }) => cmd === command.message);
    expect(java.frames.map(({ resMsg }) => resMsg)).toEqual(['theirs']);
  });

  test('is answered a ping byte for byte', async () => {
    const java = await harness.java();
    java.write(bytes(golden.ping));
    await waitUntil('a pong', () => Buffer.concat(java.raw).toString('hex') === golden.pong);
  });
});
