/**
 * Schedules in SQLite. A lease is a due time that lies ahead: when it comes without a `finish`, the
 * schedule is simply due again.
 */
import type { Clock } from '../../base/clock.ts';
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { PendingSchedule, Schedule, Schedules } from '../schedules.ts';
import type { Database, Statement } from './database.ts';

export class SqliteSchedules implements Schedules {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #insert: Statement<never>;
  readonly #selectDue: Statement<Schedule & { number: number }>;
  readonly #postpone: Statement<never>;
  readonly #finish: Statement<never>;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
    this.#insert = database.prepare(
      'INSERT OR IGNORE INTO schedules (owner, id, payload, due_at) VALUES (?, ?, ?, ?)',
    );
    this.#selectDue = database.prepare(
      `SELECT number, id, owner, payload FROM schedules
       WHERE payload IS NOT NULL AND due_at <= ? ORDER BY due_at LIMIT ?`,
    );
    this.#postpone = database.prepare('UPDATE schedules SET due_at = ? WHERE number = ?');
    this.#finish = database.prepare(
      'UPDATE schedules SET payload = NULL, forget_at = ? WHERE owner = ? AND id = ?',
    );
  }

  async create({ id, owner, payload }: Schedule, delayMs: number): Promise<'created' | 'known'> {
    return this.#database.transaction('durable', () => {
      const { changes } = this.#insert.run(owner, id, payload, this.#clock.now() + delayMs);
      return changes === 0 ? 'known' : 'created';
    });
  }

  async listOf(_owner: number): Promise<PendingSchedule[]> {
    throw new CimError('internal', 'listing is not built yet');
  }

  async cancel(_schedule: Pick<Schedule, 'id' | 'owner'>): Promise<'unknown'> {
    throw new CimError('internal', 'cancelling is not built yet');
  }

  async lease(limit: number, leaseMs: number): Promise<Schedule[]> {
    const now = this.#clock.now();
    const due = this.#database.read(() => this.#selectDue.all(now, limit));
    if (due.length === 0) return [];
    // A lease that a power failure undoes is a schedule sent twice, and that is harmless.
    this.#database.transaction('ordered', () => {
      for (const { number } of due) this.#postpone.run(now + leaseMs, number);
    });
    return due.map(({ id, owner, payload }) => ({ id, owner, payload }));
  }

  async finish(schedules: readonly Pick<Schedule, 'id' | 'owner'>[]): Promise<void> {
    const forgetAt = this.#clock.now() + limits.sourceStateMs;
    this.#database.transaction('ordered', () => {
      for (const { owner, id } of schedules) this.#finish.run(forgetAt, owner, id);
    });
  }
}
