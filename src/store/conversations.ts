/**
 * What a user has decided about others, and what is counted of them: one record per user, with a
 * field per peer (docs/decisions/0006-conversations.md). Appending looks into it, and keeps there what
 * a list of conversations shows; here is what people change by hand, and that list.
 */

/** The other side: a user, or (`peer` 0) a group. */
export interface ConversationName {
  readonly peer: number;
  /** Empty: it is private. */
  readonly group: string;
}

export type Flag = 'muted' | 'pinned';

export interface Conversation extends ConversationName {
  /** When its newest message was stored (ms since 1970), of either side; silent ones do not count. 0: none. */
  readonly at: number;
  /** The number of that message, in the user's timeline or the group's. It may not be kept any more. */
  readonly seq: number;
  /** Messages of others above the user's read mark; silent ones do not count. */
  readonly unread: number;
  readonly isMuted: boolean;
  readonly isPinned: boolean;
}

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

  /**
   * The user's private conversations, in any order: with all to whom the user has written (as far as
   * `limits.contactsPerUserMax` remembers them) or who have a flag, and of strangers the newest, at
   * most `limits.strangersListedMax`.
   */
  list(userId: number): Promise<Conversation[]>;

  /** The user's conversations in these groups, in the order asked; null where the user is not in it. */
  ofGroups(userId: number, groups: readonly string[]): Promise<(Conversation | null)[]>;

  /**
   * Of the account, so for all its devices; kept of a group also when it is left. `too-many`:
   * `limits.flaggedPerUserMax` conversations have a flag.
   */
  setFlag(
    userId: number,
    conversation: ConversationName,
    flag: Flag,
    isSet: boolean,
  ): Promise<'set' | 'too-many'>;
}
