/** Filters of sessions in SQLite. */
import { limits } from '../../base/limits.ts';
import { nextNumber } from '../decisions/numbers.ts';
import { shardOfFilter } from '../decisions/topic-shards.ts';
import type {
  FilterAdding,
  FilterChange,
  FilterChanges,
  FilterPage,
  FilterRoom,
  SessionFilter,
  ShardFilter,
  TopicFilters,
  TopicSession,
} from '../topic-filters.ts';
import type { Database, Statement } from './database.ts';
import type { Now } from './store-time.ts';

const columns = 'owner, client_id AS clientId, filter, options';

export class SqliteTopicFilters implements TopicFilters {
  readonly #database: Database;
  readonly #clock: Now;
  readonly #select: Statement<{ options: string }>;
  readonly #selectOf: Statement<SessionFilter>;
  readonly #countOf: Statement<{ count: number }>;
  readonly #countSessions: Statement<{ count: number }>;
  readonly #addSession: Statement<never>;
  readonly #forgetOwner: Statement<never>;
  readonly #selectSessions: Statement<{ clientId: string }>;
  readonly #upsert: Statement<never>;
  readonly #delete: Statement<never>;
  readonly #selectVersion: Statement<{ version: number }>;
  readonly #setVersion: Statement<never>;
  readonly #forgetChanges: Statement<never>;
  readonly #insertChange: Statement<never>;
  readonly #trimChanges: Statement<never>;
  readonly #selectChange: Statement<{ number: number }>;
  readonly #selectChanges: Statement<FilterChange & { number: number }>;
  readonly #selectPage: Statement<ShardFilter & { id: number }>;

