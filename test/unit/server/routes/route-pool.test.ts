/**
 * The pool over real links to routes in this process, which answer, fall silent or die as the test
 * says.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { callOne, immediately } from '../../../../src/api/batch-call.ts';
import {
  type RouteApi,
  routeMethods,
  type SubmitEntry,
  type SubmitResult,
} from '../../../../src/api/route-api.ts';
import { type Clock, systemClock } from '../../../../src/base/clock.ts';
import { limits } from '../../../../src/base/limits.ts';
import { createLogger } from '../../../../src/base/log.ts';
import { Tls } from '../../../../src/base/network/tls.ts';
import { acceptUpgrades } from '../../../../src/http/upgrade.ts';
import { serveLink } from '../../../../src/link/link-host.ts';
import { routeLinks } from '../../../../src/server/routes/route-links.ts';
import { RoutePool } from '../../../../src/server/routes/route-pool.ts';
import { noBugs } from '../../../support/bugs.ts';
import { clusterKeyOf, clusterKeysOf } from '../../../support/cluster-key.ts';
import { processBudget } from '../../../support/process-budget.ts';
import { onTeardown } from '../../../support/teardown.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import { waitUntil } from '../../../support/wait-until.ts';

const secret = 'shared';
let pool: RoutePool;

beforeEach(() => {
  pool = openPool(systemClock);
});

function openPool(clock: Clock): RoutePool {
  const log = createLogger('test', 'silent');
  const connect = routeLinks({
    budget: processBudget(),
    bugs: noBugs,
    clusterKey: () => clusterKeyOf(secret),
    tls: Tls.ofSystem(),
    clock,
    log,
  });
  const opened = new RoutePool({ connect, clock });
  onTeardown(() => opened.stop());
  return opened;
}

class FakeRoute {
  /** Senders and numbers of what arrived, in order. */
  readonly received: [number, number][] = [];
  /** Answers what is submitted only when it is told to. */
  silent = false;
  /** Answers no transient message. */
  isDeaf = false;
  origin = '';
  #kill = () => {};
  #held: (() => void)[] = [];

  static async start(): Promise<FakeRoute> {
    const route = new FakeRoute();
    const answering = immediately(
      ({ from }: SubmitEntry): SubmitResult => ({ code: 0, seq: from, expected: 0, duplicates: 0 }),
    );
    const api = {
      transient: (entries, answer) => {
        for (const { from, sessionId } of entries) route.received.push([from, sessionId]);
        if (!route.isDeaf) immediately(() => ({ code: 0 }))(entries, answer);
      },
      locate: (entries, answer) => {
        immediately(() => ({ code: 0, here: false, sessionIds: [] }))(entries, answer);
      },
      submit: (entries, answer) => {
        for (const { from, sessionId } of entries) route.received.push([from, sessionId]);
        if (route.silent) route.#held.push(() => answering(entries, answer));
        else answering(entries, answer);
      },
    } as RouteApi;
    const server = createServer();
    const endLinks = acceptUpgrades(server, {
      role: 'route',
      origin: () => route.origin,
      keys: clusterKeysOf(secret),
      onStream: (stream) => serveLink(stream, routeMethods, api, processBudget(), noBugs),
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    route.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    route.#kill = () => {
      server.close();
      endLinks();
    };
    onTeardown(() => route.kill());
    return route;
  }

  speak(): void {
    this.silent = false;
    for (const answer of this.#held.splice(0)) answer();
  }

  kill(): void {
    this.#kill();
  }
}

/** A route of which the test says how its link is. */
class TrackedPeer {
  isLost = false;
  isSilent = false;
  readonly inFlight = 0;
  isAnswering = true;
  dials = 0;
  asked = 0;
  readonly #held: (() => void)[] = [];
  readonly api = {
    submit: (entries, answer) => {
      this.asked += entries.length;
      for (const index of entries.keys()) {
        const reply = () => answer(index, { code: 0, seq: 1, expected: 0, duplicates: 0 });
        if (this.isAnswering) reply();
        else this.#held.push(reply);
      }
    },
  } as RouteApi;

  answer(): void {
    this.isAnswering = true;
    for (const reply of this.#held.splice(0)) reply();
  }

  reach(): void {
    this.dials += 1;
  }

  close(): void {}
}

/** A pool of two; `asked` lets a user submit, and returns the route that was asked. */
function openTrackedPool() {
  const clock = new VirtualClock();
  const peers: TrackedPeer[] = [];
  const connect = () => {
    const peer = new TrackedPeer();
    peers.push(peer);
    return peer;
  };
  const tracked = new RoutePool({ connect, clock });
  tracked.update(['http://one:1', 'http://two:2']);
  const asked = (user: number) => {
    const before = peers.map((peer) => peer.asked);
    tracked.api.submit([entry(user)], () => {});
    return peers.find((peer, index) => peer.asked > (before[index] ?? 0)) as TrackedPeer;
  };
  return { clock, peers, asked };
}

/** Entries use the session id as their place in the order. */
function entry(from: number, order = 0): SubmitEntry {
  return {
    from,
    fromName: 'x',
    epochHex: '00'.repeat(8),
    instance: 'i',
    sessionId: order,
    to: 7,
    group: '',
    sendSeq: 1,
    restart: false,
    silent: false,
    keyEpoch: 0,
    refusal: 0,
    count: 1,
    bodies: new Uint8Array(),
  };
}

function submitAll(entries: readonly SubmitEntry[]): Promise<SubmitResult[]> {
  return Promise.all(entries.map((one) => callOne(pool.api.submit, one)));
}

describe('RoutePool', () => {
  test('spreads users over the routes, and keeps each user with one', async () => {
    // However busy the machine is, no route is silent.
    pool = openPool(new VirtualClock());
    const routes = [await FakeRoute.start(), await FakeRoute.start()];
    pool.update(routes.map(({ origin }) => origin));
    const users = Array.from({ length: 200 }, (_, index) => entry(index + 1));
    await submitAll([...users, ...users]);
    const [one, two] = routes.map(({ received }) => new Set(received.map(([from]) => from)));
    expect((one?.size ?? 0) + (two?.size ?? 0)).toBe(200);
    expect(one?.size).toBeGreaterThan(50);
    expect(two?.size).toBeGreaterThan(50);
  });

  test('a route that joins takes over its share and moves nobody else', async () => {
    pool = openPool(new VirtualClock());
    const routes = [await FakeRoute.start(), await FakeRoute.start(), await FakeRoute.start()];
    const users = Array.from({ length: 300 }, (_, index) => entry(index + 1));
    pool.update(routes.slice(0, 2).map(({ origin }) => origin));
    await submitAll(users);
    const before = routes.map(({ received }) => new Set(received.splice(0).map(([from]) => from)));
    pool.update(routes.map(({ origin }) => origin));
    await submitAll(users);
    const after = routes.map(({ received }) => new Set(received.map(([from]) => from)));
    for (const index of [0, 1]) {
      for (const user of after[index] ?? []) expect(before[index]?.has(user)).toBe(true);
    }
    expect(after[2]?.size).toBeGreaterThan(50);
  });

  test('a user moves to a route that joins once nothing of the user waits for an answer', async () => {
    // However long it takes, nothing is given up.
    pool = openPool(new VirtualClock());
    const routes = [await FakeRoute.start(), await FakeRoute.start()];
    const joining = await FakeRoute.start();
    const users = Array.from({ length: 300 }, (_, index) => entry(index + 1));
    pool.update(routes.map(({ origin }) => origin));
    await submitAll(users);
    for (const route of routes) route.silent = true;
    const pending = submitAll(users);
    pool.update([...routes, joining].map(({ origin }) => origin));
    const later = submitAll(users);
    await waitUntil(
      'all have come',
      () => [...routes, joining].reduce((sum, { received }) => sum + received.length, 0) === 900,
    );
    expect(joining.received).toEqual([]);
    for (const route of routes) route.speak();
    await Promise.all([pending, later]);
    await submitAll(users);
    expect(joining.received.length).toBeGreaterThan(50);
  });

  test('what a dead route does not answer goes to another, in its order', async () => {
    const routes = [await FakeRoute.start(), await FakeRoute.start()];
    pool.update(routes.map(({ origin }) => origin));
    await submitAll([entry(1)]);
    const first = routes.find(({ received }) => received.length > 0) as FakeRoute;
    const other = routes.find((route) => route !== first) as FakeRoute;
    first.silent = true;
    const pending = submitAll([entry(1, 1), entry(1, 2), entry(1, 3)]);
    first.kill();
    expect((await pending).map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(other.received).toEqual([
      [1, 1],
      [1, 2],
      [1, 3],
    ]);
  });

  test('what a frozen route does not answer in time goes to another, and the next entries go there at once', async () => {
    const routes = [await FakeRoute.start(), await FakeRoute.start()];
    pool.update(routes.map(({ origin }) => origin));
    await submitAll([entry(1)]);
    const first = routes.find(({ received }) => received.length > 0) as FakeRoute;
    first.silent = true;
    expect((await submitAll([entry(1, 1)]))[0]?.code).toBe(0);
    const before = first.received.length;
    expect((await submitAll([entry(1, 2)]))[0]?.code).toBe(0);
    expect(first.received.length).toBe(before);
  });

  test('what may be dropped is tried at one route, and takes nothing from its standing', async () => {
    const routes = [await FakeRoute.start(), await FakeRoute.start()];
    pool.update(routes.map(({ origin }) => origin));
    await submitAll([entry(1)]);
    const first = routes.find(({ received }) => received.length > 0) as FakeRoute;
    const other = routes.find((route) => route !== first) as FakeRoute;
    first.isDeaf = true;
    let result: unknown;
    void callOne(pool.api.transient, { ...entry(1, 1), body: new Uint8Array() }).then((answer) => {
      result = answer;
    });
    // Its link lives on: other things are answered there.
    const isGivenUp = async () => {
      await submitAll([entry(1)]);
      return result !== undefined;
    };
    await waitUntil('it is given up', isGivenUp, { pollMs: 100 });
    expect(result).toBe(routeMethods.transient.unanswered);
    await submitAll([entry(1, 2)]);
    expect(first.received.at(-1)).toEqual([1, 2]);
    expect(other.received).toEqual([]);
  });

  test.each(['submit', 'locate', 'transient'] as const)(
    'a flood of %s for which its link has no room takes nothing from its standing, and is tried nowhere else',
    async (flooded) => {
      // However long a busy machine takes for so many, none of them is late.
      pool = openPool(new VirtualClock());
      const routes = [await FakeRoute.start(), await FakeRoute.start()];
      pool.update(routes.map(({ origin }) => origin));
      await submitAll([entry(1)]);
      const first = routes.find(({ received }) => received.length > 0) as FakeRoute;
      const other = routes.find((route) => route !== first) as FakeRoute;
      const count = 1.1 * limits.linkInFlightMax;
      let refused = 0;
      const one = { ...entry(1), body: new Uint8Array(), userId: 1 };
      const flood = Array.from({ length: count }, () => one);
      const { noRoom } = routeMethods[flooded];
      const isDone = new Promise<void>((resolve) => {
        let waiting = flood.length;
        pool.api[flooded](flood, (_index: number, result: unknown) => {
          refused += result === noRoom ? 1 : 0;
          waiting -= 1;
          if (waiting === 0) resolve();
        });
      });
      expect(refused).toBeGreaterThan(0);
      await isDone;
      const before = first.received.length;
      expect(await submitAll([entry(1, 2)])).toMatchObject([{ code: 0 }]);
      expect(first.received.length).toBe(before + 1);
      expect(other.received).toEqual([]);
    },
  );

  test('asks no route to which the link is lost, however long ago, and has it dialled meanwhile', async () => {
    const { clock, peers, asked } = openTrackedPool();
    const first = asked(1);
    const other = peers.find((peer) => peer !== first);
    first.isLost = true;
    for (let minute = 0; minute < 3; minute++) {
      await clock.advance(60_000);
      expect(asked(1)).toBe(other);
      expect(first.dials).toBe(minute + 1);
    }
    first.isLost = false;
    expect(asked(1)).toBe(first);
    for (const peer of peers) peer.isLost = true;
    expect(asked(1)).toBe(first);
  });

  test('passes over a silent route, but for those who wait there', () => {
    const { peers, asked } = openTrackedPool();
    const first = asked(1);
    const another = Array.from({ length: 100 }, (_, index) => index + 2).find(
      (user) => asked(user) === first,
    ) as number;
    const other = peers.find((peer) => peer !== first);
    first.isAnswering = false;
    expect(asked(1)).toBe(first);
    first.isSilent = true;
    expect(asked(1)).toBe(first);
    expect(asked(another)).toBe(other);
    first.answer();
    expect(asked(1)).toBe(other);
    first.isSilent = false;
    expect(asked(1)).toBe(first);
    for (const peer of peers) peer.isSilent = true;
    expect(asked(1)).toBe(first);
  });

  test('routes that the registry has forgotten all at once are still asked; their links tell', async () => {
    const [first, second] = [await FakeRoute.start(), await FakeRoute.start()];
    pool.update([first.origin]);
    await submitAll([entry(1)]);
    pool.update([]);
    expect((await submitAll([entry(1, 1)]))[0]?.code).toBe(0);
    expect(first.received).toHaveLength(2);
    pool.update([second.origin]);
    expect((await submitAll([entry(1, 2)]))[0]?.code).toBe(0);
    expect(second.received).toEqual([[1, 2]]);
    first.kill();
    second.kill();
    expect(await submitAll([entry(1, 3)])).toEqual([routeMethods.submit.unanswered]);
  });

  test('without any route everything is unanswered, at once', async () => {
    expect(await submitAll([entry(1)])).toEqual([routeMethods.submit.unanswered]);
    pool.update(['127.0.0.1:1']);
    expect(await submitAll([entry(1)])).toEqual([routeMethods.submit.unanswered]);
    expect(pool.countUsable()).toBe(0);
  });
});
