/**
 * What of marks a person is told. Many come in quick succession, and each means what came before it,
 * too: they are gathered for a moment, and the newest of a person is told. Of a group it is told once
 * that a message was read at all, and once each that all have it and that all have read it.
 */
import type { Clock, Timer } from '../../base/clock.ts';
import { CimError } from '../../base/errors.ts';
import type { CimClient, GroupMarks, Mark } from '../sdk/index.ts';
import type { RecentMessage, RecentMessages } from './recent-messages.ts';

type MarkKind = 'delivered' | 'read';

/** These people have got or read one's message; `isAll`: so has everybody else in the group. */
export interface Tick {
  readonly kind: MarkKind;
  readonly by: readonly number[];
  readonly isAll: boolean;
  readonly message: RecentMessage;
}

export interface TicksOptions {
  readonly userId: number;
  readonly recent: Pick<RecentMessages, 'get' | 'newest'>;
  readonly client: Pick<CimClient, 'marksOfGroup'>;
  readonly clock: Pick<Clock, 'setTimeout'>;
  readonly show: (tick: Tick) => void;
}

/** Longer than a reader's client takes to say that what it has was read. */
const gatherMs = 1_000;

/** By number of the group: the newest messages of which this was told. */
interface Told {
  readBySome: number;
  delivered: number;
  read: number;
}

export class Ticks {
  readonly #options: TicksOptions;
  /** By reader: the newest messages that they have, and have read. */
  readonly #moved = new Map<number, Partial<Record<MarkKind, RecentMessage>>>();
  readonly #movedGroups = new Set<string>();
  readonly #told = new Map<string, Told>();
  #timer: Timer | undefined;
  #isOver = false;

  constructor(options: TicksOptions) {
    this.#options = options;
  }

  /** Nothing comes of it where the message was not shown lately, or is of somebody else. */
  marked(kind: MarkKind, { by, upTo, group }: Mark): void {
    const { userId, recent, clock } = this.#options;
    const message = recent.get(upTo);
    if (message?.from !== userId || by === userId) return;
    if (group === undefined) this.#moved.set(by, { ...this.#moved.get(by), [kind]: message });
    else this.#movedGroups.add(group);
    this.#timer ??= clock.setTimeout(() => void this.#tell(), gatherMs);
  }

  /** Nothing is shown any more. */
  stop(): void {
    this.#isOver = true;
    this.#timer?.cancel();
  }

  /** Never rejects. What comes meanwhile is told in the next turn. */
  async #tell(): Promise<void> {
    const groups = [...this.#movedGroups];
    this.#movedGroups.clear();
    for (const [by, { read, delivered }] of this.#moved) {
      if (read) this.#show('read', [by], read);
      if (delivered && delivered.number > (read?.number ?? 0))
        this.#show('delivered', [by], delivered);
    }
    this.#moved.clear();
    await Promise.all(groups.map((group) => this.#tellOfGroup(group)));
    const isMore = !this.#isOver && this.#moved.size + this.#movedGroups.size > 0;
    const { clock } = this.#options;
    this.#timer = isMore ? clock.setTimeout(() => void this.#tell(), gatherMs) : undefined;
  }

  async #tellOfGroup(group: string): Promise<void> {
    const { client, userId } = this.#options;
    const own = this.#ownOf(group);
    const marks = await client.marksOfGroup(group, own[0]?.seq ?? 0).catch(unknown);
    const others = marks?.named?.filter((member) => member.userId !== userId) ?? [];
    if (others.length === 0) return;
    const told = this.#told.get(group) ?? { readBySome: 0, delivered: 0, read: 0 };
    this.#told.set(group, told);
    /** The newest of one's messages that is not above a number. */
    const upTo = (number: number) => own.find(({ seq }) => seq <= number);
    const everybody = others.map((member) => member.userId);
    const reads = others.map(({ read }) => read);
    const read = upTo(Math.min(...reads));
    if (read && read.seq > told.read) {
      this.#show('read', everybody, read, true);
      told.read = read.seq;
    }
    const delivered = upTo(Math.min(...others.map((member) => member.delivered)));
    if (delivered && delivered.seq > Math.max(told.delivered, told.read)) {
      this.#show('delivered', everybody, delivered, true);
      told.delivered = delivered.seq;
    }
    const first = upTo(Math.max(...reads));
    if (first && first.seq > Math.max(told.readBySome, told.read)) {
      const readers = others.filter((member) => member.read >= first.seq);
      this.#show(
        'read',
        readers.map((member) => member.userId),
        first,
      );
      told.readBySome = first.seq;
    }
  }

  /** One's messages of this group that were shown lately, the newest first. */
  #ownOf(group: string): RecentMessage[] {
    const { recent, userId } = this.#options;
    return recent
      .newest()
      .filter((each) => each.group === group && each.from === userId && each.seq > 0)
      .sort((one, other) => other.seq - one.seq);
  }

  #show(kind: MarkKind, by: readonly number[], message: RecentMessage, isAll = false): void {
    if (!this.#isOver) this.#options.show({ kind, by, isAll: isAll && by.length > 1, message });
  }
}

/** No route has told: the next mark asks again. */
function unknown(error: unknown): GroupMarks | undefined {
  if (!(error instanceof CimError)) throw error;
  return undefined;
}
