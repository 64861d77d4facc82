/** Marks in SQLite: a row for each sender and reader, and a version for each user. */
import { limits } from '../../base/limits.ts';
import { sourceOf } from '../../codec/identity.ts';
import { afterReading, totalAt } from '../decisions/conversation.ts';
import {
  isToldMove,
  type MemberPlace,
  movedMarks,
  movedPlace,
  oldestBeyond,
  type ReaderMarks,
} from '../decisions/marks.ts';
import type { GroupMarks, MarkMove, MarkMoved, Marks, MemberMarks, SourceMarks } from '../marks.ts';
import { groupTimeline, userTimeline } from '../timelines.ts';
import type { ConversationRows } from './conversation-rows.ts';
import type { Database, Statement } from './database.ts';
import type { Now } from './store-time.ts';
import type { TimelineEntries } from './timeline-entries.ts';
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
  readonly conversations: ConversationRows;
  readonly entries: TimelineEntries;
  readonly watchers: Watchers;
  readonly clock: Now;
}

/** Its writes are `ordered`: what a power failure takes, the next mark sets right. */
export class SqliteMarks implements Marks {
  readonly #database: Database;
  readonly #rows: TimelineRows;
  readonly #conversations: ConversationRows;
  readonly #entries: TimelineEntries;
  readonly #watchers: Watchers;
  readonly #clock: Now;
  readonly #select: Statement<MarksRow>;
  readonly #selectAges: Statement<Pick<MarksRow, 'reader' | 'at'>>;
  readonly #count: Statement<{ count: number }>;
  readonly #upsert: Statement<never>;
  readonly #delete: Statement<never>;
  readonly #selectPlace: Statement<MemberPlace>;
  readonly #updatePlace: Statement<never>;
  readonly #selectMembers: Statement<{ members: number }>;
  readonly #selectNamed: Statement<MemberMarks>;
  readonly #countReached: Statement<Pick<GroupMarks, 'delivered' | 'read'>>;
  readonly #selectVersion: Statement<{ version: number }>;
  readonly #nextVersion: Statement<{ version: number }>;

  constructor(options: SqliteMarksOptions) {
    const { database, rows, conversations, entries, watchers, clock } = options;
    this.#database = database;
    this.#rows = rows;
    this.#conversations = conversations;
    this.#entries = entries;
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
    this.#selectPlace = database.prepare(
      'SELECT delivered, read, seen FROM members WHERE name = ? AND user_id = ?',
    );
    this.#updatePlace = database.prepare(
      'UPDATE members SET delivered = ?, read = ?, seen = ? WHERE name = ? AND user_id = ?',
    );
    this.#selectMembers = database.prepare('SELECT members FROM groups WHERE name = ?');
    this.#selectNamed = database.prepare(
      `SELECT user_id AS userId, delivered, read FROM members WHERE name = ? ORDER BY user_id`,
    );
    this.#countReached = database.prepare(
      `SELECT count(*) FILTER (WHERE delivered >= ?1) AS delivered,
         count(*) FILTER (WHERE read >= ?1) AS read FROM members WHERE name = ?2`,
    );
    this.#selectVersion = database.prepare('SELECT version FROM marks_versions WHERE user_id = ?');
    this.#nextVersion = database.prepare(
      `INSERT INTO marks_versions VALUES (?, 1)
       ON CONFLICT DO UPDATE SET version = version + 1 RETURNING version`,
    );
  }

  async move(batch: readonly MarkMove[]): Promise<MarkMoved[]> {
    try {
      return this.#database.transaction('ordered', () =>
        batch.map((move) =>
          move.group === ''
            ? { ...this.#moveForSender(move), own: this.#readOwn(move) }
            : this.#moveInGroup(move),
        ),
      );
    } catch (error) {
      // What has changed in memory is not in the tables.
      this.#conversations.forget();
      throw error;
    }
  }

  async ofPeers(
    userId: number,
    peers: readonly number[],
  ): Promise<readonly (readonly SourceMarks[])[]> {
    return this.#database.read(() => peers.map((peer) => this.#sourcesOf(userId, peer)));
  }

  async ofGroup(group: string, seq: number): Promise<GroupMarks> {
    return this.#database.read(() => {
      const { members = 0 } = this.#selectMembers.get(group) ?? {};
      const { delivered = 0, read = 0 } = this.#countReached.get(seq, group) ?? {};
      const isNamed = members <= limits.marksNamedMax;
      return { members, delivered, read, named: isNamed ? this.#selectNamed.all(group) : null };
    });
  }

  async versions(userIds: readonly number[]): Promise<number[]> {
    return this.#database.read(() =>
      userIds.map((userId) => this.#selectVersion.get(userId)?.version ?? 0),
    );
  }

  #moveForSender(move: MarkMove): Omit<MarkMoved, 'own'> {
    const { reader, from, epochHex, sendSeq, isQuiet } = move;
    if (reader === from || isQuiet) return unmoved;
    const row = this.#rows.timeline(userTimeline(from));
    if (row.isGone) return unmoved;
    const source = sourceOf(from, epochHex, reader, '');
    const ofReader = this.#rows.timeline(userTimeline(reader));
    const last = Math.max(
      this.#rows.source(row, source).last,
      this.#rows.source(ofReader, source).last,
    );
    const sources = movedMarks(this.#sourcesOf(from, reader), move, last);
    if (!sources) return unmoved;
    this.#save(from, reader, { at: this.#clock.now(), sources });
    return { moved: true, sendSeq: Math.min(sendSeq, last), ...this.#tell(from) };
  }

  #readOwn({ reader, from, seq, kind }: MarkMove): MarkMoved['own'] {
    if (kind !== 'read') return null;
    const run = this.#entries.receivedAt(this.#rows.timeline(userTimeline(reader)), seq);
    if (!run) return null;
    const known = this.#conversations.get(reader, from);
    const record = afterReading(known, totalAt(run, seq));
    if (record.read === known.read) return null;
    this.#conversations.save(reader, from, record);
    return this.#tell(reader);
  }

  #moveInGroup(move: MarkMove): MarkMoved {
    const { reader, from, epochHex, group, sendSeq } = move;
    const known = this.#selectPlace.get(group, reader);
    if (!known) return { ...unmoved, own: null };
    const row = this.#rows.timeline(groupTimeline(group));
    const { last } = this.#rows.source(row, sourceOf(from, epochHex, 0, group));
    const place = movedPlace(known, move, row.head, last);
    const { delivered, read, seen } = place;
    const isTold = isToldMove(known, place);
    if (isTold || seen !== known.seen) this.#updatePlace.run(delivered, read, seen, group, reader);
    const own = seen === known.seen ? null : this.#tell(reader);
    if (!isTold) return { ...unmoved, own };
    const { members = 0 } = this.#selectMembers.get(group) ?? {};
    const told = members <= limits.marksNamedMax ? this.#tell(from) : toNobody;
    return { moved: true, sendSeq: Math.min(sendSeq, last), ...told, own };
  }

  #tell(userId: number): Pick<MarkMoved, 'watchers' | 'version'> {
    if (this.#rows.timeline(userTimeline(userId)).isGone) return toNobody;
    const version = this.#nextVersion.get(userId)?.version ?? 0;
    return { watchers: this.#watchers.ofUser(userId), version };
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

const toNobody = { watchers: [], version: 0 };
const unmoved = { moved: false, sendSeq: 0, ...toNobody };
