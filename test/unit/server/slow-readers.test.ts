/** Readers that do not keep up: little waits for each, and they catch up from the store. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import { command } from '../../../src/codec/commands.ts';
import { settle } from '../../support/virtual-clock.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { body, emptyPage, GatewayHarness, type Peer, readOf } from './support/gateway-harness.ts';

let harness: GatewayHarness;
const text = 'x'.repeat(1_000);
/** More than is buffered for a connection, and than its stream holds beside. */
const flood = 600;

beforeEach(() => {
  harness = new GatewayHarness();
});

function seqs(peer: Peer, group = ''): number[] {
  return peer
    .received(command.message)
    .filter((frame) => frame.group === group)
    .map(({ seq }) => seq);
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

describe('a frozen reader', () => {
  test('has little waiting for it, and is told once per timeline to read when it is back', async () => {
    const amy = await harness.cim(1);
    amy.write(readOf('chess'));
    await amy.when(({ cmd }) => cmd === command.read);
    amy.stream.pause();
    for (let seq = 1; seq <= flood; seq++) {
      await harness.push(1, seq, body(9, text));
      await harness.pushGroup('chess', seq, body(9, text, 'chess'));
      await harness.pushGroup('lobby', seq, body(9, text, 'lobby'));
      await settle();
    }
    expect(amy.server.writableLength).toBeGreaterThan(limits.liveBytesMax / 2);
    expect(amy.server.writableLength).toBeLessThan(limits.liveBytesMax + 4_000);
    amy.stream.resume();
    await waitUntil('it is told', () => amy.received(command.hint).length === 3);
    await amy.settled();
    expect(amy.received(command.hint).map(({ group, head }) => [group, head])).toEqual(
      expect.arrayContaining([
        ['', flood],
        ['chess', flood],
        ['lobby', flood],
      ]),
    );
    // What it did get has no hole, and what comes now is written as it comes.
    expect(seqs(amy)).toEqual(upTo(seqs(amy).length));
    await harness.push(1, flood + 1, body(9, 'live again'));
    await amy.when(({ resMsg }) => resMsg === 'live again');
    expect(harness.count('connections.behind')).toBe(1);
  });

  test('is written the beginning of a long run, and told to read the rest', async () => {
    const amy = await harness.cim(1);
    amy.stream.pause();
    await harness.push(1, 1, ...upTo(flood).map(() => body(9, text)));
    await settle();
    expect(amy.server.writableLength).toBeLessThan(limits.liveBytesMax + 4_000);
    amy.stream.resume();
    expect(await amy.when(({ cmd }) => cmd === command.hint)).toMatchObject({ head: flood });
    expect(seqs(amy).length).toBeGreaterThan(0);
    expect(seqs(amy)).toEqual(upTo(seqs(amy).length));
  });

  test('is not fetched pages for', async () => {
    const amy = await harness.cim(1);
    amy.stream.pause();
    const page = upTo(200);
    harness.reads.answer = ({ after }) => ({
      ...emptyPage,
      head: 100_000,
      seqs: page.map((index) => after + index),
      bodies: page.map(() => body(9, text)),
    });
    for (let after = 0; after < 5_000; after += 200) amy.write(readOf('', after));
    await waitUntil('some are fetched', () => harness.reads.entries.length >= 2);
    for (let turn = 0; turn < 50; turn++) await settle();
    const fetched = harness.reads.entries.length;
    expect(fetched).toBeLessThanOrEqual(2 * limits.readsPerConnectionMax);
    amy.stream.resume();
    await waitUntil('all are read', () => amy.received(command.read).length === 25);
    expect(seqs(amy)).toEqual(upTo(5_000));
  });

  test('that takes nothing for long is closed', async () => {
    const amy = await harness.cim(1);
    amy.stream.pause();
    for (let seq = 1; seq <= flood; seq++) {
      await harness.push(1, seq, body(9, text));
      await settle();
    }
    for (let passedMs = 0; passedMs < limits.outboxStallMsMax; passedMs += 10_000) {
      expect(harness.count('connections.closed.slow')).toBe(0);
      await harness.clock.advance(10_000 + limits.sweepMs);
      amy.write(readOf('lobby'));
      await settle();
    }
    expect(harness.count('connections.closed.slow')).toBe(1);
  });

  test('that is a Java peer reads from its cursor when it is back, and nothing is shown twice', async () => {
    const java = await harness.java(2);
    await waitUntil('it is logged in', () => [...harness.gateway.sessions()].length === 1);
    java.stream.pause();
    let head = 0;
    harness.reads.answer = ({ group, after }) => {
      const seqs = upTo(head).filter((seq) => seq > after && seq <= after + 200);
      const bodies = seqs.map((seq) => body(9, group === '' ? `${seq} ${text}` : text, group || 2));
      return { ...emptyPage, head, seqs, bodies };
    };
    for (head = 1; head < flood; head++) {
      await harness.push(2, head, body(9, `${head} ${text}`));
      await harness.pushGroup('lobby', head, body(9, text, 'lobby'));
      await settle();
    }
    expect(java.server.writableLength).toBeLessThan(limits.liveBytesMax + 4_000);
    java.stream.resume();
    const texts = () =>
      java.frames
        .flatMap(({ batchResMsg, resMsg }) => (batchResMsg.length > 0 ? batchResMsg : [resMsg]))
        .filter((shown) => /^\d/.test(shown));
    await waitUntil('all are shown', async () => {
      await harness.clock.advance(limits.javaTextMs);
      return texts().length >= flood;
    });
    await java.settled();
    expect(texts().map((shown) => Number(shown.split(' ', 1)))).toEqual(upTo(flood));
  });
});

describe('a thousand frozen readers in a busy lobby', () => {
  test('have little waiting for each, and others get everything as it comes', async () => {
    const [reader, ...frozen] = (await Promise.all(
      Array.from({ length: 1_001 }, (_, index) => harness.cim(index + 1)),
    )) as [Peer, ...Peer[]];
    for (const peer of frozen) peer.stream.pause();
    for (let seq = 1; seq <= flood; seq++) {
      await harness.pushGroup('lobby', seq, body(2_000, text, 'lobby'));
      await settle();
    }
    await waitUntil('the others have it', () => seqs(reader, 'lobby').length === flood);
    expect(reader.received(command.hint)).toEqual([]);
    for (const peer of frozen)
      expect(peer.server.writableLength).toBeLessThan(limits.liveBytesMax + 4_000);
    const [first] = frozen as [Peer];
    first.stream.resume();
    expect(await first.when(({ cmd }) => cmd === command.hint)).toMatchObject({ head: flood });
  });
});

describe('pages for many connections', () => {
  test('are asked for a bounded number at a time, in the order in which they were wanted', async () => {
    const peers = await Promise.all(
      Array.from({ length: limits.pagesUnderWayMax / 4 + 10 }, (_, index) =>
        harness.cim(index + 1),
      ),
    );
    harness.reads.hold();
    for (const peer of peers) for (let after = 0; after < 4; after++) peer.write(readOf('', after));
    await Promise.all(peers.map((peer) => peer.settled()));
    expect(harness.reads.entries).toHaveLength(limits.pagesUnderWayMax);
    harness.reads.release();
    await waitUntil('all are answered', () =>
      peers.every((peer) => peer.received(command.read).length === 4),
    );
  });
});
