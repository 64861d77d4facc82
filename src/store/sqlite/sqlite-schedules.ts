/**
 * Schedules in SQLite. A lease is a time until which a schedule is not free: when it comes without a
 * `finish`, the schedule is simply free again.
 */
import { limits } from '../../base/limits.ts';
import {
  decideCancel,
  decideCreate,
  leasedTogether,
  pageOf,
  type ScheduleState,
} from '../decisions/schedule.ts';
import type {
  PendingSchedule,
  Schedule,
  SchedulePage,
  SchedulePosition,
  Schedules,
} from '../schedules.ts';
import type { Database, Statement } from './database.ts';
import type { Now } from './store-time.ts';

interface ScheduleRow extends ScheduleState {
  readonly number: number;
}

export class SqliteSchedules implements Schedules {
  readonly #database: Database;
  readonly #clock: Now;
  readonly #insert: Statement<never>;
  readonly #count: Statement<{ count: number }>;
  readonly #selectState: Statement<ScheduleRow>;
  readonly #selectOfOwner: Statement<PendingSchedule>;
  readonly #selectFree: Statement<Schedule & { number: number }>;
  readonly #postpone: Statement<never>;
  readonly #cancel: Statement<never>;
  readonly #finish: Statement<never>;

  constructor(database: Database, clock: Now) {
    this.#database = database;
    this.#clock = clock;
    this.#insert = database.prepare(
      'INSERT INTO schedules (owner, id, payload, due_at, free_at) VALUES (?1, ?2, ?3, ?4, ?4)',
    );
    this.#count = database.prepare(
      'SELECT count(*) AS count FROM schedules WHERE owner = ? AND payload IS NOT NULL',
    );
    this.#selectState = database.prepare(
      `SELECT number, due_at AS dueAt, free_at AS freeAt,
         iif(cancelled, 'cancelled', iif(payload IS NULL, 'sent', 'waiting')) AS state
       FROM schedules WHERE owner = ? AND id = ?`,
    );
    this.#selectOfOwner = database.prepare(
      `SELECT id, owner, payload, due_at AS dueAt FROM schedules
       WHERE owner = ? AND payload IS NOT NULL AND (due_at, id) > (?, ?) ORDER BY due_at, id`,
    );
    this.#selectFree = database.prepare(
      `SELECT number, id, owner, payload FROM schedules
       WHERE payload IS NOT NULL AND free_at <= ? ORDER BY free_at LIMIT ?`,
    );
    this.#postpone = database.prepare('UPDATE schedules SET free_at = ? WHERE number = ?');
    this.#cancel = database.prepare(
      'UPDATE schedules SET payload = NULL, cancelled = 1, forget_at = ? WHERE number = ?',
    );
    this.#finish = database.prepare(
      `UPDATE schedules SET payload = NULL, forget_at = ?
       WHERE owner = ? AND id = ? AND payload IS NOT NULL`,
    );
  }

  async create(
    { id, owner, payload }: Schedule,
    delayMs: number,
  ): Promise<'created' | 'known' | 'too-many'> {
    return this.#database.transaction('durable', () => {
      const waiting = () => this.#count.get(owner)?.count ?? 0;
      const result = decideCreate(this.#selectState.get(owner, id), waiting);
      if (result === 'created') this.#insert.run(owner, id, payload, this.#clock.now() + delayMs);
      return result;
    });
  }

  async listOf(owner: number, after?: SchedulePosition): Promise<SchedulePage> {
    const { dueAt = 0, id = '' } = after ?? {};
    return this.#database.read(() => pageOf(this.#selectOfOwner.iterate(owner, dueAt, id)));
  }

  async cancel({
    id,
    owner,
  }: Pick<Schedule, 'id' | 'owner'>): Promise<'cancelled' | 'leased' | 'unknown'> {
    const forgetAt = this.#clock.now() + limits.sourceStateMs;
    return this.#database.transaction('durable', () => {
      const known = this.#selectState.get(owner, id);
      const result = decideCancel(known);
      if (known?.state === 'waiting' && result === 'cancelled')
        this.#cancel.run(forgetAt, known.number);
      return result;
    });
  }

  async lease(limit: number, leaseMs: number): Promise<Schedule[]> {
    const now = this.#clock.now();
    const free = this.#database.read(() =>
      leasedTogether(this.#selectFree.iterate(now, limit), limit),
    );
    if (free.length === 0) return [];
    // A lease that a power failure undoes is a schedule sent twice, and that is harmless.
    this.#database.transaction('ordered', () => {
      for (const { number } of free) this.#postpone.run(now + leaseMs, number);
    });
    return free.map(({ id, owner, payload }) => ({ id, owner, payload }));
  }

  async finish(schedules: readonly Pick<Schedule, 'id' | 'owner'>[]): Promise<void> {
    const forgetAt = this.#clock.now() + limits.sourceStateMs;
    this.#database.transaction('ordered', () => {
      for (const { owner, id } of schedules) this.#finish.run(forgetAt, owner, id);
    });
  }
}
