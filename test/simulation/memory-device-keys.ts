/** Keys of devices, of the store in memory. */
import { limits } from '../../src/base/limits.ts';
import type { DeviceKey, DeviceKeyPage, DeviceKeys } from '../../src/store/device-keys.ts';
import type { MemoryData } from './memory-shard.ts';

export class MemoryDeviceKeys implements DeviceKeys {
  readonly #keys: Map<string, DeviceKey>;

  constructor({ deviceKeys }: MemoryData) {
    this.#keys = deviceKeys;
  }

  async add(key: DeviceKey, max: number): Promise<boolean> {
    const standing = this.#keys.get(key.id);
    if (standing) return standing.hash === key.hash;
    if (this.#keys.size >= max) return false;
    this.#keys.set(key.id, key);
    return true;
  }

  async find(id: string): Promise<DeviceKey | null> {
    return this.#keys.get(id) ?? null;
  }

  async page(after = ''): Promise<DeviceKeyPage> {
    const rest = [...this.#keys.values()]
      .filter(({ id }) => id > after)
      .toSorted((one, other) => (one.id < other.id ? -1 : 1));
    const keys = rest.slice(0, limits.deviceKeysPageMax);
    return { keys, next: rest.length > keys.length ? (keys.at(-1)?.id ?? null) : null };
  }

  async remove(id: string): Promise<boolean> {
    return this.#keys.delete(id);
  }
}
