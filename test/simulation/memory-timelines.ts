/** Timelines in memory, as src/store/timelines.ts says it, and nothing besides. */
import { limits } from '../../src/base/limits.ts';
import { lobby } from '../../src/codec/commands.ts';
import { identityOf } from '../../src/codec/identity.ts';
import { bodiesOf, type Run } from '../../src/codec/run.ts';
import {
  type Admission,
  type AppendAnswer,
  admitCopy,
  decideAppend,
  goneAnswer,
  isCopy,
  runName,
  type SourceRecord,
} from '../../src/store/decisions/append.ts';
import {
  afterStored,
  afterWriting,
  isForgettable,
  saysSomething,
  unknownPeer,
} from '../../src/store/decisions/conversation.ts';
import { keyRefusal } from '../../src/store/decisions/group-keys.ts';
import {
  decideShare,
  isPeriodOver,
  shareMaxOf,
  shareOf,
} from '../../src/store/decisions/group-share.ts';
import {
  type Bounds,
  boundsOf,
  decideMailbox,
  placesPerMessage,
} from '../../src/store/decisions/mailbox.ts';
import { oldestBeyond } from '../../src/store/decisions/marks.ts';
import { trimPointOf, withHeavy } from '../../src/store/decisions/retention.ts';
import type { Quotas } from '../../src/store/quotas.ts';
import {
  type Append,
  type AppendAnswered,
  type AppendResult,
  groupTimeline,
  type InterestedIn,
  type Page,
  type Read,
  type TimelineId,
  type Timelines,
  userTimeline,
  type Watcher,
} from '../../src/store/timelines.ts';
import {
  type MemoryData,
  type Message,
  type Shard,
  withEntry,
  withoutEntry,
} from './memory-shard.ts';

export interface MemoryTimelinesOptions {
  readonly data: MemoryData;
  readonly retention: { readonly messagesMax: number };
  readonly quotas: Quotas;
  readonly now: () => number;
}

export class MemoryTimelines implements Timelines {
  readonly #data: MemoryData;
  readonly #messagesMax: number;
  readonly #quotas: Quotas;
  readonly #bounds: Bounds;
  readonly #now: () => number;

  constructor({ data, retention: { messagesMax }, quotas, now }: MemoryTimelinesOptions) {
    this.#data = data;
    this.#messagesMax = messagesMax;
    this.#quotas = quotas;
    this.#bounds = boundsOf(messagesMax, quotas);
    this.#now = now;
  }

  async append(
    batch: readonly Append[],
    answered: AppendAnswered = () => {},
  ): Promise<AppendResult[]> {
    const results: AppendResult[] = [];
    /** Of runs to users: what their own copies go by. */
    const receivers = new Map<string, AppendAnswer>();
    for (const [place, append] of batch.entries()) {
      const copied = isCopy(append) ? receivers.get(runName(append)) : undefined;
      const result = this.appendOne(append, copied);
      if (!isCopy(append)) receivers.set(runName(append), result);
      results.push(result);
      answered(place, result);
    }
    return results;
  }

  async read(read: Read): Promise<Page> {
    return this.readNow(read);
  }

