/**
 * Marks in Redis: a hash per sender, two sorted sets per group. A group and its members bear another
 * hash tag than those who are told, so a move in a group takes two steps. A crash between them leaves
 * a move of which nobody was told: the next one tells as much.
 */
import { limits } from '../../base/limits.ts';
import { sourceOf } from '../../codec/identity.ts';
import type { GroupMarks, MarkMove, MarkMoved, Marks, MemberMarks, SourceMarks } from '../marks.ts';
import { groupTimeline, type TimelineId, userTimeline } from '../timelines.ts';
import type { Item, RedisCalls } from './calls/redis-calls.ts';
import type { Keys } from './keys.ts';
import { scripts } from './scripts.ts';
import { parseWatchers } from './watchers.ts';

type Told = Pick<MarkMoved, 'watchers' | 'version'>;
type ToldReply = [version: number, watchers: Buffer | null];
type MoveReply = [sendSeq: number, ...told: ToldReply] | [beyond: -1];
type MemberReply = [sendSeq: number, isSenderTold: number, hasSeen: number];
type GroupReply = [
  members: number,
  delivered: number,
  read: number,
  deliveredOf?: Buffer[],
  readOf?: Buffer[],
];

/** A move, and its place in the batch. */
type Placed = readonly [place: number, move: MarkMove];

export class RedisMarks implements Marks {
  readonly #calls: RedisCalls;
  readonly #keys: Keys;

  constructor(calls: RedisCalls, keys: Keys) {
    this.#calls = calls;
    this.#keys = keys;
  }

