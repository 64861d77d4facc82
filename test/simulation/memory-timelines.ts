/** Timelines in memory, as src/store/timelines.ts says it, and nothing besides. */
import { limits } from '../../src/base/limits.ts';
import { identityOf } from '../../src/codec/identity.ts';
import { bodiesOf } from '../../src/codec/run.ts';
import {
  type Append,
  type AppendAnswered,
  type AppendResult,
  groupTimeline,
  type Page,
  type Read,
  type TimelineId,
  type Timelines,
  type Watcher,
} from '../../src/store/timelines.ts';
import {
  type MemoryData,
  type Shard,
  type Source,
  withEntry,
  withoutEntry,
} from './memory-shard.ts';

const unused: Source = { last: 0, seq: 0, refusedFrom: 0, refusedTo: 0 };

export class MemoryTimelines implements Timelines {
  readonly #data: MemoryData;
  readonly #messagesMax: number;

  constructor(data: MemoryData, messagesMax: number) {
    this.#data = data;
    this.#messagesMax = messagesMax;
  }

  async append(
    batch: readonly Append[],
    answered: AppendAnswered = () => {},
  ): Promise<AppendResult[]> {
    return batch.map((append, place) => {
      const result = this.appendOne(append);
      answered(place, result);
      return result;
    });
  }

  async read(read: Read): Promise<Page> {
    return this.readNow(read);
  }

  async readBack(timeline: TimelineId, before: number, limit: number): Promise<Page['messages']> {
    const older = this.#data
      .shard(timeline)
      .messages.filter(({ seq }) => before === 0 || seq < before);
    return older.slice(-limit).reverse();
  }

  async heads(timelines: readonly TimelineId[]): Promise<number[]> {
    return timelines.map((timeline) => this.#data.shard(timeline).head);
  }

  async watchers(timelines: readonly TimelineId[]): Promise<(readonly Watcher[])[]> {
    return timelines.map((timeline) => watchersOf(this.#data.shard(timeline)));
  }

  async addInterest(
    group: string,
    { instance, address }: { instance: string; address: string },
  ): Promise<number> {
    const { interests, head } = this.#data.shard(groupTimeline(group));
    this.#data.change(groupTimeline(group), {
      interests: withEntry(interests, instance, address),
    });
    return head;
  }

  async removeInterest(group: string, instance: string): Promise<void> {
    const { interests } = this.#data.shard(groupTimeline(group));
    this.#data.change(groupTimeline(group), { interests: withoutEntry(interests, instance) });
  }

  appendOne(append: Append): AppendResult {
    const { timeline, source, sendSeq, restart, count } = append;
    const shard = this.#data.shard(timeline);
    const watchers = watchersOf(shard);
    const known = shard.sources.get(source) ?? unused;
    const expected = known.last + 1;
    const save = (changes: Partial<Source>) =>
      withEntry(shard.sources, source, { ...known, ...changes });
    if (sendSeq < 1 || (sendSeq > expected && !restart))
      return { status: 'out-of-order', duplicates: 0, seq: 0, expected, watchers: [] };

    const last = sendSeq + count - 1;
    const refused = firstRefused(append, last, known, shard);
    if (refused !== null) {
      if (last >= expected) {
        const continues = known.refusedTo !== 0 && refused <= known.refusedTo + 1;
        const refusedFrom = continues ? Math.min(known.refusedFrom, refused) : refused;
        this.#data.change(timeline, {
          sources: save({ last, seq: 0, refusedFrom, refusedTo: last }),
        });
      }
      const duplicates = refused - sendSeq;
      return { status: 'not-a-member', duplicates, seq: 0, expected: 0, watchers };
    }
    if (last < expected) {
      const seq = last === known.last ? known.seq : 0;
      return { status: 'taken', duplicates: count, seq, expected, watchers };
    }
    const duplicates = Math.max(0, expected - sendSeq);
    const stored = bodiesOf(append.bodies)
      .slice(duplicates)
      .map((body, index) => ({ seq: shard.head + 1 + index, body }));
    const head = shard.head + stored.length;
    this.#data.change(timeline, {
      messages: [...shard.messages, ...stored].slice(-this.#messagesMax),
      head,
      sources: save({ last, seq: stored.length === 0 ? 0 : head }),
    });
    const seq = stored.length === 0 ? 0 : shard.head + 1;
    return { status: 'taken', duplicates, seq, expected: last + 1, watchers };
  }

  readNow({ timeline, after, identity, limit }: Read): Page {
    const { messages, head } = this.#data.shard(timeline);
    const first = messages[0]?.seq ?? head + 1;
    const atCursor = messages.find(({ seq }) => seq === after);
    const isOther = identity !== undefined && atCursor && identityOf(atCursor.body) !== identity;
    if (after > head || isOther) return { messages: [], head, first, rewound: true };
    const page: Page['messages'][number][] = [];
    let bytes = 0;
    for (const message of messages) {
      if (message.seq <= after) continue;
      if (page.length === limit || bytes > limits.pageBytesMax) break;
      page.push(message);
      bytes += message.body.length;
    }
    return { messages: page, head, first, rewound: false };
  }
}

/** The first number of a run for members only that is refused, now or before; null: none is. */
function firstRefused(
  { sendSeq, bodies, onlyIfMember }: Append,
  last: number,
  known: Source,
  { members }: Shard,
): number | null {
  if (onlyIfMember === undefined || bodies.length === 0) return null;
  if (sendSeq <= known.refusedTo && last >= known.refusedFrom)
    return Math.max(sendSeq, known.refusedFrom);
  if (last <= known.last || members.has(onlyIfMember)) return null;
  return Math.max(sendSeq, known.last + 1);
}

function watchersOf({ devices, interests }: Shard): Watcher[] {
  const sessions = [...devices.values()]
    .filter(({ closed }) => closed === null)
    .map(({ device, connectionNumber, instance, address, sessionId }) => ({
      device,
      connectionNumber,
      instance,
      address,
      sessionId,
    }));
  const servers = Array.from(interests, ([instance, address]) => ({
    device: '',
    connectionNumber: 0,
    instance,
    address,
    sessionId: 0,
  }));
  return [...sessions, ...servers];
}