  constructor(database: Database, clock: Now) {
    this.#database = database;
    this.#clock = clock;
    const ofSession = 'topic_filters WHERE owner = ? AND client_id = ?';
    this.#select = database.prepare(`SELECT options FROM ${ofSession} AND filter = ?`);
    this.#selectOf = database.prepare(`SELECT filter, options FROM ${ofSession} ORDER BY filter`);
    this.#countOf = database.prepare(`SELECT count(*) AS count FROM ${ofSession}`);
    this.#countSessions = database.prepare(
      'SELECT sessions AS count FROM topic_owners WHERE owner = ?',
    );
    this.#addSession = database.prepare(
      `INSERT INTO topic_owners (owner, sessions) VALUES (?, ?)
       ON CONFLICT (owner) DO UPDATE SET sessions = sessions + excluded.sessions`,
    );
    this.#forgetOwner = database.prepare(
      'DELETE FROM topic_owners WHERE owner = ? AND sessions = 0',
    );
    this.#selectSessions = database.prepare(
      'SELECT DISTINCT client_id AS clientId FROM topic_filters WHERE owner = ?',
    );
    this.#upsert = database.prepare(
      `INSERT INTO topic_filters (owner, client_id, filter, options, shard) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (owner, client_id, filter) DO UPDATE SET options = excluded.options`,
    );
    this.#delete = database.prepare(`DELETE FROM ${ofSession} AND filter = ?`);
    this.#selectVersion = database.prepare(
      'SELECT number AS version FROM topic_versions WHERE shard = ?',
    );
    this.#setVersion = database.prepare('INSERT OR REPLACE INTO topic_versions VALUES (?, ?)');
    this.#forgetChanges = database.prepare('DELETE FROM topic_changes WHERE shard = ?');
    this.#insertChange = database.prepare(
      `INSERT INTO topic_changes (shard, number, owner, client_id, filter, options)
       VALUES (?, ?, ?, ?, ?, ?)`,
    );
    this.#trimChanges = database.prepare(
      `DELETE FROM topic_changes WHERE shard = ?1 AND number <= (SELECT number FROM topic_changes
         WHERE shard = ?1 ORDER BY number DESC LIMIT 1 OFFSET ${limits.topicChangesMax})`,
    );
    this.#selectChange = database.prepare(
      'SELECT number FROM topic_changes WHERE shard = ? AND number = ?',
    );
    this.#selectChanges = database.prepare(
      `SELECT number, ${columns} FROM topic_changes WHERE shard = ? AND number > ?
       ORDER BY number LIMIT ${limits.topicChangesPageMax}`,
    );
    this.#selectPage = database.prepare(
      `SELECT id, ${columns} FROM topic_filters WHERE shard = ? AND id > ?
       ORDER BY id LIMIT ${limits.topicFiltersPageMax}`,
    );
  }

  async add(
    session: TopicSession,
    filters: readonly SessionFilter[],
    room: FilterRoom,
  ): Promise<FilterAdding> {
    const { owner, clientId } = session;
    const wanted = new Map(filters.map(({ filter, options }) => [filter, options]));
    return this.#database.transaction('durable', () => {
      const known = this.#countOf.get(owner, clientId)?.count ?? 0;
      const sessions = this.#countSessions.get(owner)?.count ?? 0;
      if (known === 0 && sessions >= room.sessionsPerOwnerMax) return 'too-many-sessions';
      const fresh = [...wanted.keys()].filter((filter) => !this.#find(session, filter));
      if (known + fresh.length > room.filtersPerSessionMax) return 'too-many-filters';
      if (known === 0 && fresh.length > 0) this.#addSession.run(owner, 1);
      for (const [filter, options] of wanted) {
        if (this.#find(session, filter)?.options === options) continue;
        const shard = shardOfFilter(filter);
        this.#upsert.run(owner, clientId, filter, options, shard);
        this.#note(shard, { owner, clientId, filter, options });
      }
      return 'kept';
    });
  }

  async remove({ owner, clientId }: TopicSession, filters: readonly string[]): Promise<void> {
    this.#database.transaction('durable', () => {
      const known = this.#countOf.get(owner, clientId)?.count ?? 0;
      let left = known;
      for (const filter of filters) {
        if (this.#delete.run(owner, clientId, filter).changes === 0) continue;
        this.#note(shardOfFilter(filter), { owner, clientId, filter, options: null });
        left -= 1;
      }
      if (known === 0 || left > 0) return;
      this.#addSession.run(owner, -1);
      this.#forgetOwner.run(owner);
    });
  }

  async of({ owner, clientId }: TopicSession): Promise<SessionFilter[]> {
    return this.#database.read(() =>
      this.#selectOf.all(owner, clientId).map((filter) => ({ ...filter })),
    );
  }

  async end(session: TopicSession): Promise<void> {
    const filters = await this.of(session);
    await this.remove(
      session,
      filters.map(({ filter }) => filter),
    );
  }

  async endAllOf(owner: string): Promise<void> {
    const sessions = this.#database.read(() => this.#selectSessions.all(owner));
    for (const { clientId } of sessions) {
      const filters = await this.of({ owner, clientId });
      await this.end({ owner, clientId });
      this.#database.erase(() => {
        for (const { filter } of filters) this.#forgetChanges.run(shardOfFilter(filter));
      });
    }
  }

  async versions(shards: readonly number[]): Promise<number[]> {
    return this.#database.read(() => shards.map((shard) => this.#versionOf(shard)));
  }

  async changes(shard: number, since: number): Promise<FilterChanges | null> {
    return this.#database.read(() => {
      if (!this.#selectChange.get(shard, since))
        return since === this.#versionOf(shard) ? { version: since, changes: [] } : null;
      const rows = this.#selectChanges.all(shard, since);
      const changes = rows.map(({ number: _, ...change }) => change);
      return { version: rows.at(-1)?.number ?? since, changes };
    });
  }

  async page(shard: number, after = '0'): Promise<FilterPage> {
    return this.#database.read(() => {
      const rows = this.#selectPage.all(shard, Number(after));
      const filters = rows.map(({ id: _, ...filter }) => filter);
      const isFull = rows.length === limits.topicFiltersPageMax;
      return { filters, next: isFull ? String(rows.at(-1)?.id) : null };
    });
  }

  #find({ owner, clientId }: TopicSession, filter: string): { options: string } | undefined {
    return this.#select.get(owner, clientId, filter);
  }

  #note(shard: number, { owner, clientId, filter, options }: FilterChange): void {
    const number = nextNumber(this.#versionOf(shard), this.#clock.now());
    this.#setVersion.run(shard, number);
    this.#insertChange.run(shard, number, owner, clientId, filter, options);
    this.#trimChanges.run(shard);
  }

  #versionOf(shard: number): number {
    return this.#selectVersion.get(shard)?.version ?? 0;
  }
}
