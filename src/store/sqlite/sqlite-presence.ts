/**
 * Presence in SQLite. Who wants to be told is in memory: the one process that has the database has
 * all servers, too.
 */
import { lasting, leased, noLeases, type ObserverLease } from '../decisions/presence.ts';
import type { Observer, Presence, PresenceQuestion, PresenceRecord } from '../presence.ts';
import type { ConversationRows } from './conversation-rows.ts';
import type { Database, Statement } from './database.ts';
import type { Now } from './store-time.ts';
import type { Watchers } from './watchers.ts';

export interface SqlitePresenceOptions {
  readonly database: Database;
  readonly watchers: Watchers;
  readonly conversations: ConversationRows;
  readonly clock: Now;
}

export class SqlitePresence implements Presence {
  readonly #database: Database;
  readonly #watchers: Watchers;
  readonly #conversations: ConversationRows;
  readonly #clock: Now;
  readonly #leases = new Map<number, readonly ObserverLease[]>();
  /** When those that have ended are next looked for. */
  #tidyAt = 0;
  readonly #selectLastSeen: Statement<{ lastSeen: number | null }>;
  readonly #showLastSeen: Statement<never>;
  readonly #hideLastSeen: Statement<never>;

  constructor({ database, watchers, conversations, clock }: SqlitePresenceOptions) {
    this.#database = database;
    this.#watchers = watchers;
    this.#conversations = conversations;
    this.#clock = clock;
    this.#selectLastSeen = database.prepare(
      'SELECT last_seen AS lastSeen FROM accounts WHERE user_id = ?',
    );
    this.#showLastSeen = database.prepare(
      'UPDATE accounts SET last_seen = COALESCE(last_seen, 0) WHERE user_id = ?',
    );
    this.#hideLastSeen = database.prepare('UPDATE accounts SET last_seen = NULL WHERE user_id = ?');
  }

  async look(batch: readonly PresenceQuestion[], leaseMs: number): Promise<PresenceRecord[]> {
    const now = this.#clock.now();
    this.#tidy(now, leaseMs);
    return this.#database.read(() =>
      batch.map(({ userId, observer, watchers }) => {
        const account = this.#selectLastSeen.get(userId);
        if (!account) return { instances: [], lastSeen: 0, blocked: [] };
        if (observer) {
          const leases = leased(this.#leases.get(userId) ?? noLeases, observer, { now, leaseMs });
          this.#leases.set(userId, leases);
        }
        const instances = this.#watchers.ofUser(userId).map(({ instance }) => instance);
        return {
          instances: [...new Set(instances)],
          lastSeen: account.lastSeen ?? 0,
          blocked: watchers.filter((peer) => this.#conversations.get(userId, peer).isBlocked),
        };
      }),
    );
  }

  async observers(userIds: readonly number[]): Promise<(readonly Observer[])[]> {
    const now = this.#clock.now();
    return userIds.map((userId) =>
      lasting(this.#leases.get(userId) ?? noLeases, now).map(({ instance, address }) => ({
        instance,
        address,
      })),
    );
  }

  async showLastSeen(userId: number, isShown: boolean): Promise<boolean> {
    return this.#database.transaction('durable', () => {
      (isShown ? this.#showLastSeen : this.#hideLastSeen).run(userId);
      return this.#selectLastSeen.get(userId) !== undefined;
    });
  }

  #tidy(now: number, leaseMs: number): void {
    if (now < this.#tidyAt) return;
    this.#tidyAt = now + leaseMs;
    for (const [userId, leases] of this.#leases)
      if (lasting(leases, now).length === 0) this.#leases.delete(userId);
  }
}