  async readBack(
    timeline: TimelineId,
    before: number,
    limit: number,
    bytesMax: number = limits.pageBytesMax,
  ): Promise<Page['messages']> {
    const older = this.#data
      .shard(timeline)
      .messages.filter(({ seq }) => before === 0 || seq < before)
      .slice(-limit)
      .reverse();
    let bytes = 0;
    const page: Message[] = [];
    for (const message of older) {
      bytes += message.body.length;
      if (bytes > bytesMax && page.length > 0) break;
      page.push(message);
    }
    return page;
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
  ): Promise<InterestedIn | null> {
    const { interests, head, group: known } = this.#data.shard(groupTimeline(group));
    if (group !== lobby && known === null) {
      await this.removeInterest(group, instance);
      return null;
    }
    this.#data.change(groupTimeline(group), {
      interests: withEntry(interests, instance, address),
    });
    return { head, version: known?.version ?? 0 };
  }

  async removeInterest(group: string, instance: string): Promise<void> {
    const { interests } = this.#data.shard(groupTimeline(group));
    this.#data.change(groupTimeline(group), { interests: withoutEntry(interests, instance) });
  }

  /** `copied`: of an own copy, what became of the run for its receiver. */
  appendOne(append: Append, copied?: AppendAnswer): AppendResult {
    const [, deleted] = /^u:(\d+)$/.exec(append.timeline) ?? [];
    if (this.#data.deletions.has(Number(deleted))) return { ...goneAnswer, watchers: [] };
    const shard = this.#data.shard(append.timeline);
    const known = shard.sources.get(append.source);
    const { answer, source, run, isHidden } = decideAppend(append, {
      known,
      head: shard.head,
      isThere: () => append.onlyIfMember === undefined || shard.group !== null,
      admit: (fresh, duplicates) => {
        if (!known && isCopy(append)) this.#noteWritten(append);
        return this.#admit(append, shard, fresh, duplicates, copied);
      },
    });
    if (run) this.#store(append, run);
    if (source) this.#saveSource(append, source);
    return { ...answer, watchers: isHidden ? [] : watchersOf(shard) };
  }

  readNow({ timeline, after, identity, limit }: Read): Page {
    const { messages, head } = this.#data.shard(timeline);
    const first = messages[0]?.seq ?? head + 1;
    const atCursor = messages.find(({ seq }) => seq === after);
    const isOther = identity !== undefined && atCursor && identityOf(atCursor.body) !== identity;
    if (after > head || isOther) return { messages: [], head, first, rewound: true };
    const page: Message[] = [];
    let bytes = 0;
    for (const message of messages) {
      if (message.seq <= after) continue;
      const newest = page.at(-1);
      if (newest && message.seq > newest.seq + 1) break;
      if (page.length === limit || bytes > limits.pageBytesMax) break;
      page.push(message);
      bytes += message.body.length;
    }
    const [oldest] = page;
    const isHole = oldest !== undefined && oldest.seq > Math.max(after + 1, first);
    return { messages: page, head, first: isHole ? oldest.seq : first, rewound: false };
  }

  #admit(
    append: Append,
    shard: Shard,
    fresh: Run,
    duplicates: number,
    copied: AppendAnswer | undefined,
  ): Admission {
    const { from, to, timeline, onlyIfMember } = append;
    if (to !== 0)
      return timeline === userTimeline(from)
        ? admitCopy(append, fresh, duplicates, copied)
        : this.#admitToMailbox(append, shard, fresh);
    if (onlyIfMember !== undefined) {
      if (!shard.members.has(onlyIfMember)) return { status: 'not-a-member', stored: 0 };
      const refusal = keyRefusal(append.keyEpoch ?? 0, shard.group?.keyEpoch ?? 0);
      if (refusal) return { status: refusal, stored: 0 };
    }
    return this.#admitToGroup(append, shard, fresh);
  }

  #admitToMailbox({ timeline, from }: Append, shard: Shard, fresh: Run): Admission {
    const { messages, head, acknowledged, strangers, counts, conversations } = shard;
    const verdict = decideMailbox(
      {
        count: fresh.count,
        each: this.#placesEach(fresh),
        unread: messages
          .filter(({ seq, isOwn }) => seq > acknowledged && !isOwn)
          .reduce((sum, { places }) => sum + places, 0),
        acknowledged,
        head,
        isOnline: watchersOf(shard).length > 0,
        conversation: conversations.get(from) ?? unknownPeer,
        strangers,
        strangerCount: counts.get(from) ?? 0,
      },
      this.#bounds,
    );
    const { status, stored, isHidden } = verdict;
    const isNew = strangers.last <= acknowledged;
    this.#data.change(timeline, {
      ...(verdict.conversation && {
        conversations: withEntry(conversations, from, verdict.conversation),
      }),
      ...(verdict.strangers && {
        strangers: verdict.strangers,
        counts: withEntry(isNew ? new Map() : counts, from, verdict.strangerCount),
      }),
    });
    return { status, stored, isHidden };
  }

  #admitToGroup({ timeline, from, isExempt }: Append, shard: Shard, fresh: Run): Admission {
    const { count } = fresh;
    const share = shareOf(
      timeline === groupTimeline(lobby),
      shard.group?.sharePercent ?? null,
      this.#quotas,
    );
    const shareMax = isExempt ? null : shareMaxOf(this.#messagesMax, share);
    if (shareMax === null) return { status: 'taken', stored: count };
    const now = this.#now();
    const counted = { since: shard.countsSince, accounts: shard.counts.size };
    const isOver = isPeriodOver(counted, now, this.#messagesMax, this.#quotas);
    const counts: ReadonlyMap<number, number> = isOver ? new Map() : shard.counts;
    const each = this.#placesEach(fresh);
    const used = counts.get(from) ?? 0;
    const stored = decideShare({ count, each, used, shareMax });
    this.#data.change(timeline, {
      counts: withEntry(counts, from, used + stored * each),
      countsSince: isOver ? now : shard.countsSince,
    });
    return { status: stored < count ? 'group-share' : 'taken', stored };
  }

  #store(append: Append, run: Run): void {
    const { timeline, from, to, silent } = append;
    const before = this.#totalOf(append);
    this.#count(append, run);
    const shard = this.#data.shard(timeline);
    const isUser = to !== 0;
    const isOwn = isUser && timeline === userTimeline(from);
    const places = this.#placesEach(run);
    const stored = bodiesOf(run.bodies).map((body, index) => ({
      seq: shard.head + 1 + index,
      body,
      isOwn,
      places,
      total: before + (silent ? 0 : index + 1),
      silent,
    }));
    const head = shard.head + run.count;
    const excess = run.count * (places - 1);
    const heavy = withHeavy(shard.heavy, excess, head, this.#bounds.half);
    const acknowledged = isUser ? shard.acknowledged : Infinity;
    const point = trimPointOf(head, acknowledged, this.#messagesMax, heavy);
    const messages = [...shard.messages, ...stored].filter(
      ({ seq, isOwn }) => seq > point.own || (seq > point.all && !isOwn),
    );
    this.#data.change(timeline, { messages, head, heavy });
  }

  /** What is listed of its conversation. */
  #count(append: Append, { count }: Run): void {
    const { timeline, from, to, silent, onlyIfMember } = append;
    const shard = this.#data.shard(timeline);
    const { members, conversations } = shard;
    const isOwn = timeline === userTimeline(from);
    const stored = { count, seq: shard.head + count, silent, isOwn };
    if (to === 0) {
      const said = afterStored(shard.said, stored, this.#now());
      // Who writes has read what was said before.
      const writer = silent || onlyIfMember === undefined ? undefined : members.get(onlyIfMember);
      this.#data.change(timeline, {
        said,
        ...(writer && {
          members: withEntry(members, from, { ...writer, seen: said.seq }),
        }),
      });
      return;
    }
    const peer = isOwn ? to : from;
    const record = afterStored(conversations.get(peer) ?? unknownPeer, stored, this.#now());
    if (!saysSomething(record)) return;
    const records = new Map(withEntry(conversations, peer, record));
    const strangers = new Map([...records].filter(([, each]) => isForgettable(each)));
    for (const oldest of oldestBeyond(strangers, limits.strangersListedMax)) records.delete(oldest);
    this.#data.change(timeline, { conversations: records });
  }

  /** Of what others have said in its conversation before. */
  #totalOf({ timeline, from, to }: Append): number {
    const { said, conversations } = this.#data.shard(timeline);
    if (to === 0) return said.total;
    return timeline === userTimeline(from) ? 0 : (conversations.get(from)?.total ?? 0);
  }

  /** The user has written to the receiver, who is no stranger from now on. */
  #noteWritten({ timeline, to }: Append): void {
    const { conversations } = this.#data.shard(timeline);
    const contacts = () =>
      [...conversations.values()].filter(({ hasWritten, isBlocked }) => hasWritten || isBlocked)
        .length;
    const record = afterWriting(conversations.get(to) ?? unknownPeer, contacts);
    if (saysSomething(record))
      this.#data.change(timeline, { conversations: withEntry(conversations, to, record) });
  }

  #saveSource({ timeline, source }: Append, record: SourceRecord): void {
    const { sources } = this.#data.shard(timeline);
    this.#data.change(timeline, { sources: withEntry(sources, source, record) });
  }

  #placesEach({ bodies, count }: Run): number {
    return placesPerMessage(bodies.length, count, this.#bounds.placeBytes);
  }
}

export function watchersOf({ devices, interests }: Shard): Watcher[] {
  const sessions = [...devices.values()]
    .filter(({ closedAt }) => closedAt === null)
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
