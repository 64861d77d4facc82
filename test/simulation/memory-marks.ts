/** Marks in memory, as src/store/marks.ts says it, and nothing besides. */
import { limits } from '../../src/base/limits.ts';
import { sourceOf } from '../../src/codec/identity.ts';
import { movedMarks, oldestBeyond } from '../../src/store/decisions/marks.ts';
import type { MarkMove, MarkMoved, Marks, SourceMarks } from '../../src/store/marks.ts';
import { userTimeline } from '../../src/store/timelines.ts';
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
    return batch.map((move) => this.#move(move));
  }

  async ofPeers(
    userId: number,
    peers: readonly number[],
  ): Promise<readonly (readonly SourceMarks[])[]> {
    const { marks } = this.#data.shard(userTimeline(userId));
    return peers.map((peer) => marks.get(peer)?.sources ?? []);
  }

  async versions(userIds: readonly number[]): Promise<number[]> {
    return userIds.map((userId) => this.#data.shard(userTimeline(userId)).marksVersion);
  }

  #move(move: MarkMove): MarkMoved {
    const { reader, from, epochHex, group, sendSeq, isQuiet } = move;
    if (group !== '' || reader === from || isQuiet) return unmoved;
    const shard = this.#data.shard(userTimeline(from));
    const last = shard.sources.get(sourceOf(from, epochHex, reader, ''))?.last ?? 0;
    const sources = movedMarks(shard.marks.get(reader)?.sources ?? [], move, last);
    if (!sources) return unmoved;
    const marks = new Map(withEntry(shard.marks, reader, { at: this.#now(), sources }));
    for (const oldest of oldestBeyond(marks, limits.markReadersMax)) marks.delete(oldest);
    const version = shard.marksVersion + 1;
    this.#data.change(userTimeline(from), { marks, marksVersion: version });
    const moved = { moved: true, sendSeq: Math.min(sendSeq, last), version };
    return { ...moved, watchers: watchersOf(shard), own: null };
  }
}

const unmoved: MarkMoved = { moved: false, sendSeq: 0, watchers: [], version: 0, own: null };
