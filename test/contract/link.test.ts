/**
 * The contract of a link between roles, over both of its forms: in one process (`cim dev`), and
 * over a network. The other end is an API whose answers the test holds in its hand.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type BatchCall, immediately } from '../../src/api/batch-call.ts';
import type { MethodsOf } from '../../src/api/method.ts';
import {
  type RouteApi,
  routeMethods,
  type SubmitEntry,
  type SubmitResult,
} from '../../src/api/route-api.ts';
import { type PushGroupResult, type ServerApi, serverMethods } from '../../src/api/server-api.ts';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { limits } from '../../src/base/limits.ts';
import { Tls } from '../../src/base/network/tls.ts';
import { runOf } from '../../src/codec/run.ts';
import { acceptUpgrades, dialUpgrade } from '../../src/http/upgrade.ts';
import { Gather } from '../../src/link/gather.ts';
import { encodeLinkFrame, LinkDecoder } from '../../src/link/link-frames.ts';
import { type BugReport, serveLink } from '../../src/link/link-host.ts';
import { RemotePeer } from '../../src/link/remote-peer.ts';
import { noBugs } from '../support/bugs.ts';
import { clusterKeyOf, clusterKeysOf } from '../support/cluster-key.ts';
import { processBudget } from '../support/process-budget.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
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

async function host<Api extends object>(
  api: Api,
  onStream?: (stream: Duplex) => void,
  methods: MethodsOf<Api> = routeMethods as unknown as MethodsOf<Api>,
  bugs: BugReport = noBugs,
): Promise<Host> {
  const server = createServer();
  const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const endStreams = acceptUpgrades(server, {
    role: 'route',
    origin,
    keys: clusterKeysOf(secret),
    onStream: (stream) => {
      onStream?.(stream);
      serveLink(stream, methods, api, processBudget(), bugs);
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  teardown.push(() => {
    endStreams();
    server.close();
  });
  return {
    origin: origin(),
    server,
    endStreams,
  };
}

function dial(origin: string, withSecret = secret): Promise<Duplex> {
  const key = clusterKeyOf(withSecret);
  return dialUpgrade({ origin, role: 'route', key, tls: Tls.ofSystem() });
}

function remote(
  origin: string,
  withSecret = secret,
  clock: Clock = systemClock,
  bugs: BugReport = noBugs,
): RouteApi {
  const peer = new RemotePeer<RouteApi>(routeMethods, {
    dial: () => dial(origin, withSecret),
    clock,
    budget: processBudget(),
    bugs,
  });
  teardown.push(() => peer.close());
  return peer.api;
}

const forms = {
  'in one process': async (api: RouteApi) => api,
  // Its clock stands still: on a machine that has much to do nothing is given up for that.
  'over a network': async (api: RouteApi) =>
    remote((await host(api)).origin, secret, new VirtualClock()),
};

const sender = { fromName: 'amy', epochHex: '00'.repeat(8), instance: 'i', sessionId: 1 };

function entry(from: number, bodies: Uint8Array = new Uint8Array()): SubmitEntry {
  const conversation = { to: 7, group: '', sendSeq: 1, restart: false, silent: false };
  return { from, ...sender, ...conversation, keyEpoch: 0, refusal: 0, count: 1, bodies };
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
    const body = new Uint8Array(limits.frameBytesMax).map((_, index) => index * 31);
    const largest = runOf([body]).bodies;
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
  const { noRoom } = routeMethods.transient;

  /** Counts the answers of a flood of droppable entries; `dropped`: those given at once. */
  function flood(api: RouteApi, count: number, bytes = 0) {
    const body = new Uint8Array(bytes);
    const entries = Array.from({ length: count }, () => ({ from: 1, ...sender, body }));
    const seen = { answered: 0, dropped: 0 };
    api.transient(entries, (_index, result) => {
      seen.answered += 1;
      if (result === noRoom) seen.dropped += 1;
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

describe('what a server asks for by itself', () => {
  const { noRoom } = routeMethods.locate;

  test('has a share of the link, beyond which it is not sent; messages have theirs all the same', async () => {
    const held: (() => void)[] = [];
    const served = {
      submit: echo,
      locate: (entries, answer) => {
        for (const index of entries.keys())
          held.push(() => answer(index, { code: 0, here: true, sessionIds: [] }));
      },
    } as RouteApi;
    const api = remote((await host(served)).origin);
    await submitAll(api, [entry(1)]);
    const seen = { sent: 0, refused: 0 };
    const count = limits.linkBackgroundInFlightMax + 300;
    const entries = Array.from({ length: count }, (_, userId) => ({ userId, instance: 'i' }));
    api.locate(entries, (_index, result) => {
      if (result === noRoom) seen.refused += 1;
      else seen.sent += 1;
    });
    expect(seen).toEqual({ sent: 0, refused: 300 });
    expect((await submitAll(api, [entry(7)]))[0]?.seq).toBe(7);
    await waitUntil('all arrive', () => held.length === limits.linkBackgroundInFlightMax);
    for (const answer of held.splice(0)) answer();
    await waitUntil('they are answered', () => seen.sent === limits.linkBackgroundInFlightMax);
    api.locate([{ userId: 1, instance: 'i' }], (_index, result) => {
      seen.refused += result === noRoom ? 1 : 0;
    });
    expect(seen.refused).toBe(300);
  });
});

describe('what cannot be read is answered and counted, and nothing else on the link notices:', () => {
  const nonsense = Buffer.from('ffffffffffffffffffff', 'hex');
  const { entry: codec, unanswered } = routeMethods.submit;
  const encode = (change: Partial<SubmitEntry>) =>
    codec.encode({ ...entry(1), ...change }).finish();
  const bodies = runOf([Buffer.from('one'), Buffer.from('two')]).bodies;

  /** Tells what it is told, and goes on. */
  function counting() {
    const told: string[] = [];
    const caught = (error: unknown, during: string) => told.push(`${during}: ${error}`) > 0;
    return { told, bugs: { caught } };
  }

  test.each([
    ['an entry that is nonsense', nonsense],
    ['a run that is cut off', encode({ count: 2, bodies: bodies.subarray(0, -1) })],
    ['a run of fewer messages than it says', encode({ count: 3, bodies })],
    ['a run of more messages than it says', encode({ count: 1, bodies })],
    ['a run with a padded length', encode({ count: 1, bodies: Buffer.from([0x81, 0, 1]) })],
  ])('%s', async (_what, payload) => {
    const { told, bugs } = counting();
    const { origin } = await host(apiWith(echo), undefined, undefined, bugs);
    const stream = await dial(origin);
    teardown.push(() => stream.destroy());
    const answers: [number, number][] = [];
    const decoder = new LinkDecoder();
    stream.on('data', (chunk: Buffer) =>
      decoder.push(chunk, (call, _method, bytes) =>
        answers.push([call, routeMethods.submit.result.decode(bytes).seq]),
      ),
    );
    const good = encode({ from: 5, count: 2, bodies });
    stream.write(
      Buffer.concat([
        encodeLinkFrame(1, 3, good),
        encodeLinkFrame(2, 3, payload),
        encodeLinkFrame(3, 200, good),
        encodeLinkFrame(4, 3, good),
      ]),
    );
    await waitUntil('the last is answered', () => answers.some(([call]) => call === 4));
    expect(answers.toSorted()).toEqual([
      [1, 5],
      [2, 0],
      [4, 5],
    ]);
    expect(told).toHaveLength(2);
    expect(stream.destroyed).toBe(false);
  });

  test('an answer', async () => {
    const { told, bugs } = counting();
    const { origin } = await host({} as RouteApi, (stream) => {
      stream.removeAllListeners('data');
      const decoder = new LinkDecoder();
      const good = routeMethods.submit.result.encode({ ...unanswered, code: 0, seq: 9 }).finish();
      let isFirst = true;
      stream.on('data', (chunk: Buffer) =>
        decoder.push(chunk, (call, method) => {
          stream.write(encodeLinkFrame(call, method, isFirst ? nonsense : good));
          isFirst = false;
        }),
      );
    });
    const api = remote(origin, secret, systemClock, bugs);
    const [bad, after] = await submitAll(api, [entry(1), entry(2)]);
    expect([bad === unanswered, after?.seq]).toEqual([true, 9]);
    expect(told).toHaveLength(1);
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
    // The backoff may not be over yet; each attempt is answered at once.
    const answered = await waitUntil('it is answered', async () => {
      const [result] = await submitAll(api, [entry(8)]);
      return result !== unanswered && result;
    });
    expect(answered).toMatchObject({ seq: 8 });
  });

  test('with another secret is refused, and says nothing of the right one', async () => {
    const { origin } = await host(apiWith(echo));
    const [result] = await submitAll(remote(origin, 'guessed'), [entry(1)]);
    expect(result).toBe(unanswered);
    const dialled = dial(origin, 'guessed');
    await expect(dialled).rejects.toMatchObject({ kind: 'not-allowed' });
    await expect(dialled).rejects.not.toThrow(secret);
  });

  test('leaves nothing behind at the host when its caller ends it', async () => {
    const streams: Duplex[] = [];
    const { origin } = await host(apiWith(echo), (stream) => streams.push(stream));
    const dialled = await dial(origin);
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

describe('what may take long', () => {
  const push = { group: 'lobby', instance: 'i', seq: 1, count: 0, bodies: new Uint8Array() };

  /** A server that answers when it is told to. */
  async function working(onStream: (stream: Duplex) => void) {
    const held: (() => void)[] = [];
    const api = {
      pushGroup: (entries, answer) => {
        for (const index of entries.keys()) held.push(() => answer(index, { foreign: true }));
      },
    } as ServerApi;
    const { origin } = await host(api, onStream, serverMethods);
    const peer = new RemotePeer<ServerApi>(serverMethods, {
      dial: () => dial(origin),
      clock: systemClock,
      budget: processBudget(),
      bugs: noBugs,
    });
    teardown.push(() => peer.close());
    return { api: peer.api, held };
  }

  test('is waited for as long as its host is at work', async () => {
    const streams: Duplex[] = [];
    const { api, held } = await working((stream) => streams.push(stream));
    const results: PushGroupResult[] = [];
    const started = performance.now();
    api.pushGroup([push], (_index, result) => results.push(result));
    await waitUntil(
      'a link that is silent would be given up',
      () => performance.now() - started > limits.linkAnswerMsMax + 1_000,
    );
    expect([results, streams.length, streams[0]?.destroyed]).toEqual([[], 1, false]);
    for (const answer of held) answer();
    await waitUntil('it is answered', () => results.length === 1);
    expect(results).toEqual([{ foreign: true }]);
  });

  test('is given up, with the link, when nothing is heard of its host', async () => {
    const { api } = await working((stream) => {
      stream.write = () => true;
    });
    const results: PushGroupResult[] = [];
    api.pushGroup([push], (_index, result) => results.push(result));
    await waitUntil('it is given up', () => results.length === 1);
    expect(results[0]).toBe(serverMethods.pushGroup.unanswered);
  });
});
