/** Keys of devices that publish and subscribe to topics. What a key opens is checked elsewhere. */

export interface DeviceKey {
  /** Part of the key as it is shown: names it in lists and when it is revoked. */
  readonly id: string;
  /** Of the device, or of all that bear the key. Two keys may have one name: a new one in place of the other. */
  readonly name: string;
  /** As src/base/topics/topic-right.ts writes them. */
  readonly allow: readonly string[];
  /** SHA-256 of the key, 64 hex digits. */
  readonly hash: string;
  /** ms since 1970 */
  readonly createdAt: number;
}

export interface DeviceKeyPage {
  readonly keys: readonly DeviceKey[];
  /** Where the next page goes on; null: there is none. */
  readonly next: string | null;
}

export interface DeviceKeys {
  /**
   * False: there are `max` already, or the id is another key's. Adding the very same key again is
   * harmless.
   */
  add(key: DeviceKey, max: number): Promise<boolean>;

  find(id: string): Promise<DeviceKey | null>;

  /** Up to `limits.deviceKeysPageMax`, by id, from the first behind `after`. */
  page(after?: string): Promise<DeviceKeyPage>;

  /** False: there was none. */
  remove(id: string): Promise<boolean>;
}
