/**
 * What a server does for callers over HTTP. app.ts turns requests into these calls;
 * server-operations.ts implements them.
 */

/** What a Java route hands to a Java server [J3]. */
export interface DirectMessage {
  readonly userId: number;
  readonly cmd: 'MESSAGE' | 'OFFLINE';
  readonly msg?: string;
  /** In order; wins over `msg` if not empty. */
  readonly batchMsg?: readonly string[];
  readonly properties: Readonly<Record<string, string>>;
}

export interface ServerOperations {
  /** To the user's connection, if there is one; nothing is stored. */
  sendMessage(message: DirectMessage): void;

  /** In one line each, what keeps the server from working; empty when ready. */
  problems(): Promise<string[]>;
}
