/** Keys of applications in Redis: one hash, as they are few. */
import { limits } from '../../base/limits.ts';
import type { ApiKey, ApiKeys } from '../api-keys.ts';
import type { RedisCalls } from './calls/redis-calls.ts';
import type { Keys } from './keys.ts';
import { scripts } from './scripts.ts';

export class RedisApiKeys implements ApiKeys {
  readonly #calls: RedisCalls;
  readonly #keys: Keys;

  constructor(calls: RedisCalls, keys: Keys) {
    this.#calls = calls;
    this.#keys = keys;
  }

  async add({ id, label, scope, hash, createdAt }: ApiKey): Promise<boolean> {
    const record = JSON.stringify({ label, scope, hash, createdAt });
    const kept = await this.#calls.run(
      scripts.addRecord,
      [this.#keys.apiKeys()],
      [id, record, limits.apiKeysMax],
    );
    return kept === 1;
  }

  async find(id: string): Promise<ApiKey | null> {
    const record = await this.#calls.field(this.#keys.apiKeys(), id);
    return record === null ? null : parseKey(id, record);
  }

  async list(): Promise<ApiKey[]> {
    const records = await this.#calls.fields(this.#keys.apiKeys());
    return records
      .map(([id, record]) => parseKey(id, record))
      .toSorted((one, other) => one.createdAt - other.createdAt);
  }

  remove(id: string): Promise<boolean> {
    return this.#calls.removeField(this.#keys.apiKeys(), id);
  }
}

function parseKey(id: string, record: string): ApiKey {
  const key: Omit<ApiKey, 'id'> = JSON.parse(record);
  return { id, ...key };
}