  async move(batch: readonly MarkMove[]): Promise<MarkMoved[]> {
    const results = batch.map((): MarkMoved => ({ ...unmoved, own: null }));
    const moves = [...batch.entries()];
    const own = moves.filter(([, { group, kind }]) => group === '' && kind === 'read');
    await Promise.all([
      this.#moveForSenders(moves.filter(isForSender), results),
      this.#readOwn(own, results),
      this.#moveInGroups(
        moves.filter(([, { group }]) => group !== ''),
        results,
      ),
    ]);
    return results;
  }

  async ofPeers(
    userId: number,
    peers: readonly number[],
  ): Promise<readonly (readonly SourceMarks[])[]> {
    const found = await this.#calls.someFields(this.#keys.marks(userId), peers);
    return found.map(sourcesIn);
  }

  async ofGroup(group: string, seq: number): Promise<GroupMarks> {
    const [members, delivered, read, deliveredOf, readOf] = (await this.#calls.run(
      scripts.groupMarks,
      [
        this.#keys.members(groupTimeline(group)),
        this.#keys.delivered(group),
        this.#keys.read(group),
      ],
      [seq, limits.marksNamedMax],
    )) as GroupReply;
    const named = deliveredOf && readOf ? namedIn(deliveredOf, readOf) : null;
    return { members, delivered, read, named };
  }

  async versions(userIds: readonly number[]): Promise<number[]> {
    const items = userIds.map((userId) => ({ keys: [this.#keys.marks(userId)], args: [] }));
    return (await this.#calls.runAll(scripts.marksVersions, items)).map(Number);
  }

  async #moveForSenders(moves: readonly Placed[], results: MarkMoved[]): Promise<void> {
    const beyond = await this.#moveUpTo(moves, results);
    if (beyond.length === 0) return;
    // The reader's timeline may be on another node than the sender's.
    const sources = beyond.map(([, move]) => this.#sourceIn(userTimeline(move.reader), move));
    const lasts = (await this.#calls.getAll(sources)).map((source) =>
      Number.parseInt(String(source ?? 0), 10),
    );
    await this.#moveUpTo(beyond, results, lasts);
  }

  /** Gives those that are beyond what the sender's timeline has, if it is not known what the readers' have. */
  async #moveUpTo(
    moves: readonly Placed[],
    results: MarkMoved[],
    lastsOfReaders: readonly number[] = [],
  ): Promise<readonly Placed[]> {
    const items = moves.map(([, move], index): Item => {
      const { reader, from, epochHex, sendSeq, kind } = move;
      const timeline = userTimeline(from);
      const source = this.#sourceIn(timeline, move);
      return {
        keys: [this.#keys.marks(from), source, this.#keys.watchers(timeline)],
        args: [reader, epochHex, sendSeq, kind === 'read' ? 1 : 0, lastsOfReaders[index] ?? ''],
      };
    });
    const common = [limits.markSourcesMax, limits.markReadersMax];
    const replies = (await this.#calls.runAll(
      scripts.moveMarks,
      items,
      common,
    )) as (MoveReply | null)[];
    for (const [index, [place]] of moves.entries()) {
      const [sendSeq = -1, ...told] = replies[index] ?? [];
      if (told.length > 0)
        change(results, place, { moved: true, sendSeq, ...toldBy(told as ToldReply) });
    }
    return moves.filter((_, index) => replies[index]?.[0] === -1);
  }

  #sourceIn(timeline: TimelineId, { reader, from, epochHex }: MarkMove): string {
    return this.#keys.source(timeline, sourceOf(from, epochHex, reader, ''));
  }

  async #readOwn(moves: readonly Placed[], results: MarkMoved[]): Promise<void> {
    const items = moves.map(([, { reader, from, seq }]): Item => {
      const timeline = userTimeline(reader);
      return {
        keys: [this.#keys.log(timeline), this.#keys.talk(timeline), ...this.#toTell(reader)],
        args: [from, seq],
      };
    });
    const replies = await this.#calls.runAll(scripts.readConversation, items);
    for (const [index, [place]] of moves.entries()) {
      const reply = replies[index] as ToldReply | null;
      if (reply) change(results, place, { own: toldBy(reply) });
    }
  }

  async #moveInGroups(moves: readonly Placed[], results: MarkMoved[]): Promise<void> {
    const items = moves.map(([, move]) => this.#ofMember(move));
    const replies = await this.#calls.runAll(scripts.markMember, items, [limits.marksNamedMax]);
    const told: { readonly userId: number; note(told: Told): void }[] = [];
    for (const [index, [place, { reader, from }]] of moves.entries()) {
      const reply = replies[index] as MemberReply | null;
      if (!reply) continue;
      const [sendSeq, isSenderTold, hasSeen] = reply;
      if (sendSeq > 0) change(results, place, { moved: true, sendSeq });
      if (hasSeen === 1)
        told.push({ userId: reader, note: (own) => change(results, place, { own }) });
      if (isSenderTold === 1)
        told.push({ userId: from, note: (sender) => change(results, place, sender) });
    }
    const tellings = told.map(({ userId }): Item => ({ keys: this.#toTell(userId), args: [] }));
    const answers = await this.#calls.runAll(scripts.tellMarks, tellings);
    for (const [index, { note }] of told.entries()) note(toldBy(answers[index] as ToldReply));
  }

  #ofMember({ reader, from, epochHex, group, sendSeq, seq, kind, isQuiet }: MarkMove): Item {
    const timeline = groupTimeline(group);
    return {
      keys: [
        this.#keys.members(timeline),
        this.#keys.head(timeline),
        this.#keys.talk(timeline),
        this.#keys.delivered(group),
        this.#keys.read(group),
        this.#keys.source(timeline, sourceOf(from, epochHex, 0, group)),
      ],
      args: [reader, sendSeq, seq, kind === 'read' ? 1 : 0, isQuiet || reader === from ? 0 : 1],
    };
  }

  #toTell(userId: number): string[] {
    return [this.#keys.marks(userId), this.#keys.watchers(userTimeline(userId))];
  }
}

const unmoved = { moved: false, sendSeq: 0, watchers: [], version: 0 };

function isForSender([, { reader, from, group, isQuiet }]: Placed): boolean {
  return group === '' && reader !== from && !isQuiet;
}

function change(results: MarkMoved[], place: number, changes: Partial<MarkMoved>): void {
  results[place] = { ...(results[place] as MarkMoved), ...changes };
}

function toldBy([version, watchers]: ToldReply): Told {
  return { watchers: parseWatchers(watchers), version };
}

/** As scripts/move-marks.lua keeps them. */
function sourcesIn(record: string | null): SourceMarks[] {
  const [, ...sources] = record?.split('|') ?? [];
  return sources.map((source) => {
    const [epochHex = '', delivered, read] = source.split(':');
    return { epochHex, delivered: Number(delivered), read: Number(read) };
  });
}

/** Of two lists of ids, each followed by a number. */
function namedIn(delivered: readonly Buffer[], read: readonly Buffer[]): MemberMarks[] {
  const readBy = numbersIn(read);
  return [...numbersIn(delivered)]
    .map(([userId, number]) => ({ userId, delivered: number, read: readBy.get(userId) ?? 0 }))
    .toSorted((one, other) => one.userId - other.userId);
}

function numbersIn(pairs: readonly Buffer[]): Map<number, number> {
  const numbers = new Map<number, number>();
  for (let at = 0; at < pairs.length; at += 2)
    numbers.set(Number(String(pairs[at])), Number(String(pairs[at + 1])));
  return numbers;
}
