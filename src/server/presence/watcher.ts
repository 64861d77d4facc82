/**
 * Whom one connection watches. Each frame of the client names all of them. Whoever names many others
 * in turn has to wait: each costs a question to a route.
 */
import { limits } from '../../base/limits.ts';
import type { PresenceNews, WatchFrame } from '../../codec/presence.ts';
import type { Told } from './told.ts';

/** The session that watches. */
export interface WatchingPeer {
  readonly userId: number;
  readonly ready: boolean;
  /** Whether it keeps up with reading: if not, it is told later. */
  readonly hasRoom: boolean;
}

/** Is told. */
export interface PresenceTaker {
  onPresence(news: readonly PresenceNews[]): void;
  /** Not all can be watched: there are too many. */
  onWatchRefused(): void;
}

/** One connection that watches one user. */
export interface Watch {
  readonly watcher: Watcher;
  readonly watched: { readonly userId: number };
  told: Told;
}

/** What is needed of the table of all whom connections of this server watch. */
export interface WatchTable {
  /** Monotonic, in ms. */
  readonly now: number;
  /** Undefined: there is no room. `wasOnline`: as the client was told on its connection before. */
  add(watcher: Watcher, userId: number, wasOnline: boolean): Watch | undefined;
  remove(watch: Watch): void;
  /** It has something to tell. */
  tellSoon(watcher: Watcher): void;
  /** It is to be advanced by the next sweep. */
  wait(watcher: Watcher): void;
}

export class Watcher {
  readonly peer: WatchingPeer;
  readonly #taker: PresenceTaker;
  readonly #table: WatchTable;
  readonly #watches = new Map<number, Watch>();
  /** Of whom there is news. */
  readonly #untold = new Set<Watch>();
  /** What was named last, and is not watched yet. */
  #next: WatchFrame | null = null;
  #changeAt = 0;

  constructor(peer: WatchingPeer, taker: PresenceTaker, table: WatchTable) {
    this.peer = peer;
    this.#taker = taker;
    this.#table = table;
  }

  /** From now on these are watched, and no others. */
  watch(frame: WatchFrame): void {
    this.#next = frame;
    this.advance();
  }

  /** Watches those who were named last, unless it is too soon. */
  advance(): void {
    const { now } = this.#table;
    if (!this.#next) return;
    if (now < this.#changeAt) return this.#table.wait(this);
    const { userIds, online } = this.#next;
    this.#next = null;
    for (const [userId, watch] of this.#watches) if (!userIds.has(userId)) this.#drop(watch);
    let added = 0;
    let isRefused = false;
    for (const userId of userIds) {
      const known = this.#watches.get(userId);
      if (known) {
        // The client says what it shows, and may have forgotten what it was told.
        if (!online.has(userId)) this.#tellAgain(known);
        continue;
      }
      const watch = this.#table.add(this, userId, online.has(userId));
      if (watch) this.#watches.set(userId, watch);
      else isRefused = true;
      added += 1;
    }
    this.#changeAt = now + added * limits.presenceAddMs;
    if (isRefused) this.#taker.onWatchRefused();
  }

  /** There is news of this one: to be told with what else there is. */
  note(watch: Watch): void {
    this.#untold.add(watch);
  }

  /** False: there is no room; to be called again. */
  tell(): boolean {
    if (!this.peer.ready || this.#untold.size === 0) return true;
    if (!this.peer.hasRoom) return false;
    this.#taker.onPresence(
      Array.from(this.#untold, ({ watched: { userId }, told: { online, lastSeen } }) => ({
        userId,
        online: online === true,
        lastSeen,
      })),
    );
    this.#untold.clear();
    return true;
  }

  /** The connection has ended. */
  end(): void {
    this.#next = null;
    for (const watch of this.#watches.values()) this.#drop(watch);
  }

  #tellAgain(watch: Watch): void {
    if (watch.told.online === null) return;
    this.note(watch);
    this.#table.tellSoon(this);
  }

  #drop(watch: Watch): void {
    this.#watches.delete(watch.watched.userId);
    this.#untold.delete(watch);
    this.#table.remove(watch);
  }
}
