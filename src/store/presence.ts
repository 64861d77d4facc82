/**
 * What others may know of whether a user is there: where the user is connected, when they were last
 * seen if they allow that, and which servers want to be told when it changes. A server's wish is a
 * *lease*, which ends by itself. It is a courtesy, as a push is: a lost one costs time and nothing
 * else, since servers ask anew before it ends.
 */

/** A server with clients that watch a user. */
export interface Observer {
  /** Random id of the server process. */
  readonly instance: string;
  /** Where routes call it, as sessions bear it (src/store/sessions.ts). */
  readonly address: string;
}

export interface PresenceQuestion {
  readonly userId: number;
  /** Is to be told from now on, for as long as the lease lasts; null: nobody. */
  readonly observer: Observer | null;
  /** Users on whose behalf it is asked, `limits.watchersPerUserMax` at most. */
  readonly watchers: readonly number[];
}

export interface PresenceRecord {
  /** The servers with open sessions of the user, each once. Whether they still live is not decided here. */
  readonly instances: readonly string[];
  /** When a session was last opened or closed, ms since 1970; 0: the user does not show it, or there was none since. */
  readonly lastSeen: number;
  /** Those of the watchers whom the user has blocked: they are not to learn any of this. */
  readonly blocked: readonly number[];
}

export interface Presence {
  /**
   * In the order asked. Of a user who does not exist nothing is kept. Beyond
   * `limits.observersPerUserMax` servers a lease is not given, and the question is answered all the same.
   */
  look(batch: readonly PresenceQuestion[], leaseMs: number): Promise<PresenceRecord[]>;

  /**
   * Whom to tell of each user, in the order asked; some may be among them whose lease has just ended. A
   * session that was opened or closed before this is asked is in the answer of every later `look`.
   */
  observers(userIds: readonly number[]): Promise<(readonly Observer[])[]>;

  /** What was kept is forgotten when it is no longer shown. False: there is no such user. */
  showLastSeen(userId: number, isShown: boolean): Promise<boolean>;
}
