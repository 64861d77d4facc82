/** How far somebody has got in a conversation, as the application is told. */

export interface Mark {
  readonly by: number;
  /** The id of the newest message that they have; what its sender said before is meant, too. */
  readonly upTo: string;
  /** Absent: it is private. */
  readonly group?: string;
}
