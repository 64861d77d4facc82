/** Conversations in memory, as src/store/conversations.ts says it, and nothing besides. */
import type { Conversations } from '../../src/store/conversations.ts';
import {
  type ConversationRecord,
  decideBlock,
  saysSomething,
  unknownPeer,
} from '../../src/store/decisions/conversation.ts';
import { userTimeline } from '../../src/store/timelines.ts';
import { type MemoryData, withEntry, withoutEntry } from './memory-shard.ts';

export class MemoryConversations implements Conversations {
  readonly #data: MemoryData;

  constructor(data: MemoryData) {
    this.#data = data;
  }

  async block(userId: number, peer: number): Promise<'blocked' | 'too-many'> {
    const known = this.#of(userId).get(peer) ?? unknownPeer;
    const result = decideBlock(known, (await this.blockedBy(userId)).length);
    if (result === 'blocked') this.#save(userId, peer, { ...known, isBlocked: true });
    return result;
  }

  async unblock(userId: number, peer: number): Promise<boolean> {
    const known = this.#of(userId).get(peer);
    if (!known?.isBlocked) return false;
    this.#save(userId, peer, { ...known, isBlocked: false });
    return true;
  }

  async blockedBy(userId: number): Promise<number[]> {
    return Array.from(this.#of(userId), ([peer, { isBlocked }]) => (isBlocked ? [peer] : []))
      .flat()
      .toSorted((one, other) => one - other);
  }

  #save(userId: number, peer: number, record: ConversationRecord): void {
    const conversations = saysSomething(record)
      ? withEntry(this.#of(userId), peer, record)
      : withoutEntry(this.#of(userId), peer);
    this.#data.change(userTimeline(userId), { conversations });
  }

  #of(userId: number): ReadonlyMap<number, ConversationRecord> {
    return this.#data.shard(userTimeline(userId)).conversations;
  }
}
