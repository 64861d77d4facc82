/**
 * Who is there, for several who want to know of the same users through one client: it watches a user as
 * long as any of them does, and whoever comes later is told what is known.
 */
import type { UserPresence } from '../client-events.ts';
import type { Client } from './client.ts';

interface Watched {
  watchers: number;
  /** What was told last. */
  presence?: UserPresence;
}

export class SharedPresence {
  static readonly #ofClient = new WeakMap<Client, SharedPresence>();
  readonly #client: Client;
  readonly #watched = new Map<number, Watched>();

  static of(client: Client): SharedPresence {
    let shared = SharedPresence.#ofClient.get(client);
    if (!shared) {
      shared = new SharedPresence(client);
      SharedPresence.#ofClient.set(client, shared);
    }
    return shared;
  }

  private constructor(client: Client) {
    this.#client = client;
    client.on('presence', (presence) => {
      const watched = this.#watched.get(presence.userId);
      if (watched) watched.presence = presence;
    });
  }

  /** What is known of them. Each is to be unwatched as often. Throws as watchPresence() does. */
  watch(userIds: readonly number[]): UserPresence[] {
    const others = userIds.filter((userId) => !this.#watched.has(userId));
    if (others.length > 0) this.#client.watchPresence(others);
    for (const userId of others) this.#watched.set(userId, { watchers: 0 });
    return userIds.flatMap((userId) => {
      const watched = this.#watched.get(userId);
      if (!watched) return [];
      watched.watchers += 1;
      return watched.presence ?? [];
    });
  }

  unwatch(userIds: readonly number[]): void {
    const unwatched = userIds.filter((userId) => {
      const watched = this.#watched.get(userId);
      if (!watched) return false;
      watched.watchers -= 1;
      return watched.watchers === 0 && this.#watched.delete(userId);
    });
    if (unwatched.length > 0) this.#client.unwatchPresence(unwatched);
  }
}
