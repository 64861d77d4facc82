/**
 * Deletions in SQLite. What decides is one transaction; a mailbox may be large, so its messages go a
 * slice at a time. What is deleted is overwritten in the file, and its log emptied. What retention or
 * others have deleted before is not: SQLite reuses that room sooner or later.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { limits } from '../../base/limits.ts';
import type { DeletionBegin, Deletions, PendingDeletion } from '../deletions.ts';
import type { Files } from '../files.ts';
import type { Groups } from '../groups.ts';
import type { Session } from '../sessions.ts';
import { userTimeline } from '../timelines.ts';
import type { TopicFilters } from '../topic-filters.ts';
import type { Database, Statement } from './database.ts';
import type { Now } from './store-time.ts';

/** Rows of messages deleted in one go: 4 MiB or so. */
const sliceRows = 250;

/**
 * What deleting an account does with the rows of each table. `own`: they go with the user whom this
 * column names, at once and again when it has settled. `apart`: they go by a step of their own, or
 * stay as the user's id and nothing else. `others`: they are of other users, of groups, or of nobody.
 */
export const onDeletion: Readonly<Record<string, { readonly own: string } | 'apart' | 'others'>> = {
  accounts: { own: 'user_id' },
  devices: { own: 'user_id' },
  java_logins: { own: 'user_id' },
  conversations: { own: 'user_id' },
  group_flags: { own: 'user_id' },
  marks: { own: 'user_id' },
  marks_versions: { own: 'user_id' },
  schedules: { own: 'owner' },
  requests: { own: 'owner' },
  deletions: 'apart',
  timelines: 'apart',
  // They expire (Files.expireOf): routes take their bytes away.
  files: 'apart',
  file_parts: 'apart',
  entries: 'apart',
  sources: 'apart',
  // As Groups.leave does it.
  members: 'apart',
  group_draws: 'apart',
  group_draw_slots: 'apart',
  group_given_slots: 'apart',
  group_changes: 'apart',
  groups: 'others',
  // Invitations go; that somebody was removed stays with the group.
  outsiders: 'apart',
  interests: 'others',
  api_keys: 'others',
  operators: 'others',
  // That somebody was kicked, say: by the id.
  audit: 'others',
  identity: 'others',
  // They are of topics, and stay until they are replaced.
  retained: 'others',
  retained_owners: 'others',
  retained_number: 'others',
  device_keys: 'others',
  topic_filters: 'apart',
  topic_owners: 'apart',
  topic_changes: 'apart',
  topic_versions: 'others',
};

const ownRows = [
  ...Object.entries(onDeletion).flatMap(([table, what]) =>
    typeof what === 'string' ? [] : [`DELETE FROM ${table} WHERE ${what.own} = ?`],
  ),
  "DELETE FROM outsiders WHERE user_id = ? AND outsider = 'invited'",
];

export interface SqliteDeletionsOptions {
  readonly database: Database;
  readonly groups: Pick<Groups, 'of' | 'leave'>;
  readonly files: Pick<Files, 'expireOf'>;
  readonly topicFilters: Pick<TopicFilters, 'endAllOf'>;
  /** What is kept in memory of the tables. */
  readonly caches: readonly { forget(): void }[];
  readonly clock: Now;
}

interface DeletionRow {
  readonly timeline: number | null;
  readonly settlesAt: number | null;
}

export class SqliteDeletions implements Deletions {
  readonly #options: SqliteDeletionsOptions;
  readonly #select: Statement<DeletionRow>;
  readonly #selectPending: Statement<{ userId: number; settlesAt: number }>;
  readonly #selectAccount: Statement<unknown>;
  readonly #selectSessions: Statement<Omit<Session, 'userId'>>;
  readonly #selectTimeline: Statement<{ id: number }>;
  readonly #insert: Statement<never>;
  readonly #settle: Statement<never>;
  readonly #deleteOwn: readonly Statement<never>[];
  readonly #deleteTimeline: Statement<never>;
  readonly #deleteSources: Statement<never>;
  readonly #deleteEntries: Statement<never>;

