/**
 * All live routes as one RouteApi. Each user's entries go to one route, so that they stay in order;
 * users are spread over the routes by rendezvous hashing, so that a route that comes or goes moves
 * only its own share. What one route does not answer goes to the next, and that route gets a rest; one
 * that is silent, though others wait for its answers, is passed over.
 * A user moves to another route only once all of the user's entries are answered: two routes that
 * work on entries of one user at the same time may take the later one first.
 */
import { createHash } from 'node:crypto';
import type { BatchCall } from '../../api/batch-call.ts';
import { type RouteApi, type RouteMethod, routeMethods } from '../../api/route-api.ts';
import type { Clock } from '../../base/clock.ts';
import type { Service } from '../../base/process/lifecycle.ts';
import type { RemotePeer } from '../../link/remote-peer.ts';

/** A route at a base URL (src/server/routes/route-links.ts). */
export type RoutePeer = Pick<
  RemotePeer<RouteApi>,
  'api' | 'inFlight' | 'isLost' | 'isSilent' | 'reach' | 'close'
>;

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
/**
 * What may be dropped is not repeated: it might arrive twice. Nor does it tell of a route's health;
 * no more does an entry for which the link had no room, whatever it is.
 */
const attemptsOfDroppable = 1;
const restMs = 3_000;

/** Where entries of a key (a user, a group) wait for answers. */
class Waiting {
  readonly #byKey = new Map<number, { readonly route: Route; count: number }>();

  /** The route that was given the last of those that wait. */
  routeOf(key: number): Route | undefined {
    return this.#byKey.get(key)?.route;
  }

  add(key: number, route: Route): void {
    const waiting = this.#byKey.get(key);
    if (waiting?.route === route) waiting.count += 1;
    else this.#byKey.set(key, { route, count: 1 });
  }

  remove(key: number, route: Route): void {
    const waiting = this.#byKey.get(key);
    if (waiting?.route !== route) return;
    waiting.count -= 1;
    if (waiting.count === 0) this.#byKey.delete(key);
  }
}

export class RoutePool implements Service {
  readonly api: RouteApi;
  readonly #options: RoutePoolOptions;
  #routes: Route[] = [];

  constructor(options: RoutePoolOptions) {
    this.#options = options;
    this.api = Object.fromEntries(
      Object.entries(routeMethods).map(([name, method]) => [
        name,
        this.#spread(method as RouteMethod<unknown, unknown>, name as keyof RouteApi),
      ]),
    ) as unknown as RouteApi;
  }

  /**
   * Live routes, but for those to which the link is lost. Those are dialled anew: whether they are
   * back is found out also while nobody asks them.
   */
  countUsable(): number {
    for (const { peer } of this.#routes) if (peer.isLost) peer.reach();
    return this.#routes.filter(({ peer }) => !peer.isLost).length;
  }

  /** Entries that wait for an answer of any route. */
  get inFlight(): number {
    return this.#routes.reduce((all, { peer }) => all + peer.inFlight, 0);
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
    method: RouteMethod<Entry, Result>,
    name: keyof RouteApi,
  ): BatchCall<Entry, Result> {
    const keyOf = (entry: Entry): number => numberOf(method.keyOf(entry));
    // The call of this very name: the compiler cannot know that it takes these entries.
    const callOf = (route: Route) => route.peer.api[name] as unknown as BatchCall<Entry, Result>;
    const isDroppable = method.share === 'droppable';
    const attempts = isDroppable ? attemptsOfDroppable : attemptsMax;
    const waitingAt = new Waiting();
    const routeOf = (key: number, tried: readonly Route[]): Route | undefined => {
      if (tried.length >= attempts) return undefined;
      const current = waitingAt.routeOf(key);
      const canStay = current && !tried.includes(current) && this.#isUsable(current);
      return canStay ? current : this.#routeFor(key, tried);
    };
    const attempt = (
      entries: readonly Entry[],
      answer: (index: number, result: Result) => void,
      tried: readonly Route[],
    ): void => {
      const byRoute = group(entries, (entry) => routeOf(keyOf(entry), tried));
      for (const [route, indexes] of byRoute) {
        if (!route) {
          for (const index of indexes) answer(index, method.unanswered);
          continue;
        }
        const batch = indexes.map((index) => entries[index] as Entry);
        if (!isDroppable) for (const entry of batch) waitingAt.add(keyOf(entry), route);
        const again: number[] = [];
        let waiting = batch.length;
        callOf(route)(batch, (position, result) => {
          const index = indexes[position] as number;
          waiting -= 1;
          if (!isDroppable) waitingAt.remove(keyOf(batch[position] as Entry), route);
          if (result !== method.unanswered) answer(index, result);
          else again.push(index);
          if (waiting > 0 || again.length === 0) return;
          // Once all of the batch are settled, and in their order: the next route must see a
          // sender's messages as they were sent.
          if (!isDroppable) route.restsUntil = this.#options.clock.monotonic() + restMs;
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

  /** Is in the pool, its link is not lost, and it does not rest: who waits there may go on there. */
  #isUsable(route: Route): boolean {
    return this.#isRested(route) && !route.peer.isLost && this.#routes.includes(route);
  }

  #isRested({ restsUntil }: Route): boolean {
    return restsUntil <= this.#options.clock.monotonic();
  }

  /** How soon an answer of it is to be expected: the more, the sooner. */
  #promise(route: Route): number {
    if (route.peer.isLost) return 0;
    if (!this.#isRested(route)) return 1;
    return route.peer.isSilent ? 2 : 3;
  }

  /**
   * Of the routes not tried that promise most, the one with the highest weight for this key. Those to
   * which the link is lost are dialled meanwhile.
   */
  #routeFor(key: number, tried: readonly Route[]): Route | undefined {
    let best: Route | undefined;
    let bestWeight = -1;
    for (const route of this.#routes) {
      if (tried.includes(route)) continue;
      if (route.peer.isLost) route.peer.reach();
      const weight = mix(key, route.seed) + this.#promise(route) * 2 ** 32;
      if (weight > bestWeight) {
        best = route;
        bestWeight = weight;
      }
    }
    return best;
  }
}

/** The indexes of the entries, by what is to take them. */
function group<Entry, Key>(
  entries: readonly Entry[],
  keyOf: (entry: Entry) => Key,
): Map<Key, number[]> {
  const groups = new Map<Key, number[]>();
  for (let index = 0; index < entries.length; index++) {
    const key = keyOf(entries[index] as Entry);
    const indexes = groups.get(key);
    if (indexes) indexes.push(index);
    else groups.set(key, [index]);
  }
  return groups;
}

/** Of a name FNV-1a. */
function numberOf(key: number | string): number {
  if (typeof key === 'number') return key;
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index++)
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

/** A well-spread 32-bit number of a key and a route's seed. */
function mix(key: number, seed: number): number {
  let hash = Math.imul(((key % 2 ** 32) >>> 0) ^ seed, 0x9e3779b1) ^ Math.floor(key / 2 ** 32);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
