/** Retained values in SQLite. */
import { limits } from '../../base/limits.ts';
import { nextNumber } from '../decisions/numbers.ts';
import { type CountedValue, countedBytes, fullRoom } from '../decisions/retained.ts';
import type {
  Retain,
  Retained,
  RetainedPage,
  RetainedRoom,
  RetainedUsage,
  RetainedValue,
  Retaining,
} from '../retained.ts';
import type { Database, Statement } from './database.ts';
import type { Now } from './store-time.ts';

/** Of the row that counts all: no owner has it. */
const everybody = '';
const columns = 'topic, number, owner, body, expires_at AS expiresAt';
const nothing: RetainedUsage = { values: 0, bytes: 0 };

export class SqliteRetained implements Retained {
  readonly #database: Database;
  readonly #clock: Now;
  readonly #select: Statement<RetainedValue>;
  readonly #selectCounted: Statement<CountedValue>;
  readonly #selectFrom: Statement<RetainedValue>;
  readonly #selectExpired: Statement<{ topic: string }>;
  readonly #upsert: Statement<never>;
  readonly #delete: Statement<never>;
  readonly #selectUsage: Statement<RetainedUsage>;
  readonly #count: Statement<never>;
  readonly #forgetOwner: Statement<never>;
  readonly #selectNumber: Statement<{ number: number }>;
  readonly #setNumber: Statement<never>;

  constructor(database: Database, clock: Now) {
    this.#database = database;
    this.#clock = clock;
    this.#select = database.prepare(`SELECT ${columns} FROM retained WHERE topic = ?`);
    this.#selectCounted = database.prepare('SELECT owner, counted FROM retained WHERE topic = ?');
    this.#selectFrom = database.prepare(
      `SELECT ${columns} FROM retained WHERE topic >= ? AND topic > ? ORDER BY topic`,
    );
    this.#selectExpired = database.prepare(
      `SELECT topic FROM retained WHERE expires_at BETWEEN 1 AND ?
       ORDER BY expires_at LIMIT ${limits.retainedExpiredTogether}`,
    );
    this.#upsert = database.prepare(
      `INSERT INTO retained (topic, number, owner, body, expires_at, counted)
       VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (topic) DO UPDATE SET number = excluded.number, owner = excluded.owner,
         body = excluded.body, expires_at = excluded.expires_at, counted = excluded.counted`,
    );
    this.#delete = database.prepare('DELETE FROM retained WHERE topic = ?');
    this.#selectUsage = database.prepare(
      'SELECT count AS "values", bytes FROM retained_owners WHERE owner = ?',
    );
    this.#count = database.prepare(
      `INSERT INTO retained_owners (owner, count, bytes) VALUES (?, ?, ?)
       ON CONFLICT (owner) DO UPDATE SET count = count + excluded.count, bytes = bytes + excluded.bytes`,
    );
    this.#forgetOwner = database.prepare(
      'DELETE FROM retained_owners WHERE owner = ? AND count = 0',
    );
    this.#selectNumber = database.prepare('SELECT number FROM retained_number');
    this.#setNumber = database.prepare('UPDATE retained_number SET number = ?');
  }

  async keep(value: Retain, room: RetainedRoom): Promise<Retaining> {
    const now = this.#clock.now();
    const { topic, owner, body, lifeMs } = value;
    const counted = countedBytes(value);
    return this.#database.transaction('durable', () => {
      for (const expired of this.#selectExpired.all(now)) this.#take(expired.topic);
      const standing = this.#selectCounted.get(topic);
      const usage = { own: this.#usageOf(owner), all: this.#usageOf(everybody) };
      const full = fullRoom({ owner, counted }, standing, usage, room);
      if (full) return { status: 'no-room', of: full };
      this.#take(topic);
      const number = this.#nextNumber(now);
      this.#upsert.run(topic, number, owner, body, lifeMs === 0 ? 0 : now + lifeMs, counted);
      this.#add({ owner, counted }, 1);
      return { status: 'kept', number };
    });
  }

  async remove(topic: string): Promise<number | undefined> {
    const now = this.#clock.now();
    return this.#database.transaction('durable', () =>
      this.#take(topic) ? this.#nextNumber(now) : undefined,
    );
  }

  async find(topic: string): Promise<RetainedValue | null> {
    const now = this.#clock.now();
    return this.#database.read(() => {
      const row = this.#select.get(topic);
      return row && isKept(row, now) ? { ...row } : null;
    });
  }

  async page({
    prefix,
    after = '',
    limit,
  }: {
    prefix: string;
    after?: string;
    limit: number;
  }): Promise<RetainedPage> {
    const now = this.#clock.now();
    return this.#database.read(() => {
      const values: RetainedValue[] = [];
      let last = '';
      let looked = 0;
      let bytes = 0;
      for (const row of this.#selectFrom.iterate(prefix, after)) {
        if (!row.topic.startsWith(prefix)) break;
        bytes += countedBytes(row);
        if (looked === limit || (looked > 0 && bytes > limits.pageBytesMax))
          return { values, next: last };
        looked += 1;
        last = row.topic;
        if (isKept(row, now)) values.push({ ...row });
      }
      return { values, next: null };
    });
  }

  async usage(owner = everybody): Promise<RetainedUsage> {
    return this.#database.read(() => this.#usageOf(owner));
  }

  #usageOf(owner: string): RetainedUsage {
    return { ...nothing, ...this.#selectUsage.get(owner) };
  }

  /** Removes what a topic has; false: nothing. */
  #take(topic: string): boolean {
    const standing = this.#selectCounted.get(topic);
    if (!standing) return false;
    this.#delete.run(topic);
    this.#add(standing, -1);
    return true;
  }

  #add({ owner, counted }: CountedValue, sign: 1 | -1): void {
    for (const each of [owner, everybody]) {
      this.#count.run(each, sign, sign * counted);
      this.#forgetOwner.run(each);
    }
  }

  #nextNumber(now: number): number {
    const number = nextNumber(this.#selectNumber.get()?.number ?? 0, now);
    this.#setNumber.run(number);
    return number;
  }
}

function isKept({ expiresAt }: RetainedValue, now: number): boolean {
  return expiresAt === 0 || expiresAt > now;
}
