/**
 * The contract of a link between roles, over both of its forms: in one process (`cim dev`), and
 * over a network. The other end is an API whose answers the test holds in its hand.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type BatchCall, immediately } from '../../src/api/batch-call.ts';
import type { RouteApi, SubmitEntry, SubmitResult } from '../../src/api/route-api.ts';
import { systemClock } from '../../src/base/clock.ts';
import { limits } from '../../src/base/limits.ts';
import { Tls } from '../../src/base/tls.ts';
import { acceptUpgrades, dialUpgrade } from '../../src/http/upgrade.ts';
import { Gather } from '../../src/link/gather.ts';
import { encodeLinkFrame } from '../../src/link/link-frames.ts';
import { serveLink } from '../../src/link/link-host.ts';
import { routeMethods } from '../../src/link/methods.ts';
import { RemotePeer } from '../../src/link/remote-peer.ts';
import { waitUntil } from '../support/wait-until.ts';

const secret = 'the secret of these tests';
const teardown: (() => void)[] = [];

afterEach(() => {
  for (const end of teardown.splice(0).reverse()) end();
});

/** An API of which only `submit` is asked here. */
function apiWith(submit: BatchCall<SubmitEntry, SubmitResult>): RouteApi {
  return { submit } as RouteApi;
}

interface Host {
  readonly origin: string;
  readonly server: Server;
  endStreams(): void;
}

