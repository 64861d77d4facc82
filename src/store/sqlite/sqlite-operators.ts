/** Accounts of operators in SQLite. */
import { limits } from '../../base/limits.ts';
import type { Operator, OperatorChange, OperatorRole, Operators } from '../operators.ts';
import type { Database, Statement } from './database.ts';

const columns = 'name, id, role, hash, generation, created_at AS createdAt';

export class SqliteOperators implements Operators {
  readonly #database: Database;
  readonly #count: Statement<{ count: number }>;
  readonly #insert: Statement<never>;
  readonly #select: Statement<Operator>;
  readonly #selectAll: Statement<Operator>;
  readonly #change: Statement<never>;
  readonly #delete: Statement<never>;

  constructor(database: Database) {
    this.#database = database;
    this.#count = database.prepare('SELECT count(*) AS count FROM operators');
    this.#insert = database.prepare(
      'INSERT INTO operators (name, id, role, hash, generation, created_at) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#select = database.prepare(`SELECT ${columns} FROM operators WHERE name = ?`);
    this.#selectAll = database.prepare(`SELECT ${columns} FROM operators ORDER BY name`);
    this.#change = database.prepare(
      `UPDATE operators SET hash = coalesce(?, hash), role = coalesce(?, role),
         generation = generation + 1 WHERE name = ?`,
    );
    this.#delete = database.prepare('DELETE FROM operators WHERE name = ?');
  }

  async add({ name, id, role, hash, generation, createdAt }: Operator): Promise<boolean> {
    return this.#database.transaction('durable', () => {
      const standing = this.#select.get(name);
      if (standing) return standing.hash === hash;
      if ((this.#count.get()?.count ?? 0) >= limits.operatorsMax) return false;
      this.#insert.run(name, id, role, hash, generation, createdAt);
      return true;
    });
  }

  async find(name: string): Promise<Operator | null> {
    return this.#database.read(() => {
      const row = this.#select.get(name);
      return row ? operatorOf(row) : null;
    });
  }

  async list(): Promise<Operator[]> {
    return this.#database.read(() => this.#selectAll.all().map(operatorOf));
  }

  async change(name: string, { hash, role }: OperatorChange): Promise<boolean> {
    return this.#database.transaction(
      'durable',
      () => this.#change.run(hash ?? null, role ?? null, name).changes === 1,
    );
  }

  async remove(name: string): Promise<boolean> {
    return this.#database.transaction('durable', () => this.#delete.run(name).changes === 1);
  }
}

/** Rows have no prototype. */
function operatorOf({ role, ...row }: Operator): Operator {
  return { ...row, role: role satisfies OperatorRole };
}
