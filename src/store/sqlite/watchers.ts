/**
 * Who is to be told of an append: the open sessions of a user, the servers interested in a group.
 * Kept in memory with the timeline; whoever changes a session says so with `changed`.
 */
import { lobby } from '../../codec/commands.ts';
import { groupTimeline, type TimelineId, userTimeline, type Watcher } from '../timelines.ts';
import type { Database, Statement } from './database.ts';
import type { TimelineRow, TimelineRows } from './timeline-rows.ts';

const userPrefix = userTimeline(0).slice(0, 2);

export class Watchers {
  readonly #rows: TimelineRows;
  readonly #selectSessions: Statement<Watcher>;
  readonly #selectInterests: Statement<Pick<Watcher, 'instance' | 'address'>>;
  readonly #selectVersion: Statement<{ version: number }>;
  readonly #insertInterest: Statement<never>;
  readonly #deleteInterest: Statement<never>;

  constructor(database: Database, rows: TimelineRows) {
    this.#rows = rows;
    this.#selectSessions = database.prepare(
      `SELECT device, connection_number AS connectionNumber, instance, address, session_id AS sessionId
       FROM devices WHERE user_id = ? AND closed_at IS NULL`,
    );
    this.#selectInterests = database.prepare(
      'SELECT instance, address FROM interests WHERE timeline = ?',
    );
    this.#selectVersion = database.prepare('SELECT version FROM groups WHERE name = ?');
    this.#insertInterest = database.prepare(
      `INSERT INTO interests (timeline, instance, address) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET address = excluded.address`,
    );
    this.#deleteInterest = database.prepare(
      'DELETE FROM interests WHERE timeline = ? AND instance = ?',
    );
  }

  of(row: TimelineRow): readonly Watcher[] {
    row.watchers ??= this.#select(row.name);
    return row.watchers;
  }

  ofUser(userId: number): readonly Watcher[] {
    return this.of(this.#rows.timeline(userTimeline(userId)));
  }

  /** A session of this user was opened or closed. */
  changed(userId: number): void {
    this.#rows.forgetWatchers(userTimeline(userId));
  }

  /** Gives the group's version; null: there is no such group, and nothing is kept. */
  addInterest(
    group: string,
    { instance, address }: { instance: string; address: string },
  ): number | null {
    const version = group === lobby ? 0 : this.#selectVersion.get(group)?.version;
    if (version === undefined) {
      this.removeInterest(group, instance);
      return null;
    }
    this.#insertInterest.run(groupTimeline(group), instance, address);
    this.#rows.forgetWatchers(groupTimeline(group));
    return version;
  }

  removeInterest(group: string, instance: string): void {
    this.#deleteInterest.run(groupTimeline(group), instance);
    this.#rows.forgetWatchers(groupTimeline(group));
  }

  #select(timeline: TimelineId): Watcher[] {
    if (timeline.startsWith(userPrefix)) {
      return this.#selectSessions.all(Number(timeline.slice(userPrefix.length))).map(compact);
    }
    const servers = this.#selectInterests.all(timeline);
    const wholeServer = { device: '', connectionNumber: 0, sessionId: 0 };
    return servers.map(({ instance, address }) => ({ ...wholeServer, instance, address }));
  }
}

/**
 * A row as SQLite gives it is a hash table, several times as large and as slow to read as an object
 * of the same fields. These stay in memory, and are read at every message.
 */
function compact({ device, connectionNumber, instance, address, sessionId }: Watcher): Watcher {
  return { device, connectionNumber, instance, address, sessionId };
}
