/**
 * What a user has decided about others, and what is counted of them: one record per user, with a
 * field per peer (docs/decisions/0006-conversations.md). Appending looks into it; here is what people
 * change by hand.
 */

export interface Conversations {
  /**
   * From now on nothing that `peer` sends is stored in the user's timeline, and `peer` hears what
   * they would hear anyway (`taken`, and nobody is told). Repeating it is harmless. `too-many`: the
   * user has blocked `limits.blockedPerUserMax`.
   */
  block(userId: number, peer: number): Promise<'blocked' | 'too-many'>;

  /** False if `peer` was not blocked. What was sent meanwhile is not there. */
  unblock(userId: number, peer: number): Promise<boolean>;

  /** Whom the user has blocked, by id: at most `limits.blockedPerUserMax`. */
  blockedBy(userId: number): Promise<number[]>;
}
