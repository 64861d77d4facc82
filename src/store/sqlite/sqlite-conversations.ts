/** Conversations in SQLite: a row for each peer of whom there is something to know. */
import type { Conversations } from '../conversations.ts';
import { decideBlock } from '../decisions/conversation.ts';
import type { ConversationRows } from './conversation-rows.ts';
import type { Database } from './database.ts';

export class SqliteConversations implements Conversations {
  readonly #database: Database;
  readonly #rows: ConversationRows;

  constructor(database: Database, rows: ConversationRows) {
    this.#database = database;
    this.#rows = rows;
  }

  async block(userId: number, peer: number): Promise<'blocked' | 'too-many'> {
    return this.#database.transaction('durable', () => {
      const known = this.#rows.get(userId, peer);
      const result = decideBlock(known, this.#rows.blockedBy(userId).size);
      if (result === 'blocked' && !known.isBlocked)
        this.#rows.save(userId, peer, { ...known, isBlocked: true });
      return result;
    });
  }

  async unblock(userId: number, peer: number): Promise<boolean> {
    return this.#database.transaction('durable', () => {
      const known = this.#rows.get(userId, peer);
      if (known.isBlocked) this.#rows.save(userId, peer, { ...known, isBlocked: false });
      return known.isBlocked;
    });
  }

  async blockedBy(userId: number): Promise<number[]> {
    return this.#database.read(() => [...this.#rows.blockedBy(userId)]);
  }
}
