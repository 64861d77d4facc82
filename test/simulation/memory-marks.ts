/** Marks in memory, as src/store/marks.ts says it, and nothing besides. */
import { limits } from '../../src/base/limits.ts';
import { sourceOf } from '../../src/codec/identity.ts';
import { afterReading, unknownPeer } from '../../src/store/decisions/conversation.ts';
import {
  isToldMove,
  movedMarks,
  movedPlace,
  oldestBeyond,
} from '../../src/store/decisions/marks.ts';
import type { GroupMarks, MarkMove, MarkMoved, Marks, SourceMarks } from '../../src/store/marks.ts';
import { groupTimeline, userTimeline } from '../../src/store/timelines.ts';
import { type MemoryData, withEntry } from './memory-shard.ts';
import { watchersOf } from './memory-timelines.ts';

export class MemoryMarks implements Marks {
  readonly #data: MemoryData;
  readonly #now: () => number;

  constructor(data: MemoryData, now: () => number) {
    this.#data = data;
    this.#now = now;
  }

  async move(batch: readonly MarkMove[]): Promise<MarkMoved[]> {
    return batch.map((move) =>
      move.group === ''
        ? { ...this.#moveForSender(move), own: this.#readOwn(move) }
        : this.#moveInGroup(move),
    );
  }

  async ofPeers(
    userId: number,
    peers: readonly number[],
  ): Promise<readonly (readonly SourceMarks[])[]> {
    const { marks } = this.#data.shard(userTimeline(userId));
    return peers.map((peer) => marks.get(peer)?.sources ?? []);
  }

  async ofGroup(group: string, seq: number): Promise<GroupMarks> {
    const members = [...this.#data.shard(groupTimeline(group)).members]
      .map(([userId, { delivered, read }]) => ({ userId, delivered, read }))
      .toSorted((one, other) => one.userId - other.userId);
    return {
      members: members.length,
      delivered: members.filter(({ delivered }) => delivered >= seq).length,
      read: members.filter(({ read }) => read >= seq).length,
      named: members.length <= limits.marksNamedMax ? members : null,
    };
  }

  async versions(userIds: readonly number[]): Promise<number[]> {
    return userIds.map((userId) => this.#data.shard(userTimeline(userId)).marksVersion);
  }

  #moveForSender(move: MarkMove): Omit<MarkMoved, 'own'> {
    const { reader, from, epochHex, sendSeq, isQuiet } = move;
    if (reader === from || isQuiet) return unmoved;
    if (this.#data.deletions.has(from)) return unmoved;
    const shard = this.#data.shard(userTimeline(from));
    const source = sourceOf(from, epochHex, reader, '');
    const lasts = [from, reader].map(
      (userId) => this.#data.shard(userTimeline(userId)).sources.get(source)?.last ?? 0,
    );
    const last = Math.max(...lasts);
    const sources = movedMarks(shard.marks.get(reader)?.sources ?? [], move, last);
    if (!sources) return unmoved;
    const marks = new Map(withEntry(shard.marks, reader, { at: this.#now(), sources }));
    for (const oldest of oldestBeyond(marks, limits.markReadersMax)) marks.delete(oldest);
    this.#data.change(userTimeline(from), { marks });
    return { moved: true, sendSeq: Math.min(sendSeq, last), ...this.#tell(from) };
  }

  #readOwn({ reader, from, seq, kind }: MarkMove): MarkMoved['own'] {
    const { messages, conversations } = this.#data.shard(userTimeline(reader));
    const known = conversations.get(from) ?? unknownPeer;
    const message = messages.find((each) => each.seq === seq && !each.isOwn);
    if (kind !== 'read' || !message) return null;
    const record = afterReading(known, message.total);
    if (record.read === known.read) return null;
    this.#data.change(userTimeline(reader), {
      conversations: withEntry(conversations, from, record),
    });
    return this.#tell(reader);
  }

  #moveInGroup(move: MarkMove): MarkMoved {
    const { reader, from, epochHex, group, sendSeq } = move;
    const { members, head, sources } = this.#data.shard(groupTimeline(group));
    const known = members.get(reader);
    if (!known) return { ...unmoved, own: null };
    const last = sources.get(sourceOf(from, epochHex, 0, group))?.last ?? 0;
    const place = movedPlace(known, move, head, last);
    this.#data.change(groupTimeline(group), {
      members: withEntry(members, reader, { ...known, ...place }),
    });
    const isToldTo = members.size <= limits.marksNamedMax;
    const told = isToldTo ? this.#tell.bind(this) : () => ({ watchers: [], version: 0 });
    return {
      ...(isToldMove(known, place)
        ? { moved: true, sendSeq: Math.min(sendSeq, last), ...told(from) }
        : unmoved),
      own: place.seen === known.seen ? null : this.#tell(reader),
    };
  }

  #tell(userId: number): Pick<MarkMoved, 'watchers' | 'version'> {
    if (this.#data.deletions.has(userId)) return { watchers: [], version: 0 };
    const shard = this.#data.shard(userTimeline(userId));
    const version = shard.marksVersion + 1;
    this.#data.change(userTimeline(userId), { marksVersion: version });
    return { watchers: watchersOf(shard), version };
  }
}

const unmoved = { moved: false, sendSeq: 0, watchers: [], version: 0 };
