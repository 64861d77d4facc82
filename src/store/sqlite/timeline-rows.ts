/**
 * The rows of timelines and sources, kept in memory while in use. An append decides by these
 * objects alone and changes them; they are saved once per batch, however often they changed. If the
 * transaction around it fails, `forget` drops them all.
 */
import { RecentlyUsed } from '../../base/recently-used.ts';
import type { SourceRecord } from '../decisions/append.ts';
import { nothingSaid, type Said } from '../decisions/conversation.ts';
import { type Heavy, noHeavy } from '../decisions/retention.ts';
import { type TimelineId, userTimeline, type Watcher } from '../timelines.ts';
import type { Database, Statement } from './database.ts';

export interface TimelineRow {
  readonly name: TimelineId;
  /** Null until it is first saved. */
  id: number | null;
  /** The newest number given out. */
  head: number;
  /** The oldest number kept; `head + 1` if nothing is. */
  first: number;
  /** Places that others have taken in it, ever; and as of what is in the tables. */
  others: number;
  othersSaved: number;
  /** What devices have acknowledged, or more is by now. */
  acknowledged: number;
  heavy: Heavy;
  /** Of a group. */
  said: Said;
  /** Up to here nothing is left to drop but what others have sent. */
  trimmed: number;
  /** It was that of a user who was deleted. */
  readonly isGone: boolean;
  /** Who is told of an append; null while not known (watchers.ts). */
  watchers: readonly Watcher[] | null;
}

/** Changed in place: what is kept of it, and where. */
export interface SourceRow extends Mutable<SourceRecord> {
  readonly source: string;
  /** Null until it is first saved. */
  id: number | null;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

const userPrefix = userTimeline(0).slice(0, 2);

const unusedSource = { id: null, last: 0, seq: 0, refusals: [] };

interface StoredTimeline extends Heavy, Said {
  readonly id: number;
  readonly head: number;
  readonly others: number;
  readonly acknowledged: number;
  readonly first: number | null;
}

// Far more than one batch touches, so that nothing is evicted between its change and its save. Each
// row is about 200 bytes.
const timelineRowsMax = 65_536;
const sourceRowsMax = 131_072;

export class TimelineRows {
  readonly #timelines = new RecentlyUsed<TimelineId, TimelineRow>(timelineRowsMax);
  readonly #sources = new RecentlyUsed<string, SourceRow>(sourceRowsMax);
  readonly #selectTimeline: Statement<StoredTimeline>;
  readonly #selectDeleted: Statement<unknown>;
  readonly #selectSource: Statement<Omit<SourceRow, 'source' | 'refusals'> & { refusals: string }>;
  readonly #insertTimeline: Statement<never>;
  readonly #updateTimeline: Statement<never>;
  readonly #updateHeavy: Statement<never>;
  readonly #insertSource: Statement<never>;
  readonly #updateSource: Statement<never>;
  readonly #updateRefused: Statement<never>;

