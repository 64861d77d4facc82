/**
 * All live routes as one RouteApi. Each user's entries go to one route, so that they stay in order;
 * users are spread over the routes by rendezvous hashing, so that a route that comes or goes moves
 * only its own share. What one route does not answer goes to the next, and that route gets a rest.
 */
import { createHash } from 'node:crypto';
import type { BatchCall } from '../api/batch-call.ts';
import type { RouteApi } from '../api/route-api.ts';
import type { Clock } from '../base/clock.ts';
import type { Service } from '../base/lifecycle.ts';
import { type Method, routeMethods } from '../link/methods.ts';
import type { RemotePeer } from '../link/remote-peer.ts';

/** A route at a base URL (src/server/route-links.ts). */
export type RoutePeer = Pick<RemotePeer<RouteApi>, 'api' | 'down' | 'close'>;

export interface RoutePoolOptions {
  /** How a route is reached; `origin`: its base URL. */
  readonly connect: (origin: string) => RoutePeer;
  readonly clock: Clock;
}

interface Route {
  readonly origin: string;
  readonly seed: number;
  readonly peer: RoutePeer;
  /** Not asked before this time unless no other is left. */
  restsUntil: number;
}

/**
 * An entry is tried at this many routes before it is given up: one crash at a time is expected, not
 * all.
 */
const attemptsMax = 3;
/** What may be dropped is not repeated: it might arrive twice. Nor does it tell of a route's health. */
const attemptsOfDroppable = 1;
const restMs = 3_000;

type Send<Entry, Result> = (
  route: Route,
  entries: readonly Entry[],
  answer: (index: number, result: Result) => void,
) => void;

export class RoutePool implements Service {
  readonly api: RouteApi;
  readonly #options: RoutePoolOptions;
  #routes: Route[] = [];

  constructor(options: RoutePoolOptions) {
    this.#options = options;
    this.api = {
      open: this.#spread(
        routeMethods.open,
        ({ userId }) => userId,
        (route, ...batch) => route.peer.api.open(...batch),
      ),
      close: this.#spread(
        routeMethods.close,
        ({ userId }) => userId,
        (route, ...batch) => route.peer.api.close(...batch),
      ),
      submit: this.#spread(
        routeMethods.submit,
        ({ from }) => from,
        (route, ...batch) => route.peer.api.submit(...batch),
      ),
      read: this.#spread(
        routeMethods.read,
        ({ userId }) => userId,
        (route, ...batch) => route.peer.api.read(...batch),
      ),
      acknowledge: this.#spread(
        routeMethods.acknowledge,
        ({ userId }) => userId,
        (route, ...batch) => route.peer.api.acknowledge(...batch),
      ),
      interest: this.#spread(
        routeMethods.interest,
        ({ group }) => hashOf(group),
        (route, ...batch) => route.peer.api.interest(...batch),
      ),
      check: this.#spread(
        routeMethods.check,
        ({ userId }) => userId,
        (route, ...batch) => route.peer.api.check(...batch),
      ),
      locate: this.#spread(
        routeMethods.locate,
        ({ userId }) => userId,
        (route, ...batch) => route.peer.api.locate(...batch),
      ),
      transient: this.#spread(
        routeMethods.transient,
        ({ from }) => from,
        (route, ...batch) => route.peer.api.transient(...batch),
      ),
    };
  }

  /** Live routes with a link, or one to be tried. */
  get usable(): number {
    return this.#routes.filter(({ peer }) => !peer.down).length;
  }

  /**
   * Makes the pool hold exactly the routes at these base URLs. Links to those that stay
   * are kept. None at all is what a registry says that has just lost its memory (ZooKeeper was
   * restarted): then everything stays, and the links tell which routes are there.
   */
  update(origins: readonly string[]): void {
    if (origins.length > 0) this.#hold(origins);
  }

  async stop(): Promise<void> {
    this.#hold([]);
  }

  #hold(origins: readonly string[]): void {
    const kept = this.#routes.filter(({ origin }) => origins.includes(origin));
    for (const route of this.#routes) if (!kept.includes(route)) route.peer.close();
    const known = new Set(kept.map(({ origin }) => origin));
    const added = origins
      .filter((origin) => !known.has(origin))
      .map((origin) => this.#connect(origin));
    this.#routes = [...kept, ...added];
  }

  #connect(origin: string): Route {
    const peer = this.#options.connect(origin);
    const seed = createHash('sha256').update(origin).digest().readUInt32LE(0);
    return { origin, seed, peer, restsUntil: 0 };
  }

  #spread<Entry, Result>(
    method: Method<Entry, Result>,
    keyOf: (entry: Entry) => number,
    send: Send<Entry, Result>,
  ): BatchCall<Entry, Result> {
    const attempts = method.droppable ? attemptsOfDroppable : attemptsMax;
    const attempt = (
      entries: readonly Entry[],
      answer: (index: number, result: Result) => void,
      tried: readonly Route[],
    ): void => {
      const byRoute = this.#group(entries, keyOf, tried, attempts);
      for (const [route, indexes] of byRoute) {
        if (!route) {
          for (const index of indexes) answer(index, method.unanswered);
          continue;
        }
        const batch = indexes.map((index) => entries[index] as Entry);
        const again: number[] = [];
        let waiting = batch.length;
        send(route, batch, (position, result) => {
          const index = indexes[position] as number;
          waiting -= 1;
          if (result !== method.unanswered) answer(index, result);
          else again.push(index);
          if (waiting > 0 || again.length === 0) return;
          // Once all of the batch are settled, and in their order: the next route must see a
          // sender's messages as they were sent.
          if (!method.droppable) route.restsUntil = this.#options.clock.monotonic() + restMs;
          again.sort((a, b) => a - b);
          attempt(
            again.map((unanswered) => entries[unanswered] as Entry),
            (retried, late) => answer(again[retried] as number, late),
            [...tried, route],
          );
        });
      }
    };
    return (entries, answer) => attempt(entries, answer, []);
  }

  #group<Entry>(
    entries: readonly Entry[],
    keyOf: (entry: Entry) => number,
    tried: readonly Route[],
    attempts: number,
  ): Map<Route | undefined, number[]> {
    const groups = new Map<Route | undefined, number[]>();
    for (let index = 0; index < entries.length; index++) {
      const route =
        tried.length < attempts ? this.#routeFor(keyOf(entries[index] as Entry), tried) : undefined;
      const group = groups.get(route);
      if (group) group.push(index);
      else groups.set(route, [index]);
    }
    return groups;
  }

  /**
   * The route with the highest weight for this key among those not tried; one that rests only if
   * all do.
   */
  #routeFor(key: number, tried: readonly Route[]): Route | undefined {
    const now = this.#options.clock.monotonic();
    let best: Route | undefined;
    let bestWeight = -1;
    for (const route of this.#routes) {
      if (tried.includes(route)) continue;
      const rested = route.restsUntil <= now && !route.peer.down;
      const weight = mix(key, route.seed) + (rested ? 2 ** 32 : 0);
      if (weight > bestWeight) {
        best = route;
        bestWeight = weight;
      }
    }
    return best;
  }
}

/** FNV-1a: what is said of one group stays with one route, and so in order. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

/** A well-spread 32-bit number of a key and a route's seed. */
function mix(key: number, seed: number): number {
  let hash = Math.imul(((key % 2 ** 32) >>> 0) ^ seed, 0x9e3779b1) ^ Math.floor(key / 2 ** 32);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
