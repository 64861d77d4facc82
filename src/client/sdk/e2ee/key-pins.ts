/**
 * The keys of others as this device has seen them: what tells that somebody's key has changed, and
 * that somebody who had one is said to have none. Pure; kept with the device's state.
 */
import { limits } from '../../../base/limits.ts';

export interface Pin {
  /** Public keys, the one in use first. */
  readonly keys: readonly string[];
  /** The one that the user has compared and found right. */
  readonly verified: string | null;
}

/** As it is saved: by user id. */
export type SavedPins = readonly (readonly [number, Pin])[];

/** `first`: of somebody who had none. `changed`: of somebody who had another. */
export type Sighting = 'first' | 'known' | 'changed';

export class KeyPins {
  readonly #pins = new Map<number, Pin>();

  /** What was saved counts more than what was seen since. */
  restore(saved: SavedPins): void {
    for (const [userId, pin] of saved) this.#pins.set(userId, pin);
  }

  of(userId: number): Pin | undefined {
    return this.#pins.get(userId);
  }

  /**
   * The directory says that this is the user's key, and those were. Earlier ones that nobody spoke
   * of before are believed only together with a new one, which is told: nobody slips a key in.
   */
  see(userId: number, current: string, earlier: readonly string[]): Sighting {
    const pin = this.#pins.get(userId);
    if (pin?.keys[0] === current) return 'known';
    const keys = new Set([current, ...(pin?.keys ?? []), ...earlier]);
    this.#set(userId, {
      keys: [...keys].slice(0, limits.earlierKeysMax + 1),
      verified: pin?.verified ?? null,
    });
    return pin ? 'changed' : 'first';
  }

  /** The user has compared this key and found it right. */
  verify(userId: number, verified: string): void {
    const keys = this.#pins.get(userId)?.keys;
    if (keys) this.#set(userId, { keys, verified });
  }

  save(): SavedPins {
    return [...this.#pins];
  }

  #set(userId: number, pin: Pin): void {
    this.#pins.delete(userId);
    this.#pins.set(userId, pin);
    if (this.#pins.size <= limits.clientPinsMax) return;
    for (const [oldest, { verified }] of this.#pins) {
      if (verified !== null || oldest === userId) continue;
      this.#pins.delete(oldest);
      return;
    }
    // All are verified: then it is the oldest of them.
    for (const oldest of this.#pins.keys()) {
      this.#pins.delete(oldest);
      return;
    }
  }
}

export function isSavedPins(value: unknown): value is SavedPins {
  return (
    Array.isArray(value) &&
    value.every(
      (entry) => Array.isArray(entry) && Number.isSafeInteger(entry[0]) && isPin(entry[1]),
    )
  );
}

function isPin(value: unknown): value is Pin {
  if (typeof value !== 'object' || value === null) return false;
  const { keys, verified } = value as Record<string, unknown>;
  return (
    Array.isArray(keys) &&
    keys.length > 0 &&
    keys.every((key) => typeof key === 'string') &&
    (verified === null || typeof verified === 'string')
  );
}
