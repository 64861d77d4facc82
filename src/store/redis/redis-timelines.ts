/** Timelines in Redis: a stream each, a counter, and a small key per source. scripts/append.lua and read.lua do the work. */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { identityOf } from '../../codec/identity.ts';
import { bodiesOf } from '../../codec/run.ts';
import type { Retention } from '../store.ts';
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
} from '../timelines.ts';
import type { ConfirmedCalls } from './confirmed-calls.ts';
import type { Keys } from './keys.ts';
import type { Argument, Item, RedisCalls, Reply } from './redis-calls.ts';
import { scripts } from './scripts.ts';
import { parseWatchers } from './watchers.ts';

/** Runs of one timeline that go into one call, and where in the batch they stood. */
interface Group {
  readonly timeline: TimelineId;
  readonly places: number[];
}

type Messages = Page['messages'];
type ReadReply = [head: number, first: number, entries: Buffer[]];

const busy: AppendResult = { status: 'busy', duplicates: 0, seq: 0, expected: 0, watchers: [] };

export interface RedisTimelinesOptions {
  readonly calls: RedisCalls;
  readonly keys: Keys;
  readonly retention: Retention;
  /** If appends count only when replicas have them: the calls that see to it. */
  readonly confirmed: ConfirmedCalls | null;
}

export class RedisTimelines implements Timelines {
  readonly #calls: RedisCalls;
  readonly #keys: Keys;
  readonly #retention: Retention;
  readonly #confirmed: ConfirmedCalls | null;

  constructor({ calls, keys, retention, confirmed }: RedisTimelinesOptions) {
    this.#calls = calls;
    this.#keys = keys;
    this.#retention = retention;
    this.#confirmed = confirmed;
  }

  async append(
    batch: readonly Append[],
    answered: AppendAnswered = () => {},
  ): Promise<AppendResult[]> {
    const groups = groupByTimeline(batch);
    const results = Array.from(batch, () => busy);
    const { messagesMax, ageMs } = this.#retention;
    await (this.#confirmed ?? this.#calls).answerEach(
      scripts.append,
      groups.map(({ timeline, places }) =>
        this.#appending(
          timeline,
          places.map((place) => batch[place] as Append),
        ),
      ),
      [messagesMax, ageMs, limits.sourceStateMs, this.#confirmed ? 1 : 0],
      (index, reply) => {
        for (const [run, place] of (groups[index] as Group).places.entries()) {
          const result = reply instanceof CimError ? busy : appendResult(reply as Reply[], run);
          results[place] = result;
          answered(place, result);
        }
      },
    );
    return results;
  }

  async read({ timeline, after, identity, limit }: Read): Promise<Page> {
    const reply = await this.#read(timeline, [
      'forward',
      after,
      limit,
      identity === undefined ? 0 : 1,
    ]);
    const [head, first] = reply;
    const messages = messagesOf(reply).filter(({ seq }) => seq >= first);
    const atCursor = messages.find(({ seq }) => seq === after);
    const rewound =
      after > head ||
      (identity !== undefined && atCursor !== undefined && identityOf(atCursor.body) !== identity);
    const page = rewound ? [] : messages.filter(({ seq }) => seq > after).slice(0, limit);
    return { messages: page, head, first, rewound };
  }

  async readBack(timeline: TimelineId, before: number, limit: number): Promise<Messages> {
    const reply = await this.#read(timeline, ['back', before, limit, 0]);
    const [head, first] = reply;
    const end = before === 0 ? head + 1 : before;
    return messagesOf(reply)
      .filter(({ seq }) => seq >= first && seq < end)
      .slice(-limit)
      .reverse();
  }

  async heads(timelines: readonly TimelineId[]): Promise<number[]> {
    const values = await this.#calls.getAll(timelines.map((timeline) => this.#keys.head(timeline)));
    return values.map(Number);
  }

  async watchers(timelines: readonly TimelineId[]): Promise<(readonly Watcher[])[]> {
    const values = await this.#calls.getAll(
      timelines.map((timeline) => this.#keys.watchers(timeline)),
    );
    return values.map(parseWatchers);
  }

  async addInterest(
    group: string,
    { instance, address }: { instance: string; address: string },
  ): Promise<number> {
    await this.#changeInterest(group, [instance, address]);
    const [head = 0] = await this.heads([groupTimeline(group)]);
    return head;
  }

  async removeInterest(group: string, instance: string): Promise<void> {
    await this.#changeInterest(group, [instance, '']);
  }

  async #changeInterest(group: string, args: Argument[]): Promise<void> {
    const keys = [this.#keys.watchers(groupTimeline(group))];
    await this.#calls.runAll(scripts.changeInterest, [{ keys, args }]);
  }

  #appending(timeline: TimelineId, runs: readonly Append[]): Item {
    const keys = [
      this.#keys.log(timeline),
      this.#keys.head(timeline),
      this.#keys.watchers(timeline),
    ];
    const args: Argument[] = [runs.length];
    for (const { source, sendSeq, restart, count, bodies, onlyIfMember } of runs) {
      let header = `${sendSeq}:${count}:${restart ? 1 : 0}`;
      keys.push(this.#keys.source(timeline, source));
      if (onlyIfMember !== undefined && bodies.length > 0) {
        header += `:${onlyIfMember}`;
        keys.push(this.#keys.members(timeline));
      }
      args.push(header, asBuffer(bodies));
    }
    return { keys, args };
  }

  async #read(timeline: TimelineId, args: Argument[]): Promise<ReadReply> {
    return (await this.#calls.run(
      scripts.read,
      [this.#keys.log(timeline), this.#keys.head(timeline)],
      [...args, this.#retention.messagesMax, limits.pageBytesMax],
    )) as ReadReply;
  }
}

/** In the order of the first run of each timeline, and of its runs. */
function groupByTimeline(batch: readonly Append[]): Group[] {
  const groups: Group[] = [];
  const open = new Map<TimelineId, Group>();
  for (const [place, { timeline }] of batch.entries()) {
    let group = open.get(timeline);
    if (!group || group.places.length === limits.storeBatchMax) {
      group = { timeline, places: [] };
      open.set(timeline, group);
      groups.push(group);
    }
    group.places.push(place);
  }
  return groups;
}

/** The reply for a group is its watchers, then two numbers per run (scripts/append.lua). */
function appendResult(reply: Reply[], run: number): AppendResult {
  const watchers = parseWatchers(reply[0] as Buffer | null);
  const fate = reply[1 + run * 2] as number;
  const number = reply[2 + run * 2] as number;
  const result = { duplicates: 0, seq: 0, expected: 0, watchers };
  if (fate === -1) return { ...result, status: 'out-of-order', expected: number };
  if (fate === -2) return { ...result, status: 'not-a-member', duplicates: number };
  return { ...result, status: 'taken', duplicates: fate, seq: number };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** All messages of the entries of a reply, oldest first. */
function messagesOf([, , entries]: ReadReply): { seq: number; body: Uint8Array }[] {
  const messages = [];
  for (let index = 0; index < entries.length; index += 2) {
    const bodies = bodiesOf(entries[index + 1] as Buffer);
    const first =
      Number.parseInt((entries[index] as Buffer).toString('latin1'), 10) - bodies.length + 1;
    for (const [offset, body] of bodies.entries()) messages.push({ seq: first + offset, body });
  }
  return messages;
}
