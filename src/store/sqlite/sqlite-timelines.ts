/**
 * Timelines in SQLite. A batch is decided in memory (timeline-rows.ts) and then written in one
 * transaction: a row of messages and a row of state per timeline, a row of state per source.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { isOtherThan } from '../../codec/identity.ts';
import type { Run } from '../../codec/run.ts';
import {
  type Admission,
  type AppendAnswer,
  admitCopy,
  decideAppend,
  goneAnswer,
  isCopy,
  runName,
} from '../decisions/append.ts';
import { afterStored } from '../decisions/conversation.ts';
import { withHeavy } from '../decisions/retention.ts';
import type { Quotas } from '../quotas.ts';
import type { Retention } from '../store.ts';
import {
  type Append,
  type AppendAnswered,
  type AppendResult,
  groupTimeline,
  type InterestedIn,
  type Page,
  type Read,
  type TimelineId,
  type Timelines,
  userTimeline,
  type Watcher,
} from '../timelines.ts';
import { SqliteAdmission } from './admission.ts';
import type { ConversationRows } from './conversation-rows.ts';
import type { Database, Statement } from './database.ts';
import type { Now } from './store-time.ts';
import type { Segment, TimelineEntries } from './timeline-entries.ts';
import type { SourceRow, TimelineRow, TimelineRows } from './timeline-rows.ts';
import type { Watchers } from './watchers.ts';

const userPrefix = userTimeline(0).slice(0, 2);
const groupPrefix = groupTimeline('');

/** What a batch has changed of a timeline in memory, and is still to be saved. */
interface Change {
  readonly segments: Segment[];
  readonly sources: Set<SourceRow>;
  /** Those of which something was refused. */
  readonly refused: Set<SourceRow>;
  /** Who has written to a group, and the number of the newest that is not silent. */
  readonly writers: Map<number, number>;
  hasHeavy: boolean;
}

/** What becomes of a batch. */
interface Batch {
  readonly changes: Map<TimelineRow, Change>;
  /** Of runs to users, by source, first number and count: what their own copies go by. */
  readonly receivers: Map<string, AppendAnswer>;
}

export interface SqliteTimelinesOptions {
  readonly database: Database;
  readonly rows: TimelineRows;
  readonly conversations: ConversationRows;
  readonly watchers: Watchers;
  readonly entries: TimelineEntries;
  readonly retention: Retention;
  readonly quotas: Quotas;
  readonly clock: Now;
}

export class SqliteTimelines implements Timelines {
  readonly #database: Database;
  readonly #rows: TimelineRows;
  readonly #conversations: ConversationRows;
  readonly #watchers: Watchers;
  readonly #clock: Now;
  readonly #entries: TimelineEntries;
  readonly #updateSeen: Statement<never>;
  readonly #admission: SqliteAdmission;

