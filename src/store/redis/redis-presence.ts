/** Presence in Redis: a list of servers beside the sessions of each user that is watched. */
import { limits } from '../../base/limits.ts';
import type { Observer, Presence, PresenceQuestion, PresenceRecord } from '../presence.ts';
import { userTimeline } from '../timelines.ts';
import type { Item, RedisCalls } from './calls/redis-calls.ts';
import type { Keys } from './keys.ts';
import { scripts } from './scripts.ts';
import { parseWatchers } from './watchers.ts';

type PresenceReply = [watchers: Buffer | null, lastSeen: Buffer | null, blocked: readonly Buffer[]];

export class RedisPresence implements Presence {
  readonly #calls: RedisCalls;
  readonly #keys: Keys;

  constructor(calls: RedisCalls, keys: Keys) {
    this.#calls = calls;
    this.#keys = keys;
  }

  async look(batch: readonly PresenceQuestion[], leaseMs: number): Promise<PresenceRecord[]> {
    const items = batch.map(
      ({ userId, observer, watchers }): Item => ({
        keys: [
          this.#keys.account(userId),
          this.#keys.watchers(userTimeline(userId)),
          this.#keys.observers(userId),
          this.#keys.talk(userTimeline(userId)),
        ],
        args: [observer?.instance ?? '', observer?.address ?? '', watchers.join(' ')],
      }),
    );
    const common = [limits.observersPerUserMax, leaseMs];
    const replies = await this.#calls.runAll(scripts.lookPresence, items, common);
    return (replies as PresenceReply[]).map(([watchers, lastSeen, blocked]) => ({
      instances: [...new Set(parseWatchers(watchers).map(({ instance }) => instance))],
      lastSeen: Number(lastSeen),
      blocked: blocked.map(Number),
    }));
  }

  async observers(userIds: readonly number[]): Promise<Observer[][]> {
    const values = await this.#calls.getAll(userIds.map((userId) => this.#keys.observers(userId)));
    return values.map((value) => (value ? parseObservers(value) : []));
  }

  async showLastSeen(userId: number, isShown: boolean): Promise<boolean> {
    const keys = [this.#keys.account(userId)];
    return (await this.#calls.run(scripts.showLastSeen, keys, [isShown ? 1 : 0])) === 1;
  }
}

function parseObservers(value: Buffer): Observer[] {
  const rows = JSON.parse(value.toString()) as [instance: string, address: string, until: string][];
  return rows.map(([instance, address]) => ({ instance, address }));
}
