/** Conversations in memory, as src/store/conversations.ts says it, and nothing besides. */
import type {
  Conversation,
  ConversationName,
  Conversations,
  Flag,
} from '../../src/store/conversations.ts';
import {
  type ConversationRecord,
  decideBlock,
  type Flags,
  noFlags,
  saysSomething,
  unknownPeer,
  unreadOf,
  withFlag,
} from '../../src/store/decisions/conversation.ts';
import { groupTimeline, userTimeline } from '../../src/store/timelines.ts';
import { type MemoryData, type Shard, withEntry, withoutEntry } from './memory-shard.ts';

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

  async list(userId: number): Promise<Conversation[]> {
    return [...this.#of(userId)]
      .filter(([, { at, isMuted, isPinned }]) => at > 0 || isMuted || isPinned)
      .map(([peer, record]) => {
        const { at, seq, isMuted, isPinned } = record;
        return { peer, group: '', at, seq, unread: unreadOf(record), isMuted, isPinned };
      });
  }

  async ofGroups(userId: number, groups: readonly string[]): Promise<(Conversation | null)[]> {
    const { groupFlags } = this.#data.shard(userTimeline(userId));
    return groups.map((group) => {
      const shard = this.#data.shard(groupTimeline(group));
      const place = shard.members.get(userId);
      if (!place) return null;
      const { at, seq } = shard.said;
      const unread = unreadAbove(shard, place.seen);
      return { peer: 0, group, at, seq, unread, ...(groupFlags.get(group) ?? noFlags) };
    });
  }

  async setFlag(
    userId: number,
    { peer, group }: ConversationName,
    flag: Flag,
    isSet: boolean,
  ): Promise<'set' | 'too-many'> {
    const { conversations, groupFlags } = this.#data.shard(userTimeline(userId));
    const flagged = () =>
      [...conversations.values(), ...groupFlags.values()].filter(
        ({ isMuted, isPinned }) => isMuted || isPinned,
      ).length;
    if (group === '') {
      const record = withFlag(conversations.get(peer) ?? unknownPeer, flag, isSet, flagged);
      if (record) this.#save(userId, peer, record);
      return record ? 'set' : 'too-many';
    }
    const flags = withFlag<Flags>(groupFlags.get(group) ?? noFlags, flag, isSet, flagged);
    if (flags)
      this.#data.change(userTimeline(userId), { groupFlags: withEntry(groupFlags, group, flags) });
    return flags ? 'set' : 'too-many';
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

/** Messages of a group above a number, as far as they are kept. */
function unreadAbove({ messages, said }: Shard, number: number): number {
  const next = messages.find(({ seq }) => seq > number);
  return next ? Math.max(0, said.total - next.total + (next.silent ? 0 : 1)) : 0;
}
