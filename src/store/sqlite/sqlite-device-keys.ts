/** Keys of devices in SQLite. */
import { limits } from '../../base/limits.ts';
import type { DeviceKey, DeviceKeyPage, DeviceKeys } from '../device-keys.ts';
import type { Database, Statement } from './database.ts';

type KeyRow = Omit<DeviceKey, 'allow'> & { readonly allow: string };

const columns = 'id, name, allow, hash, created_at AS createdAt';

export class SqliteDeviceKeys implements DeviceKeys {
  readonly #database: Database;
  readonly #count: Statement<{ count: number }>;
  readonly #insert: Statement<never>;
  readonly #select: Statement<KeyRow>;
  readonly #selectPage: Statement<KeyRow>;
  readonly #delete: Statement<never>;

  constructor(database: Database) {
    this.#database = database;
    this.#count = database.prepare('SELECT count(*) AS count FROM device_keys');
    this.#insert = database.prepare(
      'INSERT INTO device_keys (id, name, allow, hash, created_at) VALUES (?, ?, ?, ?, ?)',
    );
    this.#select = database.prepare(`SELECT ${columns} FROM device_keys WHERE id = ?`);
    this.#selectPage = database.prepare(
      `SELECT ${columns} FROM device_keys WHERE id > ? ORDER BY id
       LIMIT ${limits.deviceKeysPageMax + 1}`,
    );
    this.#delete = database.prepare('DELETE FROM device_keys WHERE id = ?');
  }

  async add({ id, name, allow, hash, createdAt }: DeviceKey, max: number): Promise<boolean> {
    return this.#database.transaction('durable', () => {
      const standing = this.#select.get(id);
      if (standing) return standing.hash === hash;
      if ((this.#count.get()?.count ?? 0) >= max) return false;
      this.#insert.run(id, name, JSON.stringify(allow), hash, createdAt);
      return true;
    });
  }

  async find(id: string): Promise<DeviceKey | null> {
    return this.#database.read(() => {
      const row = this.#select.get(id);
      return row ? keyOf(row) : null;
    });
  }

  async page(after = ''): Promise<DeviceKeyPage> {
    return this.#database.read(() => {
      const found = this.#selectPage.all(after).map(keyOf);
      const keys = found.slice(0, limits.deviceKeysPageMax);
      return { keys, next: found.length > keys.length ? (keys.at(-1)?.id ?? null) : null };
    });
  }

  async remove(id: string): Promise<boolean> {
    return this.#database.transaction('durable', () => this.#delete.run(id).changes === 1);
  }
}

function keyOf({ allow, ...rest }: KeyRow): DeviceKey {
  return { ...rest, allow: JSON.parse(allow) };
}
