/**
 * Timelines in SQLite. A batch is decided in memory (timeline-rows.ts) and then written in one
 * transaction: a row of messages and a row of state per timeline, a row of state per source.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../base/clock.ts';
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { identityOf } from '../../codec/identity.ts';
import { bodiesOf, type Run, withoutFirst } from '../../codec/run.ts';
import type { Retention } from '../store.ts';
import {
  type Append,
  type AppendAnswered,
  type AppendResult,
  groupTimeline,
  type Page,
  type Read,
  type TimelineId,
  type Timelines,
  type Watcher,
} from '../timelines.ts';
import { joinIntoBlocks } from './block.ts';
import type { Database, Statement } from './database.ts';
import type { SourceRow, TimelineRow, TimelineRows } from './timeline-rows.ts';
import type { Watchers } from './watchers.ts';

const groupPrefix = groupTimeline('');

interface Entry {
  readonly seq: number;
  readonly bodies: Uint8Array;
}

type Message = Page['messages'][number];

/** What a batch has changed of a timeline in memory, and is still to be saved. */
interface Change {
  readonly runs: Run[];
  /** Of messages. */
  count: number;
  readonly sources: Set<SourceRow>;
  /** Those of which something was refused. */
  readonly refused: Set<SourceRow>;
}
type Changes = Map<TimelineRow, Change>;

export interface SqliteTimelinesOptions {
  readonly database: Database;
  readonly rows: TimelineRows;
  readonly watchers: Watchers;
  readonly retention: Retention;
  readonly clock: Clock;
}

export class SqliteTimelines implements Timelines {
  readonly #database: Database;
  readonly #rows: TimelineRows;
  readonly #watchers: Watchers;
  readonly #clock: Clock;
  readonly #messagesMax: number;
  /**
   * How far a timeline may grow beyond `messagesMax` before it is trimmed: trimming one by one
   * would cost more than appending.
   */
  readonly #trimSlack: number;
  readonly #insertEntry: Statement<never>;
  readonly #selectEntries: Statement<Entry>;
  readonly #selectEntryAt: Statement<{ seq: number }>;
  readonly #deleteEntries: Statement<never>;
  readonly #selectMember: Statement<unknown>;

