/** Keys of devices in Redis: a hash, and their ids in order. */
import { limits } from '../../base/limits.ts';
import type { DeviceKey, DeviceKeyPage, DeviceKeys } from '../device-keys.ts';
import type { RedisCalls } from './calls/redis-calls.ts';
import type { Keys } from './keys.ts';
import { scripts } from './scripts.ts';

export class RedisDeviceKeys implements DeviceKeys {
  readonly #calls: RedisCalls;
  readonly #keys: readonly string[];

  constructor(calls: RedisCalls, keys: Keys) {
    this.#calls = calls;
    this.#keys = keys.deviceKeys();
  }

  async add({ id, ...record }: DeviceKey, max: number): Promise<boolean> {
    const args = [id, JSON.stringify(record), max];
    return (await this.#calls.run(scripts.addDeviceKey, this.#keys, args)) === 1;
  }

  async find(id: string): Promise<DeviceKey | null> {
    const [key = ''] = this.#keys;
    const record = await this.#calls.field(key, id);
    return record === null ? null : { id, ...JSON.parse(record) };
  }

  async page(after?: string): Promise<DeviceKeyPage> {
    const { found, next } = await this.#calls.pageOfFields(
      this.#keys,
      after,
      limits.deviceKeysPageMax,
    );
    return { keys: found.map(([id, record]) => ({ id, ...JSON.parse(record) })), next };
  }

  async remove(id: string): Promise<boolean> {
    return (await this.#calls.run(scripts.removeDeviceKey, this.#keys, [id])) === 1;
  }
}
