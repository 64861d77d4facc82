/** What operators have done, in SQLite. Places are the numbers of its rows. */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { AuditEntry, AuditLog, AuditRecord } from '../audit.ts';
import type { Database, Statement } from './database.ts';

interface Row {
  readonly place: number;
  readonly record: string;
}

export class SqliteAudit implements AuditLog {
  readonly #database: Database;
  readonly #insert: Statement<{ place: number }>;
  readonly #trim: Statement<never>;
  readonly #select: Statement<Row>;

  constructor(database: Database) {
    this.#database = database;
    this.#insert = database.prepare('INSERT INTO audit (record) VALUES (?) RETURNING place');
    this.#trim = database.prepare('DELETE FROM audit WHERE place <= ?');
    this.#select = database.prepare(
      'SELECT place, record FROM audit WHERE place < ? ORDER BY place DESC LIMIT ?',
    );
  }

  async note(record: AuditRecord): Promise<void> {
    this.#database.transaction('durable', () => {
      const { place = 0 } = this.#insert.get(JSON.stringify(record)) ?? {};
      this.#trim.run(place - limits.auditEntriesMax);
    });
  }

  async page({ before, limit }: { before?: string; limit: number }): Promise<AuditEntry[]> {
    const below = before === undefined ? Number.MAX_SAFE_INTEGER : Number(before);
    if (!Number.isSafeInteger(below)) throw new CimError('invalid-argument', 'before: is no place');
    return this.#database.read(() =>
      this.#select
        .all(below, limit)
        .map(({ place, record }) => ({ place: String(place), ...JSON.parse(record) })),
    );
  }
}