  constructor(options: SqliteDeletionsOptions) {
    const { database } = options;
    this.#options = options;
    this.#select = database.prepare(
      'SELECT timeline, settles_at AS settlesAt FROM deletions WHERE user_id = ?',
    );
    this.#selectPending = database.prepare(
      `SELECT user_id AS userId, settles_at AS settlesAt FROM deletions
       WHERE settles_at IS NOT NULL ORDER BY settles_at LIMIT ${limits.deletionsListedMax}`,
    );
    this.#selectAccount = database.prepare('SELECT 1 FROM accounts WHERE user_id = ?');
    this.#selectSessions = database.prepare(
      `SELECT device, connection_number AS connectionNumber, instance, address,
         session_id AS sessionId FROM devices WHERE user_id = ? AND closed_at IS NULL`,
    );
    this.#selectTimeline = database.prepare('SELECT id FROM timelines WHERE name = ?');
    this.#insert = database.prepare(
      'INSERT INTO deletions (user_id, timeline, settles_at) VALUES (?, ?, ?)',
    );
    this.#settle = database.prepare(
      'UPDATE deletions SET timeline = NULL, settles_at = NULL WHERE user_id = ?',
    );
    this.#deleteOwn = ownRows.map((sql) => database.prepare(sql));
    this.#deleteTimeline = database.prepare('DELETE FROM timelines WHERE id = ?');
    this.#deleteSources = database.prepare('DELETE FROM sources WHERE timeline = ?');
    this.#deleteEntries = database.prepare(
      `DELETE FROM entries WHERE rowid IN
         (SELECT rowid FROM entries WHERE timeline = ? ORDER BY seq LIMIT ${sliceRows})`,
    );
  }

  async begin(userId: number): Promise<DeletionBegin> {
    const { database, caches, clock } = this.#options;
    const begun = database.erase((): DeletionBegin => {
      const known = this.#select.get(userId);
      if (known) return known.settlesAt === null ? { status: 'deleted' } : begunBefore;
      if (!this.#selectAccount.get(userId)) return { status: 'unknown' };
      const sessions = this.#selectSessions.all(userId).map((row) => ({ userId, ...row }));
      const timeline = this.#selectTimeline.get(userTimeline(userId))?.id ?? null;
      this.#insert.run(userId, timeline, clock.now() + limits.deletionSettlesMs);
      this.#deleteTimeline.run(timeline);
      this.#deleteSources.run(timeline);
      for (const statement of this.#deleteOwn) statement.run(userId);
      return { status: 'begun', sessions };
    });
    for (const cache of caches) cache.forget();
    return begun;
  }

  async finish(userId: number): Promise<void> {
    const { database, groups, files, topicFilters, caches, clock } = this.#options;
    const known = database.read(() => this.#select.get(userId));
    if (!known) return;
    const { timeline, settlesAt } = known;
    if (timeline !== null)
      while (database.erase(() => this.#deleteEntries.run(timeline).changes) !== 0)
        await nextTurn();
    for (const { group } of await groups.of(userId)) await groups.leave(group, userId);
    await files.expireOf(userId);
    await topicFilters.endAllOf(userTimeline(userId));
    database.erase(() => {
      for (const statement of this.#deleteOwn) statement.run(userId);
      if (settlesAt !== null && settlesAt <= clock.now()) this.#settle.run(userId);
    });
    for (const cache of caches) cache.forget();
    database.emptyLog();
  }

  async pending(): Promise<PendingDeletion[]> {
    const { database, clock } = this.#options;
    const now = clock.now();
    return database
      .read(() => this.#selectPending.all())
      .map(({ userId, settlesAt }) => ({ userId, isSettled: settlesAt <= now }));
  }

  async isDeleted(userId: number): Promise<boolean> {
    return this.#options.database.read(() => this.#select.get(userId)) !== undefined;
  }
}

const begunBefore: DeletionBegin = { status: 'begun', sessions: [] };
