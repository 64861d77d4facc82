/**
 * The pool over real links to routes in this process, which answer, fall silent or die as the test
 * says.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { callOne, immediately } from '../../../src/api/batch-call.ts';
import type { RouteApi, SubmitEntry, SubmitResult } from '../../../src/api/route-api.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { createLogger } from '../../../src/base/log.ts';
import { Tls } from '../../../src/base/tls.ts';
import { acceptUpgrades } from '../../../src/http/upgrade.ts';
import { serveLink } from '../../../src/link/link-host.ts';
import { routeMethods } from '../../../src/link/methods.ts';
import { routeLinks } from '../../../src/server/route-links.ts';
import { RoutePool } from '../../../src/server/route-pool.ts';
import { onTeardown } from '../../support/teardown.ts';
import { waitUntil } from '../../support/wait-until.ts';

const secret = 'shared';
let pool: RoutePool;

beforeEach(() => {
  const log = createLogger('test', 'silent');
  const connect = routeLinks({
    secret: () => secret,
    tls: Tls.ofSystem(),
    clock: systemClock,
    log,
  });
  pool = new RoutePool({ connect, clock: systemClock });
  onTeardown(() => pool.stop());
});

class FakeRoute {
  /** Senders and numbers of what arrived, in order. */
  readonly received: [number, number][] = [];
  silent = false;
  /** Answers no transient message. */
  isDeaf = false;
  origin = '';
  #kill = () => {};

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
      submit: (entries, answer) => {
        for (const { from, sessionId } of entries) route.received.push([from, sessionId]);
        if (!route.silent) answering(entries, answer);
      },
    } as RouteApi;
    const server = createServer();
    const endLinks = acceptUpgrades(
      server,
      () => [secret],
      (stream) => serveLink(stream, routeMethods, api),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    route.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    route.#kill = () => {
      server.close();
      endLinks();
    };
    onTeardown(() => route.kill());
    return route;
  }

  kill(): void {
    this.#kill();
  }
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
    expect(pool.usable).toBe(0);
  });
});
