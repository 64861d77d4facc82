/**
 * Whom this client watches, and what it was told of them. A server is told of all of them at once,
 * whenever that changes and after every login; what it tells again is not told twice.
 */
import type { Clock, Timer } from '../../../base/clock.ts';
import { CimError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import { watchFields } from '../../../codec/presence.ts';
import type { ServerFrame } from '../../../codec/sdk-frame.ts';
import type { UserPresence } from '../client-events.ts';
import type { RequestFields } from '../connection/connection.ts';

export interface PresenceWatchOptions {
  readonly clock: Pick<Clock, 'setTimeout'>;
  readonly write: (fields: RequestFields) => void;
  readonly onPresence: (presence: UserPresence) => void;
}

/** When a server that watches as many as it may is asked again. */
const retryMs = 10_000;

export class PresenceWatch {
  readonly #options: PresenceWatchOptions;
  /** By user: what was told last; undefined: nothing yet. */
  readonly #watched = new Map<number, UserPresence | undefined>();
  #isConnected = false;
  #isSaying = false;
  #retry: Timer | undefined;

  constructor(options: PresenceWatchOptions) {
    this.#options = options;
  }

  /** Throws a CimError: `invalid-argument`, `too-many`. */
  watch(userIds: readonly number[]): void {
    for (const userId of userIds)
      if (!Number.isSafeInteger(userId) || userId < 1 || userId > limits.userIdMax)
        throw new CimError('invalid-argument', `${userId} is not a user id`);
    const all = new Set([...this.#watched.keys(), ...userIds]);
    if (all.size > limits.watchedPerConnectionMax)
      throw new CimError(
        'too-many',
        `a client watches ${limits.watchedPerConnectionMax} users, and no more`,
      );
    for (const userId of userIds)
      if (!this.#watched.has(userId)) this.#watched.set(userId, undefined);
    this.#saySoon();
  }

  unwatch(userIds: readonly number[]): void {
    for (const userId of userIds) this.#watched.delete(userId);
    this.#saySoon();
  }

  connected(): void {
    this.#isConnected = true;
    if (this.#watched.size > 0) this.#saySoon();
  }

  disconnected(): void {
    this.#isConnected = false;
    this.#retry?.cancel();
  }

  /** What a server says. */
  take({ code, presences }: ServerFrame): void {
    if (code !== 0) {
      this.#retry?.cancel();
      this.#retry = this.#options.clock.setTimeout(() => this.#saySoon(), retryMs);
    }
    for (const news of presences) {
      const [userId, online, lastSeen] = [
        news.userId ?? 0,
        news.online === true,
        news.lastSeen ?? 0,
      ];
      if (!this.#watched.has(userId)) continue;
      const before = this.#watched.get(userId);
      const presence = { userId, online, ...(!online && lastSeen > 0 && { lastSeen }) };
      this.#watched.set(userId, presence);
      if (before?.online !== online || before.lastSeen !== presence.lastSeen)
        this.#options.onPresence(presence);
    }
  }

  /** Users who are named in one turn are told of in one frame. */
  #saySoon(): void {
    if (!this.#isConnected || this.#isSaying) return;
    this.#isSaying = true;
    queueMicrotask(() => {
      this.#isSaying = false;
      if (this.#isConnected) this.#say();
    });
  }

  #say(): void {
    const online = [...this.#watched].flatMap(([userId, told]) => (told?.online ? [userId] : []));
    const userIds = new Set(this.#watched.keys());
    this.#options.write(watchFields({ userIds, online: new Set(online) }));
  }
}
