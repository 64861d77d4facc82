/**
 * What time takes away: the state of sources that were not used for long, the messages of timelines
 * that nothing was appended to for long, the numbers of groups that have ended, the ids of schedules
 * and the keys of requests of long ago, draws of group keys that were begun and never counted.
 * Tables are walked a slice at a time, so that no step is noticed.
 */
import { limits } from '../../base/limits.ts';
import { lobby } from '../../codec/commands.ts';
import type { Database, Statement } from './database.ts';
import type { TimelineRows } from './timeline-rows.ts';

/** Rows looked at, or deleted, in one step: some milliseconds. */
const sliceRows = 5_000;

export interface SweepOptions {
  readonly database: Database;
  readonly rows: TimelineRows;
  readonly timelineAgeMs: number;
}

export class Sweep {
  readonly #database: Database;
  readonly #rows: TimelineRows;
  readonly #timelineAgeMs: number;
  /** How far the walk through each table has come. */
  #sourcesDone = 0;
  #timelinesDone = 0;
  readonly #sourcesSlice: Statement<{ end: number | null }>;
  readonly #timelinesSlice: Statement<{ end: number | null }>;
  readonly #deleteSources: Statement<never>;
  readonly #selectAged: Statement<{ id: number }>;
  readonly #deleteEntries: Statement<never>;
  readonly #deleteEndedGroups: Statement<never>;
  readonly #deleteSchedules: Statement<never>;
  readonly #deleteRequests: Statement<never>;
  readonly #deleteStaged: readonly Statement<never>[];

  constructor({ database, rows, timelineAgeMs }: SweepOptions) {
    this.#database = database;
    this.#rows = rows;
    this.#timelineAgeMs = timelineAgeMs;
    const sliceOf = (table: string) =>
      `SELECT max(id) AS end FROM (SELECT id FROM ${table} WHERE id > ? ORDER BY id LIMIT ${sliceRows})`;
    this.#sourcesSlice = database.prepare(sliceOf('sources'));
    this.#timelinesSlice = database.prepare(sliceOf('timelines'));
    this.#deleteSources = database.prepare(
      'DELETE FROM sources WHERE id > ? AND id <= ? AND used_at < ?',
    );
    this.#selectAged = database.prepare(
      `SELECT id FROM timelines WHERE id > ? AND id <= ? AND appended_at < ?
         AND EXISTS (SELECT 1 FROM entries WHERE timeline = id) LIMIT 1`,
    );
    this.#deleteEntries = database.prepare(
      `DELETE FROM entries WHERE rowid IN
         (SELECT rowid FROM entries WHERE timeline = ? ORDER BY seq LIMIT ${sliceRows})`,
    );
    this.#deleteEndedGroups = database.prepare(
      `DELETE FROM timelines WHERE id > ? AND id <= ? AND appended_at < ?
         AND name LIKE 'g:%' AND name <> 'g:${lobby}'
         AND NOT EXISTS (SELECT 1 FROM groups WHERE groups.name = substr(timelines.name, 3))
         AND NOT EXISTS (SELECT 1 FROM entries WHERE timeline = timelines.id)
         AND NOT EXISTS (SELECT 1 FROM sources WHERE timeline = timelines.id)`,
    );
    const deleteFrom = (table: string) =>
      `DELETE FROM ${table} WHERE number IN
         (SELECT number FROM ${table} WHERE forget_at < ? LIMIT ${sliceRows})`;
    this.#deleteSchedules = database.prepare(deleteFrom('schedules'));
    this.#deleteRequests = database.prepare(deleteFrom('requests'));
    const staged = 'head IS NULL AND until < ?';
    this.#deleteStaged = [
      `DELETE FROM group_draw_slots WHERE draw IN (SELECT id FROM group_draws WHERE ${staged})`,
      `DELETE FROM group_draws WHERE ${staged}`,
    ].map((sql) => database.prepare(sql));
  }

  /** One slice of each table. */
  step(now: number): void {
    this.#database.transaction('ordered', () => {
      const changed = [this.#sweepSources(now), this.#sweepTimelines(now)];
      if (changed.some(Boolean)) this.#rows.forget();
      this.#deleteSchedules.run(now);
      this.#deleteRequests.run(now);
      for (const statement of this.#deleteStaged) statement.run(now);
    });
  }

  #sweepSources(now: number): boolean {
    const end = this.#sourcesSlice.get(this.#sourcesDone)?.end ?? null;
    if (end === null) {
      this.#sourcesDone = 0;
      return false;
    }
    const { changes } = this.#deleteSources.run(this.#sourcesDone, end, now - limits.sourceStateMs);
    this.#sourcesDone = end;
    return changes !== 0;
  }

  #sweepTimelines(now: number): boolean {
    const end = this.#timelinesSlice.get(this.#timelinesDone)?.end ?? null;
    if (end === null) {
      this.#timelinesDone = 0;
      return false;
    }
    const aged = this.#selectAged.get(this.#timelinesDone, end, now - this.#timelineAgeMs);
    if (aged) {
      // The next step looks at the same slice again: for the rest of this timeline, then for
      // others.
      this.#deleteEntries.run(aged.id);
      return true;
    }
    const { changes } = this.#deleteEndedGroups.run(
      this.#timelinesDone,
      end,
      now - limits.endedGroupMs,
    );
    this.#timelinesDone = end;
    return changes !== 0;
  }
}
