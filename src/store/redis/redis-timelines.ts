/** Timelines in Redis: a stream each, a counter, and a small key per source. scripts/append.lua and read.lua do the work. */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { lobby } from '../../codec/commands.ts';
import { isOtherThan } from '../../codec/identity.ts';
import { bodiesOf } from '../../codec/run.ts';
import { shareMaxOf } from '../decisions/group-share.ts';
import { boundsOf } from '../decisions/mailbox.ts';
import type { Quotas } from '../quotas.ts';
import type { Retention } from '../store.ts';
import {
  type Append,
  type AppendAnswered,
  type AppendResult,
  groupTimeline,
  type InterestedIn,
  type Page,
  type Read,
  type Refusal,
  type TimelineId,
  type Timelines,
  userTimeline,
  type Watcher,
} from '../timelines.ts';
import type { ConfirmedCalls } from './calls/confirmed-calls.ts';
import { CopyOrdering, type OwnCopy, ownCopiesOf, resultOfCopy } from './calls/copy-ordering.ts';
import type { Argument, Item, RedisCalls, Reply } from './calls/redis-calls.ts';
import type { Keys } from './keys.ts';
import { type Script, scripts } from './scripts.ts';
import { parseWatchers } from './watchers.ts';

/** Runs of one timeline that go into one call, and where in the batch they stood. */
interface Group {
  readonly timeline: TimelineId;
  readonly batchIndexes: number[];
  bytes: number;
}

type Messages = Page['messages'];
type RefusalReply = [
  letter: Buffer,
  duplicates: number,
  stored: number,
  refused: number,
  seq: number,
];
type ReadReply = [head: number, first: number, entries: Buffer[]];

const busy: AppendResult = {
  status: 'busy',
  duplicates: 0,
  stored: 0,
  refused: 0,
  seq: 0,
  expected: 0,
  watchers: [],
};

/** As scripts/append.lua has them. */
const letterOf: Readonly<Record<Refusal, string>> = {
  'not-a-member': 'n',
  'mailbox-full': 'f',
  'group-share': 'g',
  'encrypted-group': 'c',
  'not-encrypted': 'e',
};
const statusOf: Readonly<Partial<Record<string, AppendResult['status']>>> = {
  b: 'busy',
  s: 'stale-key',
  x: 'gone',
  ...Object.fromEntries(Object.entries(letterOf).map(([refusal, letter]) => [letter, refusal])),
};
const lobbyTimeline = groupTimeline(lobby);

export interface RedisTimelinesOptions {
  readonly calls: RedisCalls;
  readonly keys: Keys;
  readonly retention: Retention;
  readonly quotas: Quotas;
  /** If only what replicas have is taken and shown: the calls that see to it. */
  readonly confirmed: ConfirmedCalls | null;
}

export class RedisTimelines implements Timelines {
  readonly #calls: RedisCalls;
  readonly #keys: Keys;
  readonly #retention: Retention;
  readonly #confirmed: ConfirmedCalls | null;
  /** Arguments that all appends share. */
  readonly #common: readonly Argument[];
  readonly #lobbyShareMax: number | null;
  readonly #groupShareMax: number | null;
  readonly #ordering = new CopyOrdering();

