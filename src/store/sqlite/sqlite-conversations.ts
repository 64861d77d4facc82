/** Conversations in SQLite: a row for each peer of whom there is something to know. */
import type { Conversation, ConversationName, Conversations, Flag } from '../conversations.ts';
import {
  decideBlock,
  type Flags,
  noFlags,
  totalAt,
  unreadOf,
  withFlag,
} from '../decisions/conversation.ts';
import { groupTimeline } from '../timelines.ts';
import type { ConversationRows } from './conversation-rows.ts';
import type { Database, Statement } from './database.ts';
import type { TimelineEntries } from './timeline-entries.ts';
import type { TimelineRow, TimelineRows } from './timeline-rows.ts';

interface FlagsRow {
  readonly isMuted: number;
  readonly isPinned: number;
}

export interface SqliteConversationsOptions {
  readonly database: Database;
  readonly conversations: ConversationRows;
  readonly rows: TimelineRows;
  readonly entries: TimelineEntries;
}

export class SqliteConversations implements Conversations {
  readonly #database: Database;
  readonly #conversations: ConversationRows;
  readonly #rows: TimelineRows;
  readonly #entries: TimelineEntries;
  readonly #selectSeen: Statement<{ seen: number }>;
  readonly #selectFlags: Statement<FlagsRow>;
  readonly #countFlags: Statement<{ count: number }>;
  readonly #upsertFlags: Statement<never>;
  readonly #deleteFlags: Statement<never>;

  constructor({ database, conversations, rows, entries }: SqliteConversationsOptions) {
    this.#database = database;
    this.#conversations = conversations;
    this.#rows = rows;
    this.#entries = entries;
    this.#selectSeen = database.prepare('SELECT seen FROM members WHERE name = ? AND user_id = ?');
    this.#selectFlags = database.prepare(
      `SELECT is_muted AS isMuted, is_pinned AS isPinned FROM group_flags
       WHERE user_id = ? AND name = ?`,
    );
    this.#countFlags = database.prepare(
      'SELECT count(*) AS count FROM group_flags WHERE user_id = ?',
    );
    this.#upsertFlags = database.prepare(
      'INSERT OR REPLACE INTO group_flags (user_id, name, is_muted, is_pinned) VALUES (?, ?, ?, ?)',
    );
    this.#deleteFlags = database.prepare('DELETE FROM group_flags WHERE user_id = ? AND name = ?');
  }

  async block(userId: number, peer: number): Promise<'blocked' | 'too-many'> {
    return this.#change(() => {
      const known = this.#conversations.get(userId, peer);
      const result = decideBlock(known, this.#conversations.blockedBy(userId).size);
      if (result === 'blocked' && !known.isBlocked)
        this.#conversations.save(userId, peer, { ...known, isBlocked: true });
      return result;
    });
  }

  async unblock(userId: number, peer: number): Promise<boolean> {
    return this.#change(() => {
      const known = this.#conversations.get(userId, peer);
      if (known.isBlocked) this.#conversations.save(userId, peer, { ...known, isBlocked: false });
      return known.isBlocked;
    });
  }

  async blockedBy(userId: number): Promise<number[]> {
    return this.#database.read(() => [...this.#conversations.blockedBy(userId)]);
  }

  async list(userId: number): Promise<Conversation[]> {
    const records = this.#database.read(() => this.#conversations.listed(userId));
    return records.map((record) => {
      const { peer, at, seq, isMuted, isPinned } = record;
      return { peer, group: '', at, seq, unread: unreadOf(record), isMuted, isPinned };
    });
  }

  async ofGroups(userId: number, groups: readonly string[]): Promise<(Conversation | null)[]> {
    return this.#database.read(() =>
      groups.map((group) => {
        const member = this.#selectSeen.get(group, userId);
        if (!member) return null;
        const row = this.#rows.timeline(groupTimeline(group));
        const { at, seq } = row.said;
        const unread = this.#unreadAbove(row, Math.min(member.seen, row.head));
        return { peer: 0, group, at, seq, unread, ...this.#flagsOf(userId, group) };
      }),
    );
  }

  async setFlag(
    userId: number,
    { peer, group }: ConversationName,
    flag: Flag,
    isSet: boolean,
  ): Promise<'set' | 'too-many'> {
    const flagged = () =>
      this.#conversations.flagged(userId) + (this.#countFlags.get(userId)?.count ?? 0);
    return this.#change(() => {
      if (group === '') {
        const record = withFlag(this.#conversations.get(userId, peer), flag, isSet, flagged);
        if (record) this.#conversations.save(userId, peer, record);
        return record ? 'set' : 'too-many';
      }
      const flags = withFlag(this.#flagsOf(userId, group), flag, isSet, flagged);
      if (flags) this.#saveFlags(userId, group, flags);
      return flags ? 'set' : 'too-many';
    });
  }

  #change<Result>(work: () => Result): Result {
    try {
      return this.#database.transaction('durable', work);
    } catch (error) {
      // What has changed in memory is not in the tables.
      this.#conversations.forget();
      throw error;
    }
  }

  /** Messages of a group, as far as they are kept. */
  #unreadAbove(row: TimelineRow, number: number): number {
    const run = this.#entries.firstAbove(row, number);
    return run ? Math.max(0, row.said.total - totalAt(run, number)) : 0;
  }

  #flagsOf(userId: number, group: string): Flags {
    const row = this.#selectFlags.get(userId, group);
    return row ? { isMuted: row.isMuted === 1, isPinned: row.isPinned === 1 } : noFlags;
  }

  #saveFlags(userId: number, group: string, { isMuted, isPinned }: Flags): void {
    if (isMuted || isPinned)
      this.#upsertFlags.run(userId, group, Number(isMuted), Number(isPinned));
    else this.#deleteFlags.run(userId, group);
  }
}
