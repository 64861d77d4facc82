/** Java peers at the gateway, for which it plays the SDK's part. */
import type { Duplex } from 'node:stream';
import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { callOne } from '../../../../../src/api/batch-call.ts';
import type { OpenEntry } from '../../../../../src/api/route-api.ts';
import { limits } from '../../../../../src/base/limits.ts';
import { createLogger } from '../../../../../src/base/log.ts';
import { command, lobby } from '../../../../../src/codec/commands.ts';
import { runOf, skipOf } from '../../../../../src/codec/run.ts';
import { buildServerApp } from '../../../../../src/server/app.ts';
import { clusterKeysOf } from '../../../../support/cluster-key.ts';
import { figuresOf } from '../../../../support/figures.ts';
import { onTeardown } from '../../../../support/teardown.ts';
import { settle } from '../../../../support/virtual-clock.ts';
import { waitUntil } from '../../../../support/wait-until.ts';
import { bytes, golden } from '../../../codec/golden-frames.ts';
import {
  body,
  emptyPage,
  GatewayHarness,
  opened,
  type Peer,
} from '../../support/gateway-harness.ts';

let harness: GatewayHarness;

beforeEach(() => {
  harness = new GatewayHarness();
});

/** Lets the time pass that a client needs to show what it was given. */
function later<T>(what: string, condition: () => T): Promise<unknown> {
  return waitUntil(what, async () => {
    await harness.clock.advance(limits.javaTextMs);
    return condition();
  });
}

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
    await later('the cursor moved', () => harness.acknowledgements.entries.at(-1)?.seq === 5);
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
      // What it was sent counts as delivered.
      marks: [{ from: 9, epochHex: '09'.repeat(8), sendSeq: 1, seq: 6, kind: 0 }],
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
    await later('both are written', () => java.frames.length === 2);
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
    await later('both are written', () => java.frames.length === 2);
    expect(java.frames.flatMap(({ batchResMsg }) => batchResMsg)).toEqual(['first', 'second']);
  });

  test('gets one frame of each sender, few at a time, and its cursor moves behind that', async () => {
    const senders = 3 * limits.javaFramesAheadMax;
    const numbers = Array.from({ length: 4 * senders }, (_, index) => index + 1);
    harness.opens.answer = () => ({ ...opened, head: numbers.length });
    harness.reads.answer = ({ after }) => ({
      ...emptyPage,
      head: numbers.length,
      seqs: numbers.filter((seq) => seq > after),
      bodies: numbers
        .filter((seq) => seq > after)
        .map((seq) => body(100 + (seq % senders), `text ${seq}`)),
    });
    const java = await harness.java();
    await java.when(({ cmd }) => cmd === command.offline);
    await settle();
    const most = limits.javaFramesAheadMax;
    expect(java.frames).toHaveLength(most);
    for (let passedMs = 1; java.frames.length < senders; passedMs++) {
      expect(harness.acknowledgements.entries).toEqual([]);
      await harness.clock.advance(1);
      // Each of them holds four texts.
      const shown = Math.floor(passedMs / (4 * limits.javaTextMs));
      expect(java.frames.length).toBeLessThanOrEqual(shown + most);
    }
    expect(harness.acknowledgements.entries).toEqual([]);
    await later('the cursor moved', () => harness.acknowledgements.entries.length > 0);
    expect(java.frames).toHaveLength(senders);
    for (const { batchResMsg, properties } of java.frames) {
      const place = Number(properties['sendUserId']) - 100;
      const sent = numbers.filter((seq) => seq % senders === place).map((seq) => `text ${seq}`);
      expect(batchResMsg).toEqual(sent);
    }
  });

  test('to which much is pushed at once is written a little, and reads the rest when it has shown that', async () => {
    const texts = Array.from({ length: 50 }, (_, index) => `text ${index + 1}`);
    harness.reads.answer = ({ after }) => ({
      ...emptyPage,
      head: texts.length,
      seqs: texts.map((_, index) => index + 1).slice(after),
      bodies: texts.slice(after).map((text) => body(9, text)),
    });
    const java = await harness.java();
    await waitUntil('it is logged in', () => [...harness.gateway.sessions()].length === 1);
    for (const [index, text] of texts.entries()) await harness.push(2, index + 1, body(9, text));
    await settle();
    expect(java.frames).toHaveLength(limits.javaFramesAheadMax);
    await later('all are written', () => textsOf(java).length >= texts.length);
    expect(textsOf(java)).toEqual(texts);
    expect(java.frames).toHaveLength(limits.javaFramesAheadMax + 1);
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

/** The texts that its listener is called with, in order. */
function textsOf({ frames }: Peer): string[] {
  return frames
    .filter(({ cmd }) => cmd !== command.ping)
    .flatMap(({ batchResMsg, resMsg }) => (batchResMsg.length > 0 ? batchResMsg : [resMsg]));
}

describe('Java peers in the lobby', () => {
  const said = ['one', 'two', 'three', 'four'];
  let peers: Peer[];

  beforeEach(async () => {
    harness.reads.answer = ({ group, after }) => {
      if (group !== lobby) return emptyPage;
      const seqs = said.map((_, index) => index + 1).slice(after);
      const bodies = said.slice(after).map((text) => body(9, text, lobby));
      return { ...emptyPage, head: said.length, seqs, bodies };
    };
    peers = [await harness.java(2), await harness.java(3)];
    await waitUntil('they are logged in', () => [...harness.gateway.sessions()].length === 2);
  });

  async function say(seq: number, from = 9): Promise<void> {
    await harness.pushGroup(lobby, seq, body(from, said[seq - 1] as string, lobby));
  }

  test('are written what comes next, and nothing is read', async () => {
    for (const seq of [1, 2, 3, 4]) await say(seq);
    await settle();
    for (const peer of peers) expect(textsOf(peer)).toEqual(said);
    expect(harness.reads.entries).toEqual([]);
  });

  test('miss nothing that was lost on the way to their server: it is read, once for all of them', async () => {
    await say(1);
    await say(4);
    await later('all is written', () => peers.every((peer) => textsOf(peer).length === 4));
    for (const peer of peers) expect(textsOf(peer)).toEqual(said);
    expect(harness.reads.entries.map(({ group, after }) => [group, after])).toEqual([[lobby, 1]]);
  });

  test('are given what they are told of without the message', async () => {
    await say(1);
    await harness.pushGroup(lobby, 4);
    await later('all is written', () => peers.every((peer) => textsOf(peer).length === 4));
    for (const peer of peers) expect(textsOf(peer)).toEqual(said);
  });

  test('are given what a route says was lost when it is asked now and then', async () => {
    await say(1);
    harness.interests.answer = () => ({ code: 0, head: 4 });
    await harness.clock.advance(limits.checkMs + 2 * limits.sweepMs);
    await later('all is written', () => peers.every((peer) => textsOf(peer).length === 4));
    for (const peer of peers) expect(textsOf(peer)).toEqual(said);
  });

  test('are not shown what they have said themselves, and miss nothing behind it', async () => {
    await say(1, 2);
    await say(2);
    await settle();
    expect(peers.map(textsOf)).toEqual([['two'], ['one', 'two']]);
    expect(harness.reads.entries).toEqual([]);
  });

  test('that have much of it before them hold up what is pushed to it until they have shown it', async () => {
    const many = Array.from({ length: 3 * limits.javaLateMessages }, (_, index) => `text ${index}`);
    harness.reads.answer = ({ group, after }) => {
      if (group !== lobby) return emptyPage;
      const rest = many.slice(after, after + 200);
      const seqs = rest.map((_, index) => after + index + 1);
      return {
        ...emptyPage,
        head: many.length,
        seqs,
        bodies: rest.map((text) => body(9, text, lobby)),
      };
    };
    await harness.pushGroup(lobby, 1, body(9, many[0] as string, lobby));
    await harness.pushGroup(lobby, many.length, body(9, many.at(-1) as string, lobby));
    await harness.clock.advance(limits.javaTextMs);
    let isAnswered = false;
    const next = body(9, 'behind all that', lobby);
    void harness.pushGroup(lobby, many.length + 1, next).then(() => {
      isAnswered = true;
    });
    many.push('behind all that');
    await settle();
    expect(isAnswered).toBe(false);
    await later('it was answered', () => isAnswered);
    for (const peer of peers)
      expect(textsOf(peer).length).toBeGreaterThanOrEqual(many.length - limits.javaLateMessages);
    await later('all is written', () => peers.every((peer) => textsOf(peer).length >= many.length));
    for (const peer of peers) expect(textsOf(peer)).toEqual(many);
  });
});

test('what is for one Java peer is found without a look at all others', async () => {
  const bob = await harness.java(2);
  await harness.java(3);
  await waitUntil('both are logged in', () => [...harness.gateway.sessions()].length === 2);
  const sessions = jest.spyOn(harness.gateway, 'sessions');
  const app = buildServerApp(harness.wire.endpoints, {
    ...{
      clusterKeys: clusterKeysOf('cluster'),
      figures: figuresOf(harness.counters),
      version: '1',
    },
    log: createLogger('test', 'silent'),
  });
  onTeardown(() => app.close());
  const sendMsg = (msg: string) =>
    app.inject({
      method: 'POST',
      url: '/sendMsg',
      headers: { authorization: 'Bearer cluster' },
      body: { cmd: 'MESSAGE', properties: {}, userId: 2, msg },
    });
  await sendMsg('hi');
  expect(await bob.when(({ resMsg }) => resMsg === 'hi')).toMatchObject({ cmd: command.message });
  expect(sessions).not.toHaveBeenCalled();
  bob.stream.end();
  await waitUntil('he has gone', () => harness.gateway.connectionCount === 1);
  expect((await sendMsg('hi again')).statusCode).toBe(200);
});