  constructor(options: SqliteTimelinesOptions) {
    const { database, rows, conversations, watchers, entries } = options;
    const { retention, quotas, clock } = options;
    const { messagesMax } = retention;
    this.#database = database;
    this.#rows = rows;
    this.#conversations = conversations;
    this.#watchers = watchers;
    this.#clock = clock;
    this.#updateSeen = database.prepare(
      'UPDATE members SET seen = ? WHERE name = ? AND user_id = ?',
    );
    this.#entries = entries;
    const admitted = { database, entries, conversations, messagesMax, quotas, clock };
    this.#admission = new SqliteAdmission(admitted);
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
      const [atCursor] = identity === undefined ? [] : this.#entries.read(row, after, 1, 0);
      const isKept = identity !== undefined && atCursor?.seq === after;
      if (after > head || (isKept && isOtherThan(identity, atCursor.body))) {
        return { messages: [], head, first, rewound: true };
      }
      const messages = this.#entries.read(row, after + 1, limit, limits.pageBytesMax);
      const hole = messages[0] && messages[0].seq > after + 1 ? messages[0].seq : first;
      return { messages, head, first: Math.max(first, hole), rewound: false };
    });
  }

  async readBack(
    timeline: TimelineId,
    before: number,
    limit: number,
    bytesMax: number = limits.pageBytesMax,
  ): Promise<Page['messages']> {
    return this.#database.read(() => {
      const row = this.#rows.timeline(timeline);
      const end = before === 0 ? row.head + 1 : Math.min(before, row.head + 1);
      return this.#entries.readBack(row, end, limit, bytesMax);
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

  async addInterest(
    group: string,
    server: { instance: string; address: string },
  ): Promise<InterestedIn | null> {
    return this.#database.transaction('ordered', () => {
      const version = this.#watchers.addInterest(group, server);
      if (version === null) return null;
      return { head: this.#rows.timeline(groupTimeline(group)).head, version };
    });
  }

  async removeInterest(group: string, instance: string): Promise<void> {
    this.#database.transaction('ordered', () => this.#watchers.removeInterest(group, instance));
  }

  #appendTogether(batch: readonly Append[]): AppendResult[] {
    try {
      return this.#database.transaction('durable', () => {
        const work: Batch = { changes: new Map(), receivers: new Map() };
        const results = batch.map((append) => this.#take(append, work));
        this.#save(work.changes);
        return results;
      });
    } catch (error) {
      // What the batch has changed in memory is not in the tables.
      this.#rows.forget();
      this.#conversations.forget();
      this.#admission.forget();
      if (!(error instanceof CimError)) throw error;
      return batch.map(() => busy);
    }
  }

  #take(append: Append, work: Batch): AppendResult {
    const row = this.#rows.timeline(append.timeline);
    if (row.isGone) return this.#refuseGone(append, work);
    const sourceRow = this.#rows.source(row, append.source);
    const known = isUnused(sourceRow) ? undefined : sourceRow;
    const { answer, source, run, isHidden } = decideAppend(append, {
      known,
      head: row.head,
      isThere: () => this.#admission.isThere(append),
      admit: (fresh, duplicates) => {
        if (!known && isCopy(append)) this.#conversations.noteWritten(append.from, append.to);
        return this.#admit(append, row, fresh, duplicates, work);
      },
    });
    if (run) this.#add(row, changeOf(row, work.changes), append, run);
    if (source) {
      const change = changeOf(row, work.changes);
      change.sources.add(sourceRow);
      if (source.refusals !== sourceRow.refusals) change.refused.add(sourceRow);
      Object.assign(sourceRow, source);
    }
    // Only what is not simply taken concerns the own copy.
    const { receivers } = work;
    if ((answer.status !== 'taken' || receivers.size > 0) && append.to !== 0 && !isCopy(append))
      receivers.set(runName(append), answer);
    return { ...answer, watchers: isHidden ? [] : this.#watchers.of(row) };
  }

  #refuseGone(append: Append, { receivers }: Batch): AppendResult {
    if (!isCopy(append)) receivers.set(runName(append), goneAnswer);
    return { ...goneAnswer, watchers: [] };
  }

  /** How much is stored of what is new. */
  #admit(
    append: Append,
    row: TimelineRow,
    fresh: Run,
    duplicates: number,
    { receivers }: Batch,
  ): Admission {
    if (append.to === 0) return this.#admission.toGroup(append, fresh);
    if (append.timeline !== userTimeline(append.from))
      return this.#admission.toUser(row, append, fresh, this.#watchers.of(row).length > 0);
    const isCopied = receivers.size > 0 && isCopy(append);
    return admitCopy(
      append,
      fresh,
      duplicates,
      isCopied ? receivers.get(runName(append)) : undefined,
    );
  }

  #add(row: TimelineRow, change: Change, append: Append, run: Run): void {
    const { timeline, from, to, silent } = append;
    const each = this.#admission.placesEach(run);
    const isOthers = to !== 0 && timeline !== userTimeline(from);
    const places = isOthers ? each : 0;
    row.head += run.count;
    row.others += run.count * places;
    const total = this.#count(row, change, append, run.count);
    const last = change.segments.at(-1);
    const peer = isOthers ? from : 0;
    if (last?.places === places && last.peer === peer && last.silent === silent) {
      last.runs.push(run);
      last.total = total;
    } else change.segments.push({ places, peer, silent, total, runs: [run] });
    if (each === 1) return;
    const excess = run.count * (each - 1);
    row.heavy = withHeavy(row.heavy, excess, row.head, this.#admission.half);
    change.hasHeavy = true;
  }

  /** What is listed of the conversation, in which so many were stored. Gives its total; of own copies 0. */
  #count(row: TimelineRow, change: Change, append: Append, count: number): number {
    const { timeline, from, to, silent, onlyIfMember } = append;
    const isOwn = timeline === userTimeline(from);
    const stored = { count, seq: row.head, silent, isOwn };
    const now = this.#clock.now();
    if (to !== 0)
      return this.#conversations.noteStored(isOwn ? [from, to] : [to, from], stored, now);
    row.said = afterStored(row.said, stored, now);
    // Who writes has read what was said before.
    if (!silent && onlyIfMember !== undefined) change.writers.set(onlyIfMember, row.head);
    return row.said.total;
  }

  #save(changes: Batch['changes']): void {
    const now = this.#clock.now();
    this.#conversations.flush();
    for (const [row, { segments, sources, refused, writers, hasHeavy }] of changes) {
      const timelineId = this.#rows.saveTimeline(row, now);
      this.#entries.add(row, timelineId, segments);
      if (hasHeavy) this.#rows.saveHeavy(row);
      for (const source of sources) this.#rows.saveSource(source, timelineId, now);
      for (const source of refused) this.#rows.saveRefused(source);
      const group = row.name.slice(groupPrefix.length);
      for (const [userId, seq] of writers) this.#updateSeen.run(seq, group, userId);
      if (!this.#entries.needsTrim(row)) continue;
      const isUser = row.name.startsWith(userPrefix);
      const acknowledged = isUser ? this.#admission.acknowledgedOf(row) : Infinity;
      this.#entries.trim(row, timelineId, acknowledged);
    }
  }
}

function changeOf(row: TimelineRow, changes: Batch['changes']): Change {
  let change = changes.get(row);
  if (!change) {
    change = {
      segments: [],
      sources: new Set(),
      refused: new Set(),
      writers: new Map(),
      hasHeavy: false,
    };
    changes.set(row, change);
  }
  return change;
}

function isUnused({ id, last }: SourceRow): boolean {
  return id === null && last === 0;
}

const busy: AppendResult = {
  ...{ status: 'busy', duplicates: 0, stored: 0, refused: 0, seq: 0, expected: 0 },
  watchers: [],
};