  constructor(database: Database) {
    this.#selectTimeline = database.prepare(
      `SELECT id, head, others, acknowledged, heavy_sum AS sum, heavy_older AS older,
         heavy_newer AS newer, total, said_at AS at, said_seq AS seq, (SELECT seq FROM entries WHERE timeline = id ORDER BY seq LIMIT 1) AS first
       FROM timelines WHERE name = ?`,
    );
    this.#selectDeleted = database.prepare('SELECT 1 FROM deletions WHERE user_id = ?');
    this.#selectSource = database.prepare(
      `SELECT id, send_seq AS last, seq, refusals FROM sources
       WHERE timeline = ? AND source = ?`,
    );
    this.#insertTimeline = database.prepare(
      `INSERT INTO timelines (name, head, others, appended_at, total, said_at, said_seq)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#updateTimeline = database.prepare(
      `UPDATE timelines SET head = ?, others = ?, appended_at = ?, total = ?, said_at = ?,
         said_seq = ? WHERE id = ?`,
    );
    this.#updateHeavy = database.prepare(
      'UPDATE timelines SET heavy_sum = ?, heavy_older = ?, heavy_newer = ? WHERE id = ?',
    );
    this.#insertSource = database.prepare(
      'INSERT INTO sources (timeline, source, send_seq, seq, used_at) VALUES (?, ?, ?, ?, ?)',
    );
    this.#updateSource = database.prepare(
      'UPDATE sources SET send_seq = ?, seq = ?, used_at = ? WHERE id = ?',
    );
    this.#updateRefused = database.prepare('UPDATE sources SET refusals = ? WHERE id = ?');
  }

  timeline(name: TimelineId): TimelineRow {
    const known = this.#timelines.get(name);
    if (known) return known;
    const stored = this.#selectTimeline.get(name);
    const head = stored?.head ?? 0;
    const first = stored?.first ?? head + 1;
    const { id = null, others = 0, acknowledged = 0 } = stored ?? {};
    const heavy = stored ? { sum: stored.sum, older: stored.older, newer: stored.newer } : noHeavy;
    const said = stored ? { total: stored.total, at: stored.at, seq: stored.seq } : nothingSaid;
    const state = { others, othersSaved: others, acknowledged, heavy, said, trimmed: first - 1 };
    const isGone = !stored && this.#isOfDeleted(name);
    const row: TimelineRow = { name, id, head, first, ...state, isGone, watchers: null };
    this.#timelines.set(name, row);
    return row;
  }

  #isOfDeleted(name: TimelineId): boolean {
    if (!name.startsWith(userPrefix)) return false;
    return this.#selectDeleted.get(Number(name.slice(userPrefix.length))) !== undefined;
  }

  /** Those who watch this timeline have changed. */
  forgetWatchers(name: TimelineId): void {
    const row = this.#timelines.peek(name);
    if (row) row.watchers = null;
  }

  source(timeline: TimelineRow, source: string): SourceRow {
    const key = `${timeline.name} ${source}`;
    const known = this.#sources.get(key);
    if (known) return known;
    const stored = timeline.id === null ? undefined : this.#selectSource.get(timeline.id, source);
    const row: SourceRow = stored
      ? { ...stored, source, refusals: JSON.parse(stored.refusals) }
      : { ...unusedSource, source };
    this.#sources.set(key, row);
    return row;
  }

  /** Gives the row's id, which it has from now on. */
  saveTimeline(row: TimelineRow, now: number): number {
    const { total, at, seq } = row.said;
    if (row.id === null) {
      const state = [row.head, row.others, now, total, at, seq];
      const inserted = this.#insertTimeline.run(row.name, ...state);
      row.id = Number(inserted.lastInsertRowid);
    } else {
      this.#updateTimeline.run(row.head, row.others, now, total, at, seq, row.id);
    }
    return row.id;
  }

  /** For a timeline that is saved: large messages are few. */
  saveHeavy({ id, heavy: { sum, older, newer } }: TimelineRow): void {
    this.#updateHeavy.run(sum, older, newer, id);
  }

  saveSource(row: SourceRow, timelineId: number, now: number): void {
    if (row.id === null) {
      const inserted = this.#insertSource.run(timelineId, row.source, row.last, row.seq, now);
      row.id = Number(inserted.lastInsertRowid);
    } else {
      this.#updateSource.run(row.last, row.seq, now, row.id);
    }
  }

  /** For a source that is saved: what is refused of it is rare, and not saved with it. */
  saveRefused(row: SourceRow): void {
    this.#updateRefused.run(JSON.stringify(row.refusals), row.id);
  }

  /** Drops the row of one timeline: its entries were changed otherwise. */
  forgetTimeline(name: TimelineId): void {
    this.#timelines.delete(name);
  }

  /** Drops everything: the tables were changed otherwise, or a change did not reach them. */
  forget(): void {
    this.#timelines.clear();
    this.#sources.clear();
  }
}
