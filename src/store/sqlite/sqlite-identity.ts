/** The id of a store in SQLite: the one row of a table, made with the tables. */
import type { StoreIdentity } from '../identity.ts';
import type { Database, Statement } from './database.ts';
import { drawnId } from './schema.ts';

export class SqliteIdentity implements StoreIdentity {
  readonly #database: Database;
  readonly #select: Statement<{ id: string; salt: string }>;
  readonly #renew: Statement<never>;

  constructor(database: Database) {
    this.#database = database;
    this.#select = database.prepare('SELECT id, salt FROM identity');
    this.#renew = database.prepare(`UPDATE identity SET id = ${drawnId}`);
  }

  async get(): Promise<string> {
    return this.#database.read(() => this.#id());
  }

  async salt(): Promise<string> {
    return this.#database.read(() => this.#select.get()?.salt ?? '');
  }

  async renew(): Promise<string> {
    return this.#database.transaction('durable', () => {
      this.#renew.run();
      return this.#id();
    });
  }

  #id(): string {
    return this.#select.get()?.id ?? '';
  }
}
