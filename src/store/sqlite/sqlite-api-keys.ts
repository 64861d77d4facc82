/** Keys of applications in SQLite. */

import { limits } from '../../base/limits.ts';
import type { ApiKeyScope } from '../../base/secrets/api-key-scope.ts';
import type { ApiKey, ApiKeys } from '../api-keys.ts';
import type { Database, Statement } from './database.ts';

interface KeyRow extends Omit<ApiKey, 'scope'> {
  readonly scope: ApiKeyScope['kind'];
  readonly groupName: string | null;
}

const columns = 'id, label, scope, group_name AS groupName, hash, created_at AS createdAt';

export class SqliteApiKeys implements ApiKeys {
  readonly #database: Database;
  readonly #count: Statement<{ count: number }>;
  readonly #insert: Statement<never>;
  readonly #select: Statement<KeyRow>;
  readonly #selectAll: Statement<KeyRow>;
  readonly #delete: Statement<never>;

  constructor(database: Database) {
    this.#database = database;
    this.#count = database.prepare('SELECT count(*) AS count FROM api_keys');
    this.#insert = database.prepare(
      `INSERT INTO api_keys (id, label, scope, group_name, hash, created_at)
       VALUES (?, ?, ?, ?, ?, ?)`,
    );
    this.#select = database.prepare(`SELECT ${columns} FROM api_keys WHERE id = ?`);
    this.#selectAll = database.prepare(`SELECT ${columns} FROM api_keys ORDER BY created_at, id`);
    this.#delete = database.prepare('DELETE FROM api_keys WHERE id = ?');
  }

  async add({ id, label, scope, hash, createdAt }: ApiKey): Promise<boolean> {
    return this.#database.transaction('durable', () => {
      const standing = this.#select.get(id);
      if (standing) return standing.hash === hash;
      if ((this.#count.get()?.count ?? 0) >= limits.apiKeysMax) return false;
      const group = scope.kind === 'group' ? scope.group : null;
      this.#insert.run(id, label, scope.kind, group, hash, createdAt);
      return true;
    });
  }

  async find(id: string): Promise<ApiKey | null> {
    return this.#database.read(() => {
      const row = this.#select.get(id);
      return row ? keyOf(row) : null;
    });
  }

  async list(): Promise<ApiKey[]> {
    return this.#database.read(() => this.#selectAll.all().map(keyOf));
  }

  async remove(id: string): Promise<boolean> {
    return this.#database.transaction('durable', () => this.#delete.run(id).changes === 1);
  }
}

function keyOf({ scope: kind, groupName, ...rest }: KeyRow): ApiKey {
  const scope: ApiKeyScope = kind === 'group' ? { kind, group: groupName ?? '' } : { kind };
  return { ...rest, scope };
}
