/**
 * What a timeline may drop: all but the newest messages, of which there may be as many as are kept,
 * in count and in bytes; but of a user's what others have sent and no device has acknowledged stays.
 * Pure; append.lua says the same in Redis.
 */

/**
 * Of messages of more than one place: the places that they have beyond the first, in two generations,
 * each of half of what is kept. Nothing is kept of before the older one.
 */
export interface Heavy {
  /** Since the newer generation began. */
  readonly sum: number;
  /** The last number before the older generation, and before the newer one. */
  readonly older: number;
  readonly newer: number;
}

export const noHeavy: Heavy = { sum: 0, older: 0, newer: 0 };

/** When an entry that ends with the number `head` adds so many places beyond one per message. */
export function withHeavy(heavy: Heavy, places: number, head: number, half: number): Heavy {
  const sum = heavy.sum + places;
  if (sum <= half) return { ...heavy, sum };
  return { sum: 0, older: heavy.newer, newer: head };
}

export interface TrimPoint {
  /** Whatever has a number up to this is dropped. */
  readonly all: number;
  /** And of what follows, up to this, the user's own copies. */
  readonly own: number;
}

/** `acknowledged`: by a device of the user; Infinity for a group. */
export function trimPointOf(
  head: number,
  acknowledged: number,
  messagesMax: number,
  { older }: Heavy,
): TrimPoint {
  const own = Math.max(0, head - messagesMax, older);
  return { all: Math.min(own, acknowledged), own };
}