async function host(api: RouteApi, onStream?: (stream: Duplex) => void): Promise<Host> {
  const server = createServer();
  const endStreams = acceptUpgrades(
    server,
    () => [secret],
    (stream) => {
      onStream?.(stream);
      serveLink(stream, routeMethods, api);
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  teardown.push(() => {
    endStreams();
    server.close();
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    endStreams,
  };
}

function remote(origin: string, withSecret = secret): RouteApi {
  const peer = new RemotePeer(routeMethods, {
    dial: () => dialUpgrade(origin, withSecret, Tls.ofSystem()),
    clock: systemClock,
  });
  teardown.push(() => peer.close());
  return peer.api;
}

const forms = {
  'in one process': async (api: RouteApi) => api,
  'over a network': async (api: RouteApi) => remote((await host(api)).origin),
};

const sender = { fromName: 'amy', epochHex: '00'.repeat(8), instance: 'i', sessionId: 1 };

function entry(from: number, bodies: Uint8Array = new Uint8Array()): SubmitEntry {
  const conversation = { to: 7, group: '', sendSeq: 1, restart: false, refusal: 0 };
  return { from, ...sender, ...conversation, count: 1, bodies };
}

/** All results of a batch, in the order of its entries. */
function submitAll(api: RouteApi, entries: readonly SubmitEntry[]): Promise<SubmitResult[]> {
  return new Promise((resolve) => {
    const results: SubmitResult[] = [];
    let waiting = entries.length;
    api.submit(entries, (index, result) => {
      results[index] = result;
      waiting -= 1;
      if (waiting === 0) resolve(results);
    });
  });
}

/** Answers every entry with its own sender as `seq`. */
const echo = immediately(
  ({ from }: SubmitEntry): SubmitResult => ({ code: 0, seq: from, expected: 0, duplicates: 0 }),
);

describe.each(Object.entries(forms))('a link %s', (_name, open) => {
  test('answers every entry of a batch with its own result', async () => {
    const api = await open(apiWith(echo));
    const results = await submitAll(
      api,
      Array.from({ length: 5_000 }, (_, index) => entry(index + 1)),
    );
    expect(results.map(({ seq }) => seq)).toEqual(
      Array.from({ length: 5_000 }, (_, index) => index + 1),
    );
  });

  test('an entry that takes long does not hold the others', async () => {
    let answerSlow: (() => void) | undefined;
    const api = await open(
      apiWith((entries, answer) => {
        for (const [index, { from }] of entries.entries()) {
          const reply = () => answer(index, { code: 0, seq: from, expected: 0, duplicates: 0 });
          if (from === 1) answerSlow = reply;
          else reply();
        }
      }),
    );
    const order: number[] = [];
    await new Promise<void>((resolve) => {
      api.submit([entry(1), entry(2), entry(3)], (_index, { seq }) => {
        order.push(seq);
        if (order.length === 2) answerSlow?.();
        if (order.length === 3) resolve();
      });
    });
    expect(order).toEqual([2, 3, 1]);
  });

  test('entries arrive in the order in which they were sent, whatever their batches', async () => {
    const arrived: number[] = [];
    const api = await open(
      apiWith((entries, answer) => {
        for (const { from } of entries) arrived.push(from);
        echo(entries, answer);
      }),
    );
    const batches = [[1], [2, 3], [4, 5, 6], [7]];
    await Promise.all(
      batches.map((batch) =>
        submitAll(
          api,
          batch.map((from) => entry(from)),
        ),
      ),
    );
    expect(arrived).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test('bytes arrive as they were, the largest frame included', async () => {
    const largest = new Uint8Array(limits.frameBytesMax).map((_, index) => index * 31);
    let received: Uint8Array | undefined;
    const api = await open(
      apiWith((entries, answer) => {
        received = entries[0]?.bodies.slice();
        echo(entries, answer);
      }),
    );
    await submitAll(api, [entry(1, largest)]);
    expect(Buffer.compare(received as Uint8Array, largest)).toBe(0);
  });

  test('what one turn gathers arrives as one batch', async () => {
    const batches: number[] = [];
    const api = await open(
      apiWith((entries, answer) => {
        batches.push(entries.length);
        echo(entries, answer);
      }),
    );
    await submitAll(api, [entry(1)]);
    await new Promise<void>((resolve) => {
      let waiting = 50;
      const gather = new Gather(api.submit, (_context: number, _result: SubmitResult) => {
        waiting -= 1;
        if (waiting === 0) resolve();
      });
      for (let from = 1; from <= 50; from++) gather.add(entry(from), from);
    });
    expect(batches).toEqual([1, 50]);
  });
});

describe('what may be dropped', () => {
  const { unanswered } = routeMethods.transient;

  /** Counts the answers of a flood of droppable entries; `dropped`: those given at once. */
  function flood(api: RouteApi, count: number, bytes = 0) {
    const body = new Uint8Array(bytes);
    const entries = Array.from({ length: count }, () => ({ from: 1, ...sender, body }));
    const seen = { answered: 0, dropped: 0 };
    api.transient(entries, (_index, result) => {
      seen.answered += 1;
      if (result === unanswered) seen.dropped += 1;
    });
    return seen;
  }

  /** Answers durable entries, and holds the others. */
  async function holding(): Promise<{ api: RouteApi; release: () => void; arrived: () => number }> {
    const held: (() => void)[] = [];
    const served = {
      submit: echo,
      transient: (entries, answer) => {
        for (const index of entries.keys()) held.push(() => answer(index, { code: 0 }));
      },
    } as RouteApi;
    const api = remote((await host(served)).origin);
    await submitAll(api, [entry(1)]);
    const release = () => {
      for (const answer of held.splice(0)) answer();
    };
    return { api, release, arrived: () => held.length };
  }

  test('is answered at once above a bound of entries, and durable entries are not held by it', async () => {
    const { api, release } = await holding();
    const count = limits.linkDroppableInFlightMax + 500;
    const seen = flood(api, count);
    expect(seen).toEqual({ answered: 500, dropped: 500 });
    expect((await submitAll(api, [entry(7)]))[0]?.seq).toBe(7);
    release();
    await waitUntil('the others are answered', () => seen.answered === count);
    expect(seen.dropped).toBe(500);
    expect(flood(api, 1).dropped).toBe(0);
  });

  test('is answered at once above a bound of bytes that wait to be written', async () => {
    const { api, release, arrived } = await holding();
    // What the operating system takes at once does not wait: more than it takes, and fits, is sent.
    const bytes = 32 * 1024;
    const count = (limits.linkDroppableBytesMax + 32 * 1024 * 1024) / bytes;
    const { dropped } = flood(api, count, bytes);
    expect(dropped).toBeGreaterThan(0);
    expect(count - dropped).toBeGreaterThanOrEqual(limits.linkDroppableBytesMax / bytes);
    await waitUntil('the others arrive', () => arrived() === count - dropped);
    expect(flood(api, 1, bytes).dropped).toBe(0);
    release();
  });

  test('waits for a link that is being dialled, up to a bound', async () => {
    const served = { transient: immediately(() => ({ code: 0 })) } as RouteApi;
    const api = remote((await host(served)).origin);
    const first = flood(api, limits.linkDroppableInFlightMax);
    expect(flood(api, 10)).toEqual({ answered: 10, dropped: 10 });
    await waitUntil(
      'the first are answered',
      () => first.answered === limits.linkDroppableInFlightMax,
    );
    expect(first.dropped).toBe(0);
  });
});

describe('a link whose network fails', () => {
  const unanswered = routeMethods.submit.unanswered;

  test('answers what was pending at once when it breaks', async () => {
    const streams: Duplex[] = [];
    const { origin } = await host(
      apiWith(() => streams[0]?.destroy()),
      (stream) => streams.push(stream),
    );
    const [result] = await submitAll(remote(origin), [entry(1)]);
    expect(result).toBe(unanswered);
  });

  test('is dialled again after a loss', async () => {
    const hosted = await host(apiWith(echo));
    const api = remote(hosted.origin);
    expect((await submitAll(api, [entry(7)]))[0]?.seq).toBe(7);
    hosted.endStreams();
    let answered = await submitAll(api, [entry(8)]);
    // The backoff may not be over yet; each attempt is answered at once.
    const deadline = Date.now() + 5_000;
    while (answered[0] === unanswered && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      answered = await submitAll(api, [entry(8)]);
    }
    expect(answered[0]?.seq).toBe(8);
  });

  test('with another secret is refused, and says nothing of the right one', async () => {
    const { origin } = await host(apiWith(echo));
    const [result] = await submitAll(remote(origin, 'guessed'), [entry(1)]);
    expect(result).toBe(unanswered);
    const dialled = dialUpgrade(origin, 'guessed', Tls.ofSystem());
    await expect(dialled).rejects.toMatchObject({ kind: 'not-allowed' });
    await expect(dialled).rejects.not.toThrow(secret);
  });

  test('that answers nonsense is ended, and the entry is answered all the same', async () => {
    const { origin } = await host({} as RouteApi, (stream) => {
      stream.removeAllListeners('data');
      stream.on('data', (chunk: Buffer) => {
        const nonsense = Buffer.from('ffffffffffffffffffff', 'hex');
        stream.write(encodeLinkFrame(chunk.readUInt32BE(4), chunk[8] as number, nonsense));
      });
    });
    const [result] = await submitAll(remote(origin), [entry(1)]);
    expect(result).toBe(unanswered);
  });

  test('leaves nothing behind at the host when its caller ends it', async () => {
    const streams: Duplex[] = [];
    const { origin } = await host(apiWith(echo), (stream) => streams.push(stream));
    const dialled = await dialUpgrade(origin, secret, Tls.ofSystem());
    dialled.end();
    await waitUntil('the host lets go', () => streams[0]?.destroyed);
  });

  test('gives up an entry that is not answered in time, and the link when nothing came at all', async () => {
    const { origin } = await host(apiWith(() => undefined));
    const started = Date.now();
    const [result] = await submitAll(remote(origin), [entry(1)]);
    expect(result).toBe(unanswered);
    expect(Date.now() - started).toBeGreaterThanOrEqual(limits.linkAnswerMsMax - 1);
  });
});
