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

/**
 * What others are told of this user: that a message was delivered and read, delivered only, or
 * nothing, and not that they are typing.
 */
export type Receipts = 'all' | 'delivered' | 'off';

/** A message, and its number in the timeline of its group, or the user's own. */
export type Numbered = Pick<Message, 'id' | 'seq'>;

export class OwnMarks {
  readonly #userId: number;
  readonly #receipts: Receipts;
  /** By group; empty: the user's own timeline. */
  readonly #waiting = new Map<string, MarkGather>();
  /** What was sent last, by group: it may get lost with the connection. */
  readonly #sent = new Map<string, readonly Mark[]>();

  constructor(userId: number, receipts: Receipts = 'all') {
    this.#userId = userId;
    this.#receipts = receipts;
  }

  /** The application has taken it. */
  delivered(message: Numbered): void {
    if (this.#receipts !== 'off') this.#add(message, markKind.delivered);
  }

  /** It was shown. Throws `invalid-argument`: it is not the id of a message, or the user's own. */
  read(message: Numbered): void {
    const kind = this.#receipts === 'all' ? markKind.read : markKind.readQuietly;
    if (!this.#add(message, kind))
      throw new CimError('invalid-argument', `${message.id} is not a message of somebody else`);
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
    if (taken.length > 0) this.#sent.set(group, taken);
    return taken;
  }

  /** The connection is another one: what was sent last on the one before is sent again. */
  connected(): void {
    for (const [group, marks] of this.#sent) for (const mark of marks) this.#gather(group, mark);
    this.#sent.clear();
  }

  /** The user is in this group no longer. */
  left(group: string): void {
    this.#waiting.delete(group);
    this.#sent.delete(group);
  }

  #add({ id, seq }: Numbered, kind: number): boolean {
    const message = parseIdentity(id);
    if (!message || message.from === this.#userId || seq < 1) return false;
    const { from, epochHex, sendSeq, group } = message;
    // Nobody has a place in it.
    if (group === lobby) return true;
    this.#gather(group, { from, epochHex, sendSeq, seq, kind });
    return true;
  }

  #gather(group: string, mark: Mark): void {
    let waiting = this.#waiting.get(group);
    if (!waiting) {
      waiting = new MarkGather(limits.clientMarkSourcesMax);
      this.#waiting.set(group, waiting);
    }
    waiting.add(mark);
  }
}
