/** The rows of messages: adding some, reading them, dropping what is too much. */
import { bodiesOf, type Run } from '../../codec/run.ts';
import { type KeptRun, totalAt } from '../decisions/conversation.ts';
import { trimPointOf } from '../decisions/retention.ts';
import type { Page } from '../timelines.ts';
import { joinIntoBlocks } from './block.ts';
import type { Database, Statement } from './database.ts';
import type { TimelineRow } from './timeline-rows.ts';

type Message = Page['messages'][number];

interface Entry {
  readonly seq: number;
  readonly bodies: Uint8Array;
}

interface EntryState {
  readonly seq: number;
  readonly count: number;
  readonly places: number;
  readonly others: number;
  readonly total: number;
  readonly silent: number;
}

/** Runs that share rows: of one conversation, in a user's timeline. */
export interface Segment {
  /** Places of each message; 0: they are own copies, or in a group's timeline. */
  readonly places: number;
  /** Whose conversation it is: who has sent it; 0: they are own copies, or in a group's timeline. */
  readonly peer: number;
  readonly silent: boolean;
  /** Of that conversation, with all of these. */
  total: number;
  readonly runs: Run[];
}

export class TimelineEntries {
  readonly #messagesMax: number;
  /**
   * How far a timeline may grow beyond `messagesMax` before it is trimmed: trimming one by one
   * would cost more than appending.
   */
  readonly #trimSlack: number;
  readonly #insert: Statement<never>;
  readonly #select: Statement<Entry>;
  readonly #selectBack: Statement<Entry>;
  readonly #selectStateAt: Statement<EntryState>;
  readonly #selectStateAfter: Statement<EntryState>;
  readonly #delete: Statement<never>;
  readonly #deleteOwn: Statement<never>;

  constructor(database: Database, messagesMax: number) {
    this.#messagesMax = messagesMax;
    this.#trimSlack = Math.ceil(messagesMax / 32);
    this.#insert = database.prepare(
      `INSERT INTO entries (timeline, seq, count, places, others, total, silent, bodies)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#select = database.prepare(
      `SELECT seq, bodies FROM entries WHERE timeline = ?1 AND seq >= coalesce(
         (SELECT seq FROM entries WHERE timeline = ?1 AND seq <= ?2 ORDER BY seq DESC LIMIT 1), 0)
       ORDER BY seq`,
    );
    this.#selectBack = database.prepare(
      'SELECT seq, bodies FROM entries WHERE timeline = ? AND seq <= ? ORDER BY seq DESC',
    );
    const state =
      'SELECT seq, count, places, others, total, silent FROM entries WHERE timeline = ?';
    this.#selectStateAt = database.prepare(`${state} AND seq <= ? ORDER BY seq DESC LIMIT 1`);
    this.#selectStateAfter = database.prepare(`${state} AND seq > ? ORDER BY seq LIMIT 1`);
    this.#delete = database.prepare('DELETE FROM entries WHERE timeline = ? AND seq < ?');
    this.#deleteOwn = database.prepare(
      'DELETE FROM entries WHERE timeline = ? AND places = 0 AND seq + count - 1 <= ?',
    );
  }

  /** Adds what ends with the row's head. */
  add(row: TimelineRow, timelineId: number, segments: readonly Segment[]): void {
    let seq = row.head + 1;
    for (const { runs } of segments) for (const { count } of runs) seq -= count;
    let others = row.othersSaved;
    for (const { places, silent, total, runs } of segments) {
      const segment = { last: seq - 1, count: 0, total, silent };
      for (const { count } of runs) {
        segment.last += count;
        segment.count += count;
      }
      for (const { count, bodies } of joinIntoBlocks(runs)) {
        others += count * places;
        const upTo = totalAt(segment, seq + count - 1);
        this.#insert.run(timelineId, seq, count, places, others, upTo, Number(silent), bodies);
        seq += count;
      }
    }
    row.othersSaved = row.others;
  }

  /** Places that others have taken in the entries above a number. */
  unreadAbove(row: TimelineRow, number: number): number {
    const notSaved = row.others - row.othersSaved;
    if (row.id === null) return notSaved;
    const at = this.#selectStateAt.get(row.id, number + 1);
    const entry =
      at && at.seq + at.count - 1 > number ? at : this.#selectStateAfter.get(row.id, number);
    if (!entry) return notSaved;
    const above = Math.min(entry.count, entry.seq + entry.count - 1 - number);
    return row.others - entry.others + above * entry.places;
  }

  /** The run of others that holds this number; undefined if it is not kept, or an own copy. */
  receivedAt({ id }: TimelineRow, number: number): KeptRun | undefined {
    const entry = this.#selectStateAt.get(id, number);
    if (!entry || entry.places === 0) return undefined;
    const run = keptRunOf(entry);
    return run.last >= number ? run : undefined;
  }

  /** The first run of which a part is above this number. */
  firstAbove({ id }: TimelineRow, number: number): KeptRun | undefined {
    const at = this.#selectStateAt.get(id, number);
    const entry =
      at && at.seq + at.count - 1 > number ? at : this.#selectStateAfter.get(id, number);
    return entry && keptRunOf(entry);
  }

  /**
   * Up to `limit` messages from a number on, the first that is kept and those that follow it without
   * a hole; fewer when they are more than `bytesMax`.
   */
  read(row: TimelineRow, from: number, limit: number, bytesMax: number): Message[] {
    const messages: Message[] = [];
    let bytes = 0;
    for (const entry of this.#select.iterate(row.id, from)) {
      const newest = messages.at(-1);
      if (newest && entry.seq > newest.seq + 1) break;
      for (const [index, body] of bodiesOf(entry.bodies).entries()) {
        const seq = entry.seq + index;
        if (seq < from) continue;
        if (messages.length === limit) return messages;
        messages.push({ seq, body });
      }
      if (messages.length > 0) bytes += entry.bodies.length;
      if (bytes > bytesMax) break;
    }
    return messages;
  }

  /**
   * Up to `limit` messages before a number, newest first; no more than `bytesMax` unless one alone
   * has more.
   */
  readBack(row: TimelineRow, before: number, limit: number, bytesMax: number): Message[] {
    const messages: Message[] = [];
    let bytes = 0;
    for (const entry of this.#selectBack.iterate(row.id, before - 1)) {
      for (const [index, body] of [...bodiesOf(entry.bodies).entries()].reverse()) {
        const seq = entry.seq + index;
        if (seq >= before) continue;
        bytes += body.length;
        const isFull = messages.length === limit || (bytes > bytesMax && messages.length > 0);
        if (isFull) return messages;
        messages.push({ seq, body });
      }
    }
    return messages;
  }

  needsTrim({ head, trimmed, heavy }: TimelineRow): boolean {
    return head - trimmed > this.#messagesMax + this.#trimSlack || heavy.older > trimmed;
  }

  /** Drops whole entries, so a few messages more may stay. `acknowledged`: Infinity for a group. */
  trim(row: TimelineRow, timelineId: number, acknowledged: number): void {
    const point = trimPointOf(row.head, acknowledged, this.#messagesMax, row.heavy);
    const oldest = this.#selectStateAt.get(timelineId, point.all + 1);
    if (oldest) this.#delete.run(timelineId, oldest.seq);
    if (point.own > point.all) this.#deleteOwn.run(timelineId, point.own);
    row.trimmed = point.own;
    row.first = this.#selectStateAfter.get(timelineId, 0)?.seq ?? row.head + 1;
  }
}

function keptRunOf({ seq, count, total, silent }: EntryState): KeptRun {
  return { last: seq + count - 1, count, total, silent: silent === 1 };
}
