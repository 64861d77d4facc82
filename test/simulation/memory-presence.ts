/** Presence in memory, as src/store/presence.ts says it, and nothing besides. */
import { lasting, leased } from '../../src/store/decisions/presence.ts';
import type {
  Observer,
  Presence,
  PresenceQuestion,
  PresenceRecord,
} from '../../src/store/presence.ts';
import { userTimeline } from '../../src/store/timelines.ts';
import type { MemoryData } from './memory-shard.ts';

export class MemoryPresence implements Presence {
  readonly #data: MemoryData;
  readonly #now: () => number;

  constructor(data: MemoryData, now: () => number) {
    this.#data = data;
    this.#now = now;
  }

  async look(batch: readonly PresenceQuestion[], leaseMs: number): Promise<PresenceRecord[]> {
    return batch.map(({ userId, observer, watchers }) => {
      const timeline = userTimeline(userId);
      const { observers, devices, lastSeen, conversations } = this.#data.shard(timeline);
      if (observer && this.#data.accounts.has(userId)) {
        const leases = leased(observers, observer, { now: this.#now(), leaseMs });
        this.#data.change(timeline, { observers: leases });
      }
      const open = [...devices.values()].filter(({ closedAt }) => closedAt === null);
      return {
        instances: [...new Set(open.map(({ instance }) => instance))],
        lastSeen: lastSeen ?? 0,
        blocked: watchers.filter((peer) => conversations.get(peer)?.isBlocked),
      };
    });
  }

  async observers(userIds: readonly number[]): Promise<Observer[][]> {
    return userIds.map((userId) =>
      lasting(this.#data.shard(userTimeline(userId)).observers, this.#now()).map(
        ({ instance, address }) => ({ instance, address }),
      ),
    );
  }

  async showLastSeen(userId: number, isShown: boolean): Promise<boolean> {
    if (!this.#data.accounts.has(userId)) return false;
    const timeline = userTimeline(userId);
    const { lastSeen } = this.#data.shard(timeline);
    this.#data.change(timeline, { lastSeen: isShown ? (lastSeen ?? 0) : null });
    return true;
  }
}