  constructor({ calls, keys, retention, quotas, confirmed }: RedisTimelinesOptions) {
    const { messagesMax, ageMs } = retention;
    const { placeBytes, strangersMax, strangerMax, contactMax } = boundsOf(messagesMax, quotas);
    this.#common = [
      ...[messagesMax, ageMs, limits.sourceStateMs, confirmed ? 1 : 0],
      ...[placeBytes, strangersMax, strangerMax, contactMax],
      ...[quotas.groupShareMs, limits.contactsPerUserMax, limits.strangersListedMax],
    ];
    this.#lobbyShareMax = shareMaxOf(messagesMax, quotas.lobbyShare);
    this.#groupShareMax = shareMaxOf(messagesMax, quotas.groupShare);
    this.#calls = calls;
    this.#keys = keys;
    this.#retention = retention;
    this.#confirmed = confirmed;
  }

  async append(
    batch: readonly Append[],
    answered: AppendAnswered = () => {},
  ): Promise<AppendResult[]> {
    const results = Array.from(batch, () => busy);
    const settle = (batchIndex: number, result: AppendResult) => {
      results[batchIndex] = result;
      answered(batchIndex, result);
    };
    const late = this.#ordering.laterIn(batch);
    const batchIndexes = [...batch.keys()].filter((batchIndex) => !late.has(batchIndex));
    const mistakes = await this.#append(batch, batchIndexes, settle);
    if (late.size > 0) mistakes.push(...(await this.#appendLate(batch, late, results, settle)));
    if (mistakes.length > 0) throw mistakes[0];
    return results;
  }

  /** Appends those at these indexes of the batch. Gives the errors of those that it has no answer for. */
  async #append(
    batch: readonly Append[],
    batchIndexes: readonly number[],
    settle: AppendAnswered,
  ): Promise<CimError[]> {
    const mistakes: CimError[] = [];
    const groups = groupByTimeline(batch, batchIndexes);
    await (this.#confirmed ?? this.#calls).answerEach(
      scripts.append,
      groups.map((group) =>
        this.#appending(
          group.timeline,
          group.batchIndexes.map((batchIndex) => batch[batchIndex] as Append),
        ),
      ),
      this.#common,
      (index, reply) => {
        if (reply instanceof CimError && reply.kind === 'internal') {
          mistakes.push(reply);
          return;
        }
        for (const [run, batchIndex] of (groups[index] as Group).batchIndexes.entries()) {
          const append = batch[batchIndex] as Append;
          if (reply instanceof CimError) settle(batchIndex, busy);
          else {
            this.#ordering.heard(append, isShort(reply as Reply[], run));
            settle(batchIndex, appendResult(reply as Reply[], run, append));
          }
        }
      },
    );
    return mistakes;
  }

  /** Own copies, of what was taken for their receivers meanwhile. */
  async #appendLate(
    batch: readonly Append[],
    late: ReadonlyMap<number, number>,
    results: readonly AppendResult[],
    settle: AppendAnswered,
  ): Promise<CimError[]> {
    const copies: OwnCopy[] = [];
    const batchIndexOf: number[] = [];
    for (const [batchIndex, receiverIndex] of late) {
      const taken = results[receiverIndex] as AppendResult;
      const parts = ownCopiesOf(batch[batchIndex] as Append, taken);
      if (parts.length === 0) settle(batchIndex, { ...busy, status: taken.status });
      for (const part of parts) {
        copies.push(part);
        batchIndexOf.push(batchIndex);
      }
    }
    return this.#append(copies, [...copies.keys()], (index, result) => {
      const batchIndex = batchIndexOf[index] as number;
      // What follows in another part is refused: a skip, of which nobody asks.
      if (batchIndexOf[index - 1] === batchIndex) return;
      settle(
        batchIndex,
        resultOfCopy(result, results[late.get(batchIndex) as number] as AppendResult),
      );
    });
  }

  async read({ timeline, after, identity, limit }: Read): Promise<Page> {
    const [head, first, entries] = (await this.#read(scripts.read, timeline, [
      ...[after, limit, identity === undefined ? 0 : 1],
      ...[this.#retention.messagesMax, limits.pageBytesMax, isUser(timeline) ? 1 : 0],
    ])) as ReadReply;
    const messages = messagesOf(entries);
    const atCursor = messages.find(({ seq }) => seq === after);
    const rewound =
      after > head ||
      (identity !== undefined && atCursor !== undefined && isOtherThan(identity, atCursor.body));
    const page = rewound
      ? []
      : messages.filter(({ seq }) => seq > after && seq >= first).slice(0, limit);
    return { messages: page, head, first, rewound };
  }

  async readBack(
    timeline: TimelineId,
    before: number,
    limit: number,
    bytesMax: number = limits.pageBytesMax,
  ): Promise<Messages> {
    const { messagesMax } = this.#retention;
    const args = [before, limit, messagesMax, bytesMax, isUser(timeline) ? 1 : 0];
    const entries = (await this.#read(scripts.readBack, timeline, args)) as Buffer[];
    return messagesOf(entries).sort((one, other) => other.seq - one.seq);
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
  ): Promise<InterestedIn | null> {
    const version = await this.#changeInterest(group, instance, address);
    if (version === null) return null;
    const [head = 0] = await this.heads([groupTimeline(group)]);
    return { head, version };
  }

  async removeInterest(group: string, instance: string): Promise<void> {
    await this.#changeInterest(group, instance, '');
  }

  /** Gives the group's version; null: there is no such group. */
  async #changeInterest(group: string, instance: string, address: string): Promise<number | null> {
    const keys = [this.#keys.watchers(groupTimeline(group)), this.#keys.group(group)];
    const args = [instance, address, group === lobby ? 0 : 1];
    const [reply] = await this.#calls.runAll(scripts.changeInterest, [{ keys, args }]);
    return reply as number | null;
  }

  #appending(timeline: TimelineId, runs: readonly OwnCopy[]): Item {
    const keys = this.#keys.forAppend(timeline);
    const args: Argument[] = [runs.length];
    for (const append of runs) {
      const { source, bodies, onlyIfMember } = append;
      keys.push(this.#keys.source(timeline, source));
      if (onlyIfMember !== undefined) keys.push(this.#keys.members(timeline));
      args.push(this.#headerOf(append), asBuffer(bodies));
    }
    return { keys, args };
  }

  #headerOf(append: OwnCopy): string {
    const { timeline, from, to, sendSeq, count, restart, silent } = append;
    const { bodies, onlyIfMember, refusal } = append;
    const numbers = `${sendSeq}:${count}:${(restart ? 1 : 0) + (silent ? 2 : 0)}`;
    if (to !== 0) {
      if (timeline !== userTimeline(from)) return `${numbers}f${from}`;
      return `${numbers}o${to === from ? '' : to}${refusal ? `:${letterOf[refusal]}` : ''}`;
    }
    const shareMax = timeline === lobbyTimeline ? this.#lobbyShareMax : this.#groupShareMax;
    const share = append.isExempt || bodies.length === 0 ? '' : `:${shareMax ?? 0}`;
    if (onlyIfMember === undefined) return `${numbers}g${from}${share}`;
    const sealedIn = append.keyEpoch ? `k${append.keyEpoch}` : '';
    return `${numbers}m${onlyIfMember}${sealedIn}${share}`;
  }

  #read(script: Script, timeline: TimelineId, args: Argument[]): Promise<Reply> {
    const keys = [this.#keys.log(timeline), this.#keys.head(timeline), this.#keys.talk(timeline)];
    const isConfirmed = this.#confirmed ? 1 : 0;
    return (this.#confirmed ?? this.#calls).run(script, keys, [...args, isConfirmed]);
  }
}

/** In the order of the first run of each timeline, and of its runs. */
function groupByTimeline(batch: readonly Append[], batchIndexes: readonly number[]): Group[] {
  const groups: Group[] = [];
  const open = new Map<TimelineId, Group>();
  for (const batchIndex of batchIndexes) {
    const { timeline, bodies } = batch[batchIndex] as Append;
    let group = open.get(timeline);
    if (!group || isFull(group, bodies.length)) {
      group = { timeline, batchIndexes: [], bytes: 0 };
      open.set(timeline, group);
      groups.push(group);
    }
    group.batchIndexes.push(batchIndex);
    group.bytes += bodies.length;
  }
  return groups;
}

function isFull({ batchIndexes, bytes }: Group, more: number): boolean {
  return batchIndexes.length === limits.storeBatchMax || bytes + more > limits.storeBatchBytesMax;
}

/** The reply for a group is its watchers, then two values per run (scripts/append.lua). */
function appendResult(reply: Reply[], run: number, { count, bodies }: Append): AppendResult {
  const watchers = parseWatchers(reply[0] as Buffer | null);
  const fate = reply[1 + run * 2] as number;
  const value = reply[2 + run * 2] as number | RefusalReply;
  const result = { ...busy, watchers };
  if (typeof value !== 'number') return refusedResult(result, value);
  if (fate === -1) return { ...result, status: 'out-of-order', expected: value };
  const stored = bodies.length === 0 ? 0 : count - fate;
  return { ...result, status: 'taken', duplicates: fate, stored, seq: Math.abs(value) };
}

function refusedResult(
  result: AppendResult,
  [letter, duplicates, stored, refused, seq]: RefusalReply,
): AppendResult {
  const known = statusOf[letter.toString()];
  // Nobody is told of what a blocked sender has sent.
  const status = known ?? (refused === 0 ? 'taken' : 'mailbox-full');
  const watchers = known ? result.watchers : [];
  return { ...result, status, duplicates, stored, refused, seq, watchers };
}

/** Of a run to a user: whether room in that timeline is short by now. */
function isShort(reply: Reply[], run: number): boolean {
  const value = reply[2 + run * 2] as number | RefusalReply;
  return typeof value !== 'number' || value < 0;
}

function isUser(timeline: TimelineId): boolean {
  return timeline.startsWith('u:');
}

function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** All messages of the entries of a reply, in the order of these. */
function messagesOf(entries: readonly Buffer[]): { seq: number; body: Uint8Array }[] {
  const messages = [];
  for (let index = 0; index < entries.length; index += 2) {
    const bodies = bodiesOf(entries[index + 1] as Buffer);
    const first =
      Number.parseInt((entries[index] as Buffer).toString('latin1'), 10) - bodies.length + 1;
    for (const [offset, body] of bodies.entries()) messages.push({ seq: first + offset, body });
  }
  return messages;
}