  constructor({ database, rows, watchers, retention, clock }: SqliteTimelinesOptions) {
    this.#database = database;
    this.#rows = rows;
    this.#watchers = watchers;
    this.#clock = clock;
    this.#messagesMax = retention.messagesMax;
    this.#trimSlack = Math.ceil(retention.messagesMax / 32);
    this.#insertEntry = database.prepare(
      'INSERT INTO entries (timeline, seq, count, bodies) VALUES (?, ?, ?, ?)',
    );
    this.#selectEntryAt = database.prepare(
      'SELECT seq FROM entries WHERE timeline = ? AND seq <= ? ORDER BY seq DESC LIMIT 1',
    );
    this.#selectEntries = database.prepare(
      `SELECT seq, bodies FROM entries WHERE timeline = ?1 AND seq <= ?3 AND seq >=
         (SELECT seq FROM entries WHERE timeline = ?1 AND seq <= ?2 ORDER BY seq DESC LIMIT 1)
       ORDER BY seq`,
    );
    this.#deleteEntries = database.prepare('DELETE FROM entries WHERE timeline = ? AND seq < ?');
    this.#selectMember = database.prepare('SELECT 1 FROM members WHERE name = ? AND user_id = ?');
  }

  async append(
    batch: readonly Append[],
    answered: AppendAnswered = () => {},
  ): Promise<AppendResult[]> {
    const results: AppendResult[] = [];
    for (let start = 0; start < batch.length; start += limits.storeBatchMax) {
      // Between transactions everybody else gets a turn.
      if (start > 0) await nextTurn();
      const some = this.#appendTogether(batch.slice(start, start + limits.storeBatchMax));
      for (const [index, result] of some.entries()) answered(start + index, result);
      results.push(...some);
    }
    return results;
  }

  async read({ timeline, after, identity, limit }: Read): Promise<Page> {
    return this.#database.read(() => {
      const row = this.#rows.timeline(timeline);
      const { head, first } = row;
      // What retention took from the cursor cannot be compared: that is a gap, which `first` shows.
      const [atCursor] = identity === undefined ? [] : this.#messages(row, after, after);
      if (after > head || (atCursor && identityOf(atCursor.body) !== identity)) {
        return { messages: [], head, first, rewound: true };
      }
      const from = Math.max(after + 1, first);
      const messages = this.#messages(row, from, from + limit - 1, limits.pageBytesMax);
      return { messages, head, first, rewound: false };
    });
  }

  async readBack(timeline: TimelineId, before: number, limit: number): Promise<Page['messages']> {
    return this.#database.read(() => {
      const row = this.#rows.timeline(timeline);
      const to = before === 0 ? row.head : Math.min(before - 1, row.head);
      return this.#messages(row, to - limit + 1, to).reverse();
    });
  }

  async heads(timelines: readonly TimelineId[]): Promise<number[]> {
    return this.#database.read(() => timelines.map((name) => this.#rows.timeline(name).head));
  }

  async watchers(timelines: readonly TimelineId[]): Promise<(readonly Watcher[])[]> {
    return this.#database.read(() =>
      timelines.map((name) => this.#watchers.of(this.#rows.timeline(name))),
    );
  }

  async addInterest(group: string, server: { instance: string; address: string }): Promise<number> {
    return this.#database.transaction('ordered', () => {
      this.#watchers.addInterest(group, server);
      return this.#rows.timeline(groupTimeline(group)).head;
    });
  }

  async removeInterest(group: string, instance: string): Promise<void> {
    this.#database.transaction('ordered', () => this.#watchers.removeInterest(group, instance));
  }

  #appendTogether(batch: readonly Append[]): AppendResult[] {
    try {
      return this.#database.transaction('durable', () => {
        const changes: Changes = new Map();
        const results = batch.map((append) => this.#take(append, changes));
        this.#save(changes);
        return results;
      });
    } catch (error) {
      // What the batch has changed in memory is not in the tables.
      this.#rows.forget();
      if (!(error instanceof CimError)) throw error;
      return batch.map(() => notTaken('busy', 0));
    }
  }

  #take(append: Append, changes: Changes): AppendResult {
    const { timeline, source, sendSeq, restart, count } = append;
    const row = this.#rows.timeline(timeline);
    const sourceRow = this.#rows.source(row, source);
    const expected = sourceRow.sendSeq + 1;
    const isAhead = sendSeq > expected && !restart;
    if (isAhead || sendSeq < 1) return notTaken('out-of-order', expected);

    const watchers = this.#watchers.of(row);
    const last = sendSeq + count - 1;
    const refusedFrom = this.#firstRefused(append, last, sourceRow);
    if (refusedFrom !== null) {
      if (last >= expected) {
        refuse(sourceRow, refusedFrom, last);
        const change = changeOf(row, changes);
        change.sources.add(sourceRow);
        change.refused.add(sourceRow);
      }
      return { ...notTaken('not-a-member', 0), duplicates: refusedFrom - sendSeq, watchers };
    }
    if (last < expected) {
      const seq = last === sourceRow.sendSeq ? sourceRow.seq : 0;
      return { status: 'taken', duplicates: count, seq, expected, watchers };
    }

    const duplicates = Math.max(0, expected - sendSeq);
    const isSkip = append.bodies.length === 0;
    const seq = isSkip ? 0 : row.head + 1;
    const change = changeOf(row, changes);
    change.sources.add(sourceRow);
    if (!isSkip) {
      change.runs.push(duplicates === 0 ? append : withoutFirst(append, duplicates));
      change.count += count - duplicates;
      row.head += count - duplicates;
    }
    sourceRow.sendSeq = last;
    sourceRow.seq = isSkip ? 0 : row.head;
    return { status: 'taken', duplicates, seq, expected: last + 1, watchers };
  }

  /**
   * The first number of a run for members only that is refused. What was refused stays so for a
   * repeat, whoever joined meanwhile.
   */
  #firstRefused(
    { timeline, sendSeq, bodies, onlyIfMember }: Append,
    last: number,
    source: SourceRow,
  ): number | null {
    if (onlyIfMember === undefined || bodies.length === 0) return null;
    const { refusedFrom, refusedTo } = source;
    if (sendSeq <= refusedTo && last >= refusedFrom) return Math.max(sendSeq, refusedFrom);
    const next = source.sendSeq + 1;
    const group = timeline.slice(groupPrefix.length);
    if (last < next || this.#selectMember.get(group, onlyIfMember)) return null;
    return Math.max(sendSeq, next);
  }

  #save(changes: Changes): void {
    const now = this.#clock.now();
    for (const [row, { runs, count, sources, refused }] of changes) {
      const timelineId = this.#rows.saveTimeline(row, now);
      let seq = row.head - count + 1;
      for (const block of joinIntoBlocks(runs)) {
        this.#insertEntry.run(timelineId, seq, block.count, block.bodies);
        seq += block.count;
      }
      for (const source of sources) this.#rows.saveSource(source, timelineId, now);
      for (const source of refused) this.#rows.saveRefused(source);
      this.#trim(row, timelineId);
    }
  }

  /** Deletes whole entries, so a few messages more may stay. */
  #trim(row: TimelineRow, timelineId: number): void {
    if (row.head - row.first + 1 <= this.#messagesMax + this.#trimSlack) return;
    const oldest = this.#selectEntryAt.get(timelineId, row.head - this.#messagesMax + 1);
    if (!oldest) return;
    this.#deleteEntries.run(timelineId, oldest.seq);
    row.first = oldest.seq;
  }

  /**
   * The messages from one number to another, as far as they are kept; not all of them when they are
   * more than `bytesMax`.
   */
  #messages(row: TimelineRow, from: number, to: number, bytesMax = Infinity): Message[] {
    const oldest = Math.max(from, row.first);
    const newest = Math.min(to, row.head);
    if (oldest > newest) return [];
    const messages: Message[] = [];
    let bytes = 0;
    for (const entry of this.#selectEntries.iterate(row.id, oldest, newest)) {
      for (const [index, body] of bodiesOf(entry.bodies).entries()) {
        const seq = entry.seq + index;
        if (seq >= oldest && seq <= newest) messages.push({ seq, body });
      }
      bytes += entry.bodies.length;
      if (bytes > bytesMax) break;
    }
    return messages;
  }
}

function changeOf(row: TimelineRow, changes: Changes): Change {
  let change = changes.get(row);
  if (!change) {
    change = { runs: [], count: 0, sources: new Set(), refused: new Set() };
    changes.set(row, change);
  }
  return change;
}

/** Consumes numbers up to `last`, those from `first` on without a message. */
function refuse(source: SourceRow, first: number, last: number): void {
  const continues = source.refusedTo !== 0 && first <= source.refusedTo + 1;
  source.refusedFrom = continues ? Math.min(source.refusedFrom, first) : first;
  source.refusedTo = last;
  source.sendSeq = last;
  source.seq = 0;
}

function notTaken(
  status: 'busy' | 'out-of-order' | 'not-a-member',
  expected: number,
): AppendResult {
  return { status, duplicates: 0, seq: 0, expected, watchers: [] };
}
