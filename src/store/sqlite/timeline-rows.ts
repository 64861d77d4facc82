/**
 * The rows of timelines and sources, kept in memory while in use. An append decides by these
 * objects alone and changes them; they are saved once per batch, however often they changed. If the
 * transaction around it fails, `forget` drops them all.
 */
import { LRUCache } from 'lru-cache';
import type { TimelineId, Watcher } from '../timelines.ts';
import type { Database, Statement } from './database.ts';

export interface TimelineRow {
  readonly name: TimelineId;
  /** Null until it is first saved. */
  id: number | null;
  /** The newest number given out. */
  head: number;
  /** The oldest number kept; `head + 1` if nothing is. */
  first: number;
  /** Who is told of an append; null while not known (watchers.ts). */
  watchers: readonly Watcher[] | null;
}

export interface SourceRow {
  readonly source: string;
  /** Null until it is first saved. */
  id: number | null;
  /** The last number taken. */
  sendSeq: number;
  /** The timeline's number of that message; 0 if it was a skip. */
  seq: number;
  /** The numbers last refused, from one to the other; 0 if none were. */
  refusedFrom: number;
  refusedTo: number;
}

const unusedSource = { id: null, sendSeq: 0, seq: 0, refusedFrom: 0, refusedTo: 0 };

// Far more than one batch touches, so that nothing is evicted between its change and its save. Each
// row is about 200 bytes.
const timelineRowsMax = 65_536;
const sourceRowsMax = 131_072;

export class TimelineRows {
  readonly #timelines = new LRUCache<TimelineId, TimelineRow>({ max: timelineRowsMax });
  readonly #sources = new LRUCache<string, SourceRow>({ max: sourceRowsMax });
  readonly #selectTimeline: Statement<{ id: number; head: number; first: number | null }>;
  readonly #selectSource: Statement<Omit<SourceRow, 'source'>>;
  readonly #insertTimeline: Statement<never>;
  readonly #updateTimeline: Statement<never>;
  readonly #insertSource: Statement<never>;
  readonly #updateSource: Statement<never>;
  readonly #updateRefused: Statement<never>;

  constructor(database: Database) {
    this.#selectTimeline = database.prepare(
      `SELECT id, head, (SELECT seq FROM entries WHERE timeline = id ORDER BY seq LIMIT 1) AS first
       FROM timelines WHERE name = ?`,
    );
    this.#selectSource = database.prepare(
      `SELECT id, send_seq AS sendSeq, seq, refused_from AS refusedFrom, refused_to AS refusedTo
       FROM sources WHERE timeline = ? AND source = ?`,
    );
    this.#insertTimeline = database.prepare(
      'INSERT INTO timelines (name, head, appended_at) VALUES (?, ?, ?)',
    );
    this.#updateTimeline = database.prepare(
      'UPDATE timelines SET head = ?, appended_at = ? WHERE id = ?',
    );
    this.#insertSource = database.prepare(
      'INSERT INTO sources (timeline, source, send_seq, seq, used_at) VALUES (?, ?, ?, ?, ?)',
    );
    this.#updateSource = database.prepare(
      'UPDATE sources SET send_seq = ?, seq = ?, used_at = ? WHERE id = ?',
    );
    this.#updateRefused = database.prepare(
      'UPDATE sources SET refused_from = ?, refused_to = ? WHERE id = ?',
    );
  }

  timeline(name: TimelineId): TimelineRow {
    const known = this.#timelines.get(name);
    if (known) return known;
    const stored = this.#selectTimeline.get(name);
    const head = stored?.head ?? 0;
    const first = stored?.first ?? head + 1;
    const row = { name, id: stored?.id ?? null, head, first, watchers: null };
    this.#timelines.set(name, row);
    return row;
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
    const row = { source, ...(stored ?? unusedSource) };
    this.#sources.set(key, row);
    return row;
  }

  /** Gives the row's id, which it has from now on. */
  saveTimeline(row: TimelineRow, now: number): number {
    if (row.id === null) {
      row.id = Number(this.#insertTimeline.run(row.name, row.head, now).lastInsertRowid);
    } else {
      this.#updateTimeline.run(row.head, now, row.id);
    }
    return row.id;
  }

  saveSource(row: SourceRow, timelineId: number, now: number): void {
    if (row.id === null) {
      const inserted = this.#insertSource.run(timelineId, row.source, row.sendSeq, row.seq, now);
      row.id = Number(inserted.lastInsertRowid);
    } else {
      this.#updateSource.run(row.sendSeq, row.seq, now, row.id);
    }
  }

  /** For a source that is saved: what is refused of it is rare, and not saved with it. */
  saveRefused(row: SourceRow): void {
    this.#updateRefused.run(row.refusedFrom, row.refusedTo, row.id);
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
