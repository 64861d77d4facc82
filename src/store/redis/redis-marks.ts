/** Marks in Redis: a hash per sender (scripts/move-marks.lua describes it). */
import { limits } from '../../base/limits.ts';
import { sourceOf } from '../../codec/identity.ts';
import type { MarkMove, MarkMoved, Marks, SourceMarks } from '../marks.ts';
import { userTimeline } from '../timelines.ts';
import type { Item, RedisCalls } from './calls/redis-calls.ts';
import type { Keys } from './keys.ts';
import { scripts } from './scripts.ts';
import { parseWatchers } from './watchers.ts';

type MoveReply = [sendSeq: number, version: number, watchers: Buffer | null];

export class RedisMarks implements Marks {
  readonly #calls: RedisCalls;
  readonly #keys: Keys;

  constructor(calls: RedisCalls, keys: Keys) {
    this.#calls = calls;
    this.#keys = keys;
  }

  async move(batch: readonly MarkMove[]): Promise<MarkMoved[]> {
    const results = batch.map(() => unmoved);
    const told = [...batch.entries()].filter(([, move]) => isForSender(move));
    const items = told.map(([, move]) => this.#moving(move));
    const common = [limits.markSourcesMax, limits.markReadersMax];
    const replies = (await this.#calls.runAll(
      scripts.moveMarks,
      items,
      common,
    )) as (MoveReply | null)[];
    for (const [index, reply] of replies.entries()) {
      if (!reply) continue;
      const [sendSeq, version, watchers] = reply;
      const [place] = told[index] as [number, MarkMove];
      results[place] = {
        ...{ moved: true, sendSeq, watchers: parseWatchers(watchers), version },
        own: null,
      };
    }
    return results;
  }

  async ofPeers(
    userId: number,
    peers: readonly number[],
  ): Promise<readonly (readonly SourceMarks[])[]> {
    const found = await this.#calls.someFields(this.#keys.marks(userId), peers);
    return found.map(sourcesIn);
  }

  async versions(userIds: readonly number[]): Promise<number[]> {
    const items = userIds.map((userId) => ({ keys: [this.#keys.marks(userId)], args: [] }));
    return (await this.#calls.runAll(scripts.marksVersions, items)).map(Number);
  }

  #moving({ reader, from, epochHex, sendSeq, kind }: MarkMove): Item {
    const timeline = userTimeline(from);
    return {
      keys: [
        this.#keys.marks(from),
        this.#keys.source(timeline, sourceOf(from, epochHex, reader, '')),
        this.#keys.watchers(timeline),
      ],
      args: [reader, epochHex, sendSeq, kind === 'read' ? 1 : 0],
    };
  }
}

const unmoved: MarkMoved = { moved: false, sendSeq: 0, watchers: [], version: 0, own: null };

function isForSender({ reader, from, group, isQuiet }: MarkMove): boolean {
  return group === '' && reader !== from && !isQuiet;
}

/** As scripts/move-marks.lua keeps them. */
function sourcesIn(record: string | null): SourceMarks[] {
  const [, ...sources] = record?.split('|') ?? [];
  return sources.map((source) => {
    const [epochHex = '', delivered, read] = source.split(':');
    return { epochHex, delivered: Number(delivered), read: Number(read) };
  });
}
