/**
 * How far people have got in conversations: takes the marks that come with acknowledgements, has the
 * store keep them, and tells those whom they concern. Nobody waits for them: where there are too many
 * servers keep them, and send them with later ones.
 */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Counter } from '../../base/process/counters.ts';
import { lobby } from '../../codec/commands.ts';
import type { AcknowledgeEntry, Mark } from '../../codec/generated/link.ts';
import { markKind } from '../../codec/generated/wire.ts';
import type { MarkMove, MarkMoved, Marks as StoredMarks } from '../../store/marks.ts';
import type { Watcher } from '../../store/timelines.ts';
import type { Blocks } from './blocks.ts';

/** What senders are told: all, that it was delivered only, or nothing. */
export type Receipts = 'all' | 'delivered' | 'off';

/** Marks of one sender that one reader has moved, for the sessions that are to know. */
export interface MovedMarks {
  readonly watchers: readonly Watcher[];
  readonly reader: number;
  readonly group: string;
  readonly marks: Mark[];
  readonly versions: number[];
}

export interface MarksOptions {
  readonly marks: Pick<StoredMarks, 'move'>;
  readonly blocks: Pick<Blocks, 'by'>;
  readonly pushMarks: (moved: MovedMarks) => void;
  readonly receipts: Receipts;
  readonly counters: { readonly moved: Counter; readonly dropped: Counter };
}

type Report = Pick<AcknowledgeEntry, 'userId' | 'group' | 'marks'>;

export class Marks {
  readonly #options: MarksOptions;
  /** At the store. */
  #underWay = 0;

  constructor(options: MarksOptions) {
    this.#options = options;
  }

  get receipts(): Receipts {
    return this.#options.receipts;
  }

  /** Rejects with `busy` when they were not taken: they are to be sent again, with later ones. */
  async take(reports: readonly Report[]): Promise<void> {
    const { marks, pushMarks, counters } = this.#options;
    const wanted = reports.flatMap((report) => this.#movesOf(report));
    if (wanted.length === 0) return;
    if (this.#underWay + wanted.length > limits.marksUnderWayMax) {
      counters.dropped.value += wanted.length;
      throw new CimError('busy', 'too many marks are at the store');
    }
    this.#underWay += wanted.length;
    try {
      const moves = await this.#withoutBlocked(wanted);
      if (moves.length === 0) return;
      const moved = await marks.move(moves);
      for (const each of told(moves, moved)) pushMarks(each);
      counters.moved.value += moves.length;
    } catch (error) {
      counters.dropped.value += wanted.length;
      throw error;
    } finally {
      this.#underWay -= wanted.length;
    }
  }

  /** Who sends to themselves has it, and of the lobby nothing is kept. */
  #movesOf({ userId: reader, group, marks }: Report): MarkMove[] {
    if (group === lobby) return [];
    return marks.flatMap(({ from, epochHex, sendSeq, seq, kind }) => {
      if (from === reader) return [];
      const message = { reader, from, epochHex, group, sendSeq, seq };
      return this.#toldOf(kind).map((what) => ({ ...message, ...what }));
    });
  }

  /** What is made of a mark: who may not say that it was read says that it was delivered. */
  #toldOf(kind: number): readonly Pick<MarkMove, 'kind' | 'isQuiet'>[] {
    const { receipts } = this.#options;
    const delivered = receipts === 'off' ? [] : [{ kind: 'delivered' as const, isQuiet: false }];
    if (kind === markKind.delivered) return delivered;
    const isQuiet = kind === markKind.readQuietly || receipts !== 'all';
    const read = { kind: 'read' as const, isQuiet };
    return isQuiet && kind === markKind.read ? [...delivered, read] : [read];
  }

  /** Who has blocked somebody tells them nothing, and is told nothing by them. */
  async #withoutBlocked(moves: readonly MarkMove[]): Promise<MarkMove[]> {
    const blocked = await Promise.all(
      moves.map(async ({ reader, from, group }) => {
        if (group !== '') return false;
        const { blocks } = this.#options;
        const [byReader, bySender] = await Promise.all([blocks.by(reader), blocks.by(from)]);
        return byReader.has(from) || bySender.has(reader);
      }),
    );
    // What the reader has unread is the reader's own matter.
    return moves.flatMap((move, index) => {
      if (!blocked[index]) return [move];
      return move.kind === 'read' ? [{ ...move, isQuiet: true }] : [];
    });
  }
}

/** Who is to be told what: the marks of one sender and one reader together. */
function told(moves: readonly MarkMove[], results: readonly MarkMoved[]): Iterable<MovedMarks> {
  const pushes = new Map<string, MovedMarks>();
  const add = (
    key: string,
    push: Omit<MovedMarks, 'marks' | 'versions'>,
    mark: Mark,
    version: number,
  ) => {
    let known = pushes.get(key);
    if (!known) {
      known = { ...push, marks: [], versions: [] };
      pushes.set(key, known);
    }
    known.marks.push(mark);
    if (version > 0) known.versions.push(version);
  };
  for (const [index, { moved, sendSeq, watchers, version, own }] of results.entries()) {
    const move = moves[index] as MarkMove;
    const { reader, from, epochHex, group, kind } = move;
    const mark = {
      from: 0,
      epochHex,
      seq: 0,
      kind: kind === 'read' ? markKind.read : markKind.delivered,
    };
    if (moved && watchers.length > 0)
      add(`${from} ${reader} ${group}`, { watchers, reader, group }, { ...mark, sendSeq }, version);
    if (own && own.watchers.length > 0)
      add(
        `${reader} ${group}`,
        { watchers: own.watchers, reader, group },
        { ...mark, from, sendSeq: move.sendSeq },
        own.version,
      );
  }
  return pushes.values();
}
