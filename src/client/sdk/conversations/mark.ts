/** How far somebody has got in a conversation, as the application is told. */

export interface Mark {
  readonly by: number;
  /** The id of the newest message that they have; what its sender said before is meant, too. */
  readonly upTo: string;
  /** Absent: it is private. */
  readonly group?: string;
}

/**
 * What others are told of this user: that a message was delivered and read, delivered only, or
 * nothing, and not that they are typing.
 */
export type Receipts = 'all' | 'delivered' | 'off';
