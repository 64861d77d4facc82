/**
 * Whom users have blocked, as far as what is not stored needs to know: a message that is, is judged
 * by the store itself. Remembered for a while, so that a stream of them asks little.
 */
import type { Clock } from '../../base/clock.ts';
import { RecentlyUsed } from '../../base/recently-used.ts';
import type { Conversations } from '../../store/conversations.ts';

/** Users: most have blocked nobody, and take some hundred bytes. */
const rememberedMax = 20_000;
/** For so long a block, made through another route, may be unknown here. */
const rememberedMsMax = 5_000;

export class Blocks {
  readonly #conversations: Pick<Conversations, 'blockedBy'>;
  readonly #known: RecentlyUsed<number, Promise<ReadonlySet<number>>>;

  constructor(conversations: Pick<Conversations, 'blockedBy'>, clock: Clock) {
    this.#conversations = conversations;
    this.#known = new RecentlyUsed(rememberedMax, {
      ttl: rememberedMsMax,
      ttlResolution: 0,
      // To the cache a time of 0 is none.
      perf: { now: () => clock.monotonic() + 1 },
    });
  }

  /** Rejects as the store does. */
  by(userId: number): Promise<ReadonlySet<number>> {
    let blocked = this.#known.get(userId);
    if (!blocked) {
      blocked = this.#conversations.blockedBy(userId).then((peers) => new Set(peers));
      this.#known.set(userId, blocked);
      blocked.catch(() => this.#known.delete(userId));
    }
    return blocked;
  }

  /** The user has changed it. */
  forget(userId: number): void {
    this.#known.delete(userId);
  }

  /** The store is another one. */
  forgetAll(): void {
    this.#known.clear();
  }
}
