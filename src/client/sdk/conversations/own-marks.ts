/**
 * How far this client's user has got with what others have sent: marks that wait for the next
 * acknowledgement (docs/how-it-works/messages.md). A mark is cumulative, so few of them say all.
 */
import { CimError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import { lobby } from '../../../codec/commands.ts';
import type { Mark } from '../../../codec/generated/link.ts';
import { markKind } from '../../../codec/generated/wire.ts';
import { parseIdentity } from '../../../codec/identity.ts';
import { MarkGather } from '../../../codec/mark-gather.ts';
import type { Message } from '../client-events.ts';
import type { Receipts } from './mark.ts';

/** A message, and its number in the timeline of its group, or the user's own. */
export type Numbered = Pick<Message, 'id' | 'seq'>;

export class OwnMarks {
  readonly #userId: number;
  readonly #receipts: Receipts;
  /** By group; empty: the user's own timeline. */
  readonly #waiting = new Map<string, MarkGather>();
  readonly #sent: SentMarks;
  /** By named group: what was delivered, and neither read nor followed by what was; the oldest first. */
  readonly #unread = new Map<string, Mark[]>();

  /** `now`: ms, from any moment on. */
  constructor(userId: number, now: () => number, receipts: Receipts = 'all') {
    this.#userId = userId;
    this.#receipts = receipts;
    this.#sent = new SentMarks(now);
  }

  /** The application has taken it. */
  delivered(message: Numbered): void {
    if (this.#receipts === 'off') return;
    const found = this.#markOf(message, markKind.delivered);
    if (!found || found.group === lobby) return;
    const { group, mark } = found;
    this.#gather(group, mark);
    if (this.#receipts === 'all' && group !== '') this.#keepUnread(group, mark);
  }

  /**
   * It was shown. In a group that says the same of all before it, so those who sent that are told, too.
   * Throws `invalid-argument`: it is not the id of a message, or the user's own.
   */
  read(message: Numbered): void {
    const kind = this.#receipts === 'all' ? markKind.read : markKind.readQuietly;
    const found = this.#markOf(message, kind);
    if (!found)
      throw new CimError('invalid-argument', `${message.id} is not a message of somebody else`);
    const { group, mark } = found;
    if (group === lobby) return;
    for (const before of this.#takeUnread(group, message.seq))
      this.#gather(group, { ...before, kind });
    this.#gather(group, mark);
  }

  /** Whether some of this timeline wait. */
  has(group: string): boolean {
    return this.#waiting.has(group);
  }

  /** Those that leave with an acknowledgement of this timeline. */
  take(group: string, countMax: number): readonly Mark[] {
    const waiting = this.#waiting.get(group);
    if (!waiting) return [];
    const taken = waiting.take(Math.min(countMax, limits.marksPerFrameMax));
    if (waiting.isEmpty) this.#waiting.delete(group);
    for (const mark of taken) this.#sent.add(group, mark);
    return taken;
  }

  /** The connection is another one: what may have got lost with the one before is sent again. */
  connected(): void {
    for (const [group, mark] of this.#sent.take()) this.#gather(group, mark);
  }

  /** The user is in this group no longer. */
  left(group: string): void {
    this.#waiting.delete(group);
    this.#unread.delete(group);
    this.#sent.left(group);
  }

  /** Of the lobby as well, in which nobody has a place. */
  #markOf({ id, seq }: Numbered, kind: number): { group: string; mark: Mark } | undefined {
    const message = parseIdentity(id);
    if (!message || message.from === this.#userId || seq < 1) return undefined;
    const { from, epochHex, sendSeq, group } = message;
    return { group, mark: { from, epochHex, sendSeq, seq, kind } };
  }

  #keepUnread(group: string, mark: Mark): void {
    const unread = this.#unread.get(group) ?? [];
    unread.push(mark);
    if (unread.length > limits.clientMarkSourcesMax) unread.shift();
    this.#unread.set(group, unread);
  }

  /** Those with lower numbers, which are not unread any more. */
  #takeUnread(group: string, seq: number): readonly Mark[] {
    const unread = this.#unread.get(group) ?? [];
    const later = unread.filter((mark) => mark.seq > seq);
    if (later.length === 0) this.#unread.delete(group);
    else this.#unread.set(group, later);
    return unread.filter((mark) => mark.seq < seq);
  }

  #gather(group: string, mark: Mark): void {
    addMark(this.#waiting, group, mark);
  }
}

/**
 * Marks that were sent within the last minutes. Nobody answers them, and a connection may be dead for
 * a while before that is noticed.
 */
class SentMarks {
  readonly #now: () => number;
  /** By group, and when the first of them was sent. */
  #recent = new Map<string, MarkGather>();
  #recentSince = 0;
  #older = new Map<string, MarkGather>();

  constructor(now: () => number) {
    this.#now = now;
  }

  add(group: string, mark: Mark): void {
    this.#forget();
    addMark(this.#recent, group, mark);
  }

  /** With their groups, the oldest first; none is left. */
  *take(): Iterable<readonly [string, Mark]> {
    this.#forget();
    const generations = [this.#older, this.#recent];
    this.#older = new Map();
    this.#recent = new Map();
    for (const generation of generations)
      for (const [group, marks] of generation)
        for (const mark of marks.take(limits.clientMarkSourcesMax)) yield [group, mark];
  }

  left(group: string): void {
    this.#recent.delete(group);
    this.#older.delete(group);
  }

  /** Each is kept for `limits.clientMarksSentMs` at least, and for twice that at most. */
  #forget(): void {
    const age = this.#now() - this.#recentSince;
    if (age < limits.clientMarksSentMs) return;
    this.#older = age < 2 * limits.clientMarksSentMs ? this.#recent : new Map();
    this.#recent = new Map();
    this.#recentSince = this.#now();
  }
}

function addMark(gathers: Map<string, MarkGather>, group: string, mark: Mark): void {
  let gather = gathers.get(group);
  if (!gather) {
    gather = new MarkGather(limits.clientMarkSourcesMax);
    gathers.set(group, gather);
  }
  gather.add(mark);
}
