/**
 * The records of a user's peers, kept in memory while in use: appends decide by them, and what they
 * count is saved once per batch. If the transaction around it fails, `forget` drops them all.
 */
import { limits } from '../../base/limits.ts';
import { RecentlyUsed } from '../../base/recently-used.ts';
import {
  afterStored,
  afterWriting,
  type ConversationRecord,
  isForgettable,
  type Stored,
  saysSomething,
  unknownPeer,
} from '../decisions/conversation.ts';
import { oldestBeyond } from '../decisions/marks.ts';
import type { Database, Statement } from './database.ts';

type Flagged = 'hasWritten' | 'isBlocked' | 'isMuted' | 'isPinned';
type ConversationRow = Omit<ConversationRecord, Flagged> & Readonly<Record<Flagged, number>>;

/** Users of whom it is known whom they have blocked: mostly nobody. */
const usersMax = 65_536;
/** Records in memory, some 200 bytes each: far more than one batch changes. */
const recordsMax = 65_536;

export class ConversationRows {
  readonly #blocked = new RecentlyUsed<number, ReadonlySet<number>>(usersMax);
  readonly #records = new RecentlyUsed<string, ConversationRecord>(recordsMax);
  /** What is not saved yet, by key. */
  readonly #changed = new Map<string, readonly [userId: number, peer: number]>();
  readonly #select: Statement<ConversationRow>;
  readonly #selectListed: Statement<ConversationRow & { peer: number }>;
  readonly #selectBlocked: Statement<{ peer: number }>;
  readonly #selectForgettable: Statement<{ peer: number; at: number }>;
  readonly #countContacts: Statement<{ count: number }>;
  readonly #countForgettable: Statement<{ count: number }>;
  readonly #countFlagged: Statement<{ count: number }>;
  readonly #upsert: Statement<never>;
  readonly #delete: Statement<never>;

  constructor(database: Database) {
    const fields = `has_written AS hasWritten, is_blocked AS isBlocked, is_muted AS isMuted,
       is_pinned AS isPinned, count, last, total, at, seq, read`;
    const forgettable = `FROM conversations
       WHERE user_id = ? AND NOT (has_written OR is_blocked OR is_muted OR is_pinned)`;
    const count = 'SELECT count(*) AS count FROM conversations WHERE user_id = ?';
    this.#select = database.prepare(
      `SELECT ${fields} FROM conversations WHERE user_id = ? AND peer = ?`,
    );
    this.#selectListed = database.prepare(
      `SELECT peer, ${fields} FROM conversations
       WHERE user_id = ? AND (at > 0 OR is_muted OR is_pinned)`,
    );
    this.#selectBlocked = database.prepare(
      'SELECT peer FROM conversations WHERE user_id = ? AND is_blocked ORDER BY peer',
    );
    this.#selectForgettable = database.prepare(`SELECT peer, at ${forgettable}`);
    this.#countForgettable = database.prepare(`SELECT count(*) AS count ${forgettable}`);
    this.#countContacts = database.prepare(`${count} AND (has_written OR is_blocked)`);
    this.#countFlagged = database.prepare(`${count} AND (is_muted OR is_pinned)`);
    this.#upsert = database.prepare(
      `INSERT OR REPLACE INTO conversations (user_id, peer, has_written, is_blocked, is_muted,
         is_pinned, count, last, total, at, seq, read) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#delete = database.prepare('DELETE FROM conversations WHERE user_id = ? AND peer = ?');
  }

  get(userId: number, peer: number): ConversationRecord {
    const key = keyOf(userId, peer);
    const known = this.#records.get(key);
    if (known) return known;
    const row = this.#select.get(userId, peer);
    const record = row ? recordOf(row) : unknownPeer;
    this.#records.set(key, record);
    return record;
  }

  save(userId: number, peer: number, record: ConversationRecord): void {
    const known = this.get(userId, peer);
    this.#records.set(keyOf(userId, peer), record);
    this.#changed.delete(keyOf(userId, peer));
    this.#write(userId, peer, record);
    if (known.isBlocked !== record.isBlocked) this.#blocked.delete(userId);
  }

  /** The user writes to the peer, who is no stranger from now on. */
  noteWritten(userId: number, peer: number): void {
    const known = this.get(userId, peer);
    const record = afterWriting(known, () => this.#countContacts.get(userId)?.count ?? 0);
    if (record.hasWritten !== known.hasWritten) this.save(userId, peer, record);
  }

  /** Gives the total of what the peer has sent; 0 if these are own copies. To be saved by `flush`. */
  noteStored([userId, peer]: readonly [number, number], stored: Stored, now: number): number {
    const known = this.get(userId, peer);
    const record = afterStored(known, stored, now);
    if (record !== known) {
      this.#records.set(keyOf(userId, peer), record);
      this.#changed.set(keyOf(userId, peer), [userId, peer]);
      if (!saysSomething(known) && isForgettable(record)) this.#begin(userId, peer, record);
    }
    return stored.isOwn ? 0 : record.total;
  }

  /** Saves what `noteStored` has changed. */
  flush(): void {
    for (const [userId, peer] of this.#changed.values())
      this.#write(userId, peer, this.get(userId, peer));
    this.#changed.clear();
  }

  /** In the order of their ids. */
  blockedBy(userId: number): ReadonlySet<number> {
    const known = this.#blocked.get(userId);
    if (known) return known;
    const blocked = new Set(this.#selectBlocked.all(userId).map(({ peer }) => peer));
    this.#blocked.set(userId, blocked);
    return blocked;
  }

  /** Those in which there is something, or that have a flag. */
  listed(userId: number): (ConversationRecord & { readonly peer: number })[] {
    return this.#selectListed.all(userId).map((row) => ({ ...recordOf(row), peer: row.peer }));
  }

  /** Private conversations that have a flag. */
  flagged(userId: number): number {
    return this.#countFlagged.get(userId)?.count ?? 0;
  }

  /** A change did not reach the tables. */
  forget(): void {
    this.#blocked.clear();
    this.#records.clear();
    this.#changed.clear();
  }

  #write(userId: number, peer: number, record: ConversationRecord): void {
    if (!saysSomething(record)) {
      this.#delete.run(userId, peer);
      return;
    }
    const { hasWritten, isBlocked, isMuted, isPinned } = record;
    const flags = [hasWritten, isBlocked, isMuted, isPinned].map(Number);
    const { count, last, total, at, seq, read } = record;
    this.#upsert.run(userId, peer, ...flags, count, last, total, at, seq, read);
  }

  /** Of somebody who was not known. */
  #begin(userId: number, peer: number, record: ConversationRecord): void {
    this.save(userId, peer, record);
    const { count = 0 } = this.#countForgettable.get(userId) ?? {};
    if (count <= limits.strangersListedMax) return;
    const records = new Map(this.#selectForgettable.all(userId).map((row) => [row.peer, row]));
    for (const peer of oldestBeyond(records, limits.strangersListedMax))
      this.save(userId, peer, unknownPeer);
  }
}

function keyOf(userId: number, peer: number): string {
  return `${userId} ${peer}`;
}

function recordOf(row: ConversationRow): ConversationRecord {
  const { hasWritten, isBlocked, isMuted, isPinned, count, last, total, at, seq, read } = row;
  return {
    hasWritten: hasWritten === 1,
    isBlocked: isBlocked === 1,
    isMuted: isMuted === 1,
    isPinned: isPinned === 1,
    ...{ count, last, total, at, seq, read },
  };
}
