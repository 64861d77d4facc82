/**
 * Whom the connections of this server watch. Routes are asked about each user, once for all who watch
 * them, when somebody begins to, whenever a route says that something has changed, and now and then,
 * as what a route says may get lost. An answer also leases that routes say so.
 */
import type { PresenceEntry, PresenceResult, RouteApi } from '../../api/route-api.ts';
import type { Clock } from '../../base/clock.ts';
import { limits } from '../../base/limits.ts';
import { Gather } from '../../link/gather.ts';
import type { ServerCounters } from '../server-counters.ts';
import { ended, heard, isNews, opened, toldOnline, untold } from './told.ts';
import {
  type PresenceTaker,
  type Watch,
  Watcher,
  type WatchingPeer,
  type WatchTable,
} from './watcher.ts';

export interface PresenceTableOptions {
  readonly routes: Pick<RouteApi, 'presence'>;
  readonly clock: Clock;
  readonly instance: string;
  readonly address: () => string;
  readonly counters: ServerCounters['presence'];
}

/** A user whom somebody here watches. */
interface Watched {
  readonly userId: number;
  readonly watches: Set<Watch>;
  /** Servers to which the user was connected, as was last heard. */
  instances: readonly string[];
  /** When it is to be asked anew, whatever happens; Infinity while it is asked. */
  renewAt: number;
  /** The same, or before, when somebody may turn out to be gone. */
  askAt: number;
  isAsking: boolean;
  /** Something has happened since it was asked. */
  isStale: boolean;
}

const retryMs = 1_000;
/** Users are asked about in turn: not all of them together who were first watched together. */
const spreadMs = 5_000;

export class PresenceTable implements WatchTable {
  readonly #options: PresenceTableOptions;
  readonly #watched = new Map<number, Watched>();
  #watchCount = 0;
  /** To be asked about when fewer are under way. */
  readonly #due = new Set<Watched>();
  #underWay = 0;
  readonly #questions: Gather<PresenceEntry, PresenceResult, Watched>;
  /** Connections that have named others too soon. */
  readonly #waiting = new Set<Watcher>();
  /** Connections for which there is news; with those that have no room for it yet. */
  readonly #toTell = new Set<Watcher>();
  #isTelling = false;

