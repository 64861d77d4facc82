/** What an application is told of the keys of others. */

/**
 * What this device knows of a key that a message was sealed with. `changed`: its holder was verified
 * under another one, and this one was not compared yet.
 */
export type KeyStanding = 'verified' | 'unverified' | 'changed';

/** A key has taken the place of another. */
export interface KeyChange {
  readonly userId: number;
  /** Absent where a route did not say it. */
  readonly userName?: string;
  /** The user had compared the one before: nothing is sent until this one is, too. */
  readonly wasVerified: boolean;
}

/** The key of somebody, as it is to be compared. */
export interface PeerKey {
  readonly userId: number;
  readonly userName: string;
  /** 12 groups of 5 digits, the same on both sides. */
  readonly safetyNumber: string;
  /** The user has confirmed this very key. */
  readonly verified: boolean;
  /** The user has confirmed another one: nothing is sent before this one is confirmed, too. */
  readonly changed?: true;
}
