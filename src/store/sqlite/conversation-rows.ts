/** The records of a user's peers. Whom a user has blocked is kept in memory: appends ask for it. */
import { RecentlyUsed } from '../../base/recently-used.ts';
import {
  afterWriting,
  type ConversationRecord,
  saysSomething,
  unknownPeer,
} from '../decisions/conversation.ts';
import type { Database, Statement } from './database.ts';

interface ConversationRow {
  readonly hasWritten: number;
  readonly isBlocked: number;
  readonly count: number;
  readonly last: number;
}

/** Users of whom it is known whom they have blocked: mostly nobody. */
const usersMax = 65_536;

export class ConversationRows {
  readonly #blocked = new RecentlyUsed<number, ReadonlySet<number>>(usersMax);
  readonly #select: Statement<ConversationRow>;
  readonly #selectBlocked: Statement<{ peer: number }>;
  readonly #count: Statement<{ count: number }>;
  readonly #upsert: Statement<never>;
  readonly #delete: Statement<never>;

  constructor(database: Database) {
    this.#select = database.prepare(
      `SELECT has_written AS hasWritten, is_blocked AS isBlocked, count, last FROM conversations
       WHERE user_id = ? AND peer = ?`,
    );
    this.#selectBlocked = database.prepare(
      'SELECT peer FROM conversations WHERE user_id = ? AND is_blocked ORDER BY peer',
    );
    this.#count = database.prepare('SELECT count(*) AS count FROM conversations WHERE user_id = ?');
    this.#upsert = database.prepare(
      `INSERT OR REPLACE INTO conversations (user_id, peer, has_written, is_blocked, count, last)
       VALUES (?, ?, ?, ?, ?, ?)`,
    );
    this.#delete = database.prepare('DELETE FROM conversations WHERE user_id = ? AND peer = ?');
  }

  get(userId: number, peer: number): ConversationRecord {
    const row = this.#select.get(userId, peer);
    if (!row) return unknownPeer;
    const { hasWritten, isBlocked, count, last } = row;
    return { hasWritten: hasWritten === 1, isBlocked: isBlocked === 1, count, last };
  }

  save(userId: number, peer: number, record: ConversationRecord): void {
    const { hasWritten, isBlocked, count, last } = record;
    if (saysSomething(record))
      this.#upsert.run(userId, peer, Number(hasWritten), Number(isBlocked), count, last);
    else this.#delete.run(userId, peer);
    this.#blocked.delete(userId);
  }

  /** The user writes to the peer, who is no stranger from now on. */
  noteWritten(userId: number, peer: number): void {
    const known = this.get(userId, peer);
    const record = afterWriting(known, () => this.#count.get(userId)?.count ?? 0);
    if (record.hasWritten !== known.hasWritten) this.save(userId, peer, record);
  }

  /** In the order of their ids. */
  blockedBy(userId: number): ReadonlySet<number> {
    const known = this.#blocked.get(userId);
    if (known) return known;
    const blocked = new Set(this.#selectBlocked.all(userId).map(({ peer }) => peer));
    this.#blocked.set(userId, blocked);
    return blocked;
  }

  /** A change did not reach the tables. */
  forget(): void {
    this.#blocked.clear();
  }
}