  constructor(options: PresenceTableOptions) {
    this.#options = options;
    this.#questions = new Gather(options.routes.presence, (watched: Watched, result) =>
      this.#answered(watched, result),
    );
  }

  get now(): number {
    return this.#options.clock.monotonic();
  }

  watcher(peer: WatchingPeer, taker: PresenceTaker): Watcher {
    return new Watcher(peer, taker, this);
  }

  add(watcher: Watcher, userId: number, wasOnline: boolean): Watch | undefined {
    let watched = this.#watched.get(userId);
    const isFull =
      this.#watchCount >= limits.watchedPerServerMax ||
      (watched?.watches.size ?? 0) >= limits.watchersPerUserMax;
    if (isFull) {
      this.#options.counters.refused.value += 1;
      return undefined;
    }
    if (!watched) {
      watched = {
        userId,
        watches: new Set(),
        instances: [],
        renewAt: Infinity,
        askAt: Infinity,
        isAsking: false,
        isStale: false,
      };
      this.#watched.set(userId, watched);
    }
    const watch = { watcher, watched, told: wasOnline ? toldOnline : untold };
    watched.watches.add(watch);
    this.#watchCount += 1;
    this.#ask(watched);
    return watch;
  }

  remove(watch: Watch): void {
    const watched = this.#watched.get(watch.watched.userId);
    if (!watched?.watches.delete(watch)) return;
    this.#watchCount -= 1;
    if (watched.watches.size > 0) return;
    this.#watched.delete(watched.userId);
    this.#due.delete(watched);
  }

  wait(watcher: Watcher): void {
    this.#waiting.add(watcher);
  }

  /** A session of this user was opened, or has ended. */
  hint(userId: number, isOpened: boolean): void {
    const watched = this.#watched.get(userId);
    if (!watched) return;
    if (isOpened) this.#opened(watched);
    else this.#ended(watched);
  }

  /** Whoever was connected to this server process is so no more. */
  serverGone(instance: string): void {
    for (const watched of this.#watched.values())
      if (watched.instances.includes(instance)) this.#ended(watched);
  }

  /** Called once per `limits.sweepMs`. */
  sweep(): void {
    const { now } = this;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const watcher of waiting) watcher.advance();
    for (const watched of this.#watched.values()) if (watched.askAt <= now) this.#ask(watched);
    this.#tellAll();
  }

  /** Users are trusted to be back: if they are not, it is heard of when it is asked anew. */
  #opened(watched: Watched): void {
    let isKnown = true;
    for (const watch of watched.watches) {
      const told = opened(watch.told);
      if (told) watch.told = told;
      else isKnown = false;
    }
    // An answer that is on its way may be from before.
    if (!isKnown || watched.isAsking) return this.#ask(watched);
    watched.askAt = watched.renewAt;
  }

  #ended(watched: Watched): void {
    const { now } = this;
    for (const watch of watched.watches) watch.told = ended(watch.told, now);
    watched.askAt = nextAskOf(watched);
    if (watched.isAsking) this.#ask(watched);
  }

  #ask(watched: Watched): void {
    if (watched.isAsking) watched.isStale = true;
    else this.#due.add(watched);
    this.#askOn();
  }

  #askOn(): void {
    for (const watched of this.#due) {
      if (this.#underWay >= limits.callsUnderWayMax) return;
      this.#due.delete(watched);
      this.#underWay += 1;
      watched.isAsking = true;
      watched.renewAt = Infinity;
      watched.askAt = Infinity;
      this.#questions.add(this.#entry(watched), watched);
    }
  }

  #entry({ userId, watches }: Watched): PresenceEntry {
    const { instance, address } = this.#options;
    const watchers = new Set(Array.from(watches, ({ watcher }) => watcher.peer.userId));
    return { userId, watchers: [...watchers], instance, address: address() };
  }

  #answered(watched: Watched, result: PresenceResult): void {
    this.#underWay -= 1;
    watched.isAsking = false;
    const { isStale } = watched;
    watched.isStale = false;
    if (watched.watches.size > 0) {
      if (isStale) this.#due.add(watched);
      else if (result.code === 0) this.#hear(watched, result);
      else this.#askAgain(watched, retryMs);
    }
    this.#askOn();
  }

  #hear(watched: Watched, { instances, lastSeen, hiddenFrom }: PresenceResult): void {
    const { now } = this;
    watched.instances = instances;
    const seen = { online: instances.length > 0, lastSeen };
    const hidden = { online: false, lastSeen: 0 };
    for (const watch of watched.watches) {
      const { watcher, told } = watch;
      const isHidden = hiddenFrom.includes(watcher.peer.userId);
      watch.told = heard(told, isHidden ? hidden : seen, now);
      if (!isNews(told, watch.told)) continue;
      watcher.note(watch);
      this.#options.counters.told.value += 1;
      this.tellSoon(watcher);
    }
    this.#askAgain(watched, limits.presenceAskMs - (watched.userId % spreadMs));
  }

  #askAgain(watched: Watched, delayMs: number): void {
    watched.renewAt = this.now + delayMs;
    watched.askAt = nextAskOf(watched);
  }

  /** What comes in one turn is told in one frame. */
  tellSoon(watcher: Watcher): void {
    this.#toTell.add(watcher);
    if (this.#isTelling) return;
    this.#isTelling = true;
    queueMicrotask(() => {
      this.#isTelling = false;
      this.#tellAll();
    });
  }

  #tellAll(): void {
    for (const watcher of this.#toTell) if (watcher.tell()) this.#toTell.delete(watcher);
  }
}

function nextAskOf({ watches, renewAt }: Watched): number {
  let askAt = renewAt;
  for (const { told } of watches) askAt = Math.min(askAt, told.goneAt);
  return askAt;
}
