/**
 * The keys of others as this device has seen them. They tell when somebody's key has changed, and
 * when a route says that somebody who had a key has none. Pure; kept with the device's state.
 */
import { limits } from '../../../base/limits.ts';
import type { KeyStanding } from './key-facts.ts';

export interface Pin {
  /** Public keys, the one in use first. */
  readonly keys: readonly string[];
  /** The one that the user has compared and found right. */
  readonly verified: string | null;
  /** The user has written to them: they are no stranger who only writes. */
  readonly writtenTo?: true;
}

/** As it is saved: by user id. */
export type SavedPins = readonly (readonly [number, Pin])[];

/** `first`: of somebody who had none. `changed`: of somebody who had another. */
export type Sighting = 'first' | 'known' | 'changed';

export class KeyPins {
  /** By user id, the longest unused first. */
  readonly #pins = new Map<number, Pin>();
  #verifiedCount = 0;

  /** What was saved counts more than what was seen since. */
  restore(saved: SavedPins): void {
    const seen = [...this.#pins];
    this.#pins.clear();
    this.#verifiedCount = 0;
    const restored = new Map(saved);
    for (const [userId, pin] of saved) this.#set(userId, pin);
    for (const [userId, pin] of seen) if (!restored.has(userId)) this.#set(userId, pin);
  }

  of(userId: number): Pin | undefined {
    return this.#pins.get(userId);
  }

  /** Of a key with which a message of this user was sealed; it counts as used. */
  standingOf(userId: number, key: string): KeyStanding {
    const pin = this.#pins.get(userId);
    if (pin) this.#set(userId, pin);
    if (!pin || pin.verified === null) return 'unverified';
    return pin.verified === key ? 'verified' : 'changed';
  }

  /**
   * The directory says that this is the user's key, and those were. Earlier ones that nobody spoke
   * of before are believed only together with a new one, which is told: nobody slips a key in.
   */
  see(userId: number, current: string, earlier: readonly string[]): Sighting {
    const pin = this.#pins.get(userId);
    if (pin?.keys[0] === current) {
      this.#set(userId, pin);
      return 'known';
    }
    const keys = new Set([current, ...(pin?.keys ?? []), ...earlier]);
    this.#set(userId, {
      ...pin,
      keys: [...keys].slice(0, limits.earlierKeysMax + 1),
      verified: pin?.verified ?? null,
    });
    return pin ? 'changed' : 'first';
  }

  /** The user has compared this key and found it right. False: as many are verified as may be. */
  verify(userId: number, verified: string): boolean {
    const pin = this.#pins.get(userId);
    if (!pin) return false;
    if (pin.verified === null && this.#verifiedCount >= limits.clientVerifiedMax) return false;
    this.#set(userId, { ...pin, verified });
    return true;
  }

  /** The user writes to them. True: for the first time, as far as is remembered. */
  writeTo(userId: number): boolean {
    const pin = this.#pins.get(userId);
    if (!pin) return false;
    this.#set(userId, { ...pin, writtenTo: true });
    if (pin.writtenTo) return false;
    const written = [...this.#pins].filter(([, each]) => each.writtenTo && each.verified === null);
    const [longestUnused] = written;
    if (longestUnused && written.length > limits.clientWrittenToMax) {
      const [oldest, { keys, verified }] = longestUnused;
      // Where it is in the order of their use.
      this.#pins.set(oldest, { keys, verified });
    }
    return true;
  }

  save(): SavedPins {
    return [...this.#pins];
  }

  /** The newest used. Of those neither verified nor written to, the longest unused makes room. */
  #set(userId: number, pin: Pin): void {
    this.#delete(userId);
    this.#pins.set(userId, pin);
    if (pin.verified !== null) this.#verifiedCount += 1;
    if (this.#pins.size <= limits.clientPinsMax) return;
    for (const [oldest, { verified, writtenTo }] of this.#pins) {
      if (verified !== null || writtenTo) continue;
      this.#delete(oldest);
      return;
    }
  }

  #delete(userId: number): void {
    if (this.#pins.get(userId)?.verified) this.#verifiedCount -= 1;
    this.#pins.delete(userId);
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
  const { keys, verified, writtenTo } = value as Record<string, unknown>;
  return (
    (writtenTo === undefined || writtenTo === true) &&
    Array.isArray(keys) &&
    keys.length > 0 &&
    keys.every((key) => typeof key === 'string') &&
    (verified === null || typeof verified === 'string')
  );
}
