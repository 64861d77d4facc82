/** Marks in SQLite: a row for each sender and reader, and a version for each user. */
import { limits } from '../../base/limits.ts';
import { sourceOf } from '../../codec/identity.ts';
import { movedMarks, oldestBeyond, type ReaderMarks } from '../decisions/marks.ts';
import type { MarkMove, MarkMoved, Marks, SourceMarks } from '../marks.ts';
import { userTimeline } from '../timelines.ts';
import type { Database, Statement } from './database.ts';
import type { Now } from './store-time.ts';
import type { TimelineRows } from './timeline-rows.ts';
import type { Watchers } from './watchers.ts';

interface MarksRow {
  readonly reader: number;
  readonly at: number;
  /** SourceMarks as JSON. */
  readonly sources: string;
}

export interface SqliteMarksOptions {
  readonly database: Database;
  readonly rows: TimelineRows;
  readonly watchers: Watchers;
  readonly clock: Now;
}

/** Its writes are `ordered`: what a power failure takes, the next mark sets right. */
export class SqliteMarks implements Marks {
  readonly #database: Database;
  readonly #rows: TimelineRows;
  readonly #watchers: Watchers;
  readonly #clock: Now;
  readonly #select: Statement<MarksRow>;
  readonly #selectAges: Statement<Pick<MarksRow, 'reader' | 'at'>>;
  readonly #count: Statement<{ count: number }>;
  readonly #upsert: Statement<never>;
  readonly #delete: Statement<never>;
  readonly #selectVersion: Statement<{ version: number }>;
  readonly #nextVersion: Statement<{ version: number }>;

  constructor({ database, rows, watchers, clock }: SqliteMarksOptions) {
    this.#database = database;
    this.#rows = rows;
    this.#watchers = watchers;
    this.#clock = clock;
    this.#select = database.prepare(
      'SELECT reader, at, sources FROM marks WHERE user_id = ? AND reader = ?',
    );
    this.#selectAges = database.prepare('SELECT reader, at FROM marks WHERE user_id = ?');
    this.#count = database.prepare('SELECT count(*) AS count FROM marks WHERE user_id = ?');
    this.#upsert = database.prepare(
      'INSERT OR REPLACE INTO marks (user_id, reader, at, sources) VALUES (?, ?, ?, ?)',
    );
    this.#delete = database.prepare('DELETE FROM marks WHERE user_id = ? AND reader = ?');
    this.#selectVersion = database.prepare('SELECT version FROM marks_versions WHERE user_id = ?');
    this.#nextVersion = database.prepare(
      `INSERT INTO marks_versions VALUES (?, 1)
       ON CONFLICT DO UPDATE SET version = version + 1 RETURNING version`,
    );
  }

  async move(batch: readonly MarkMove[]): Promise<MarkMoved[]> {
    return this.#database.transaction('ordered', () => batch.map((move) => this.#move(move)));
  }

  async ofPeers(
    userId: number,
    peers: readonly number[],
  ): Promise<readonly (readonly SourceMarks[])[]> {
    return this.#database.read(() => peers.map((peer) => this.#sourcesOf(userId, peer)));
  }

  async versions(userIds: readonly number[]): Promise<number[]> {
    return this.#database.read(() =>
      userIds.map((userId) => this.#selectVersion.get(userId)?.version ?? 0),
    );
  }

  #move(move: MarkMove): MarkMoved {
    const { reader, from, epochHex, group, sendSeq, isQuiet } = move;
    if (group !== '' || reader === from || isQuiet) return unmoved;
    const row = this.#rows.timeline(userTimeline(from));
    const { last } = this.#rows.source(row, sourceOf(from, epochHex, reader, ''));
    const sources = movedMarks(this.#sourcesOf(from, reader), move, last);
    if (!sources) return unmoved;
    this.#save(from, reader, { at: this.#clock.now(), sources });
    return {
      moved: true,
      sendSeq: Math.min(sendSeq, last),
      watchers: this.#watchers.of(row),
      version: this.#nextVersion.get(from)?.version ?? 0,
      own: null,
    };
  }

  #sourcesOf(userId: number, reader: number): readonly SourceMarks[] {
    return JSON.parse(this.#select.get(userId, reader)?.sources ?? '[]');
  }

  #save(userId: number, reader: number, { at, sources }: ReaderMarks): void {
    this.#upsert.run(userId, reader, at, JSON.stringify(sources));
    if ((this.#count.get(userId)?.count ?? 0) <= limits.markReadersMax) return;
    const records = new Map(this.#selectAges.all(userId).map((row) => [row.reader, row]));
    for (const oldest of oldestBeyond(records, limits.markReadersMax))
      this.#delete.run(userId, oldest);
  }
}

const unmoved: MarkMoved = { moved: false, sendSeq: 0, watchers: [], version: 0, own: null };
