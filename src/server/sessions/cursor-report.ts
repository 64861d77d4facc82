/**
 * How far a connection has got in one timeline, and its user with what others have sent there, on its
 * way to a route. Both are cumulative: one report is under way, and of what comes meanwhile the last
 * counts.
 */
import { limits } from '../../base/limits.ts';
import type { Mark } from '../../codec/generated/link.ts';
import { MarkGather } from '../../codec/mark-gather.ts';

/** Whose cursor it is. */
export interface CursorOwner {
  readonly userId: number;
  readonly device: string;
}

/** Sends it; `onMoved` follows. */
export interface CursorSender {
  acknowledge(report: CursorReport, seq: number, marks: readonly Mark[]): void;
}

export class CursorReport {
  readonly owner: CursorOwner;
  /** Empty: the user's own timeline. */
  readonly group: string;
  readonly #sender: CursorSender;
  /** Told what the store has. */
  readonly #onStored: ((seq: number) => void) | undefined;
  #isUnderWay = false;
  #seq = 0;
  /** The one under way. */
  #sentSeq = 0;
  /** It has moved since the one under way was sent. */
  #hasMoved = false;
  /** Those under way. */
  #sent: readonly Mark[] = [];
  /** Null while none wait. */
  #marks: MarkGather | null = null;

  constructor(
    owner: CursorOwner,
    group: string,
    sender: CursorSender,
    onStored?: (seq: number) => void,
  ) {
    this.owner = owner;
    this.group = group;
    this.#sender = sender;
    this.#onStored = onStored;
  }

  move(seq: number, marks: readonly Mark[]): void {
    this.#seq = seq;
    this.#hasMoved = true;
    if (this.#isUnderWay || this.#marks) this.#hold(marks);
    if (!this.#isUnderWay) this.#send(this.#marks ? this.#take() : marks);
  }

  /** Marks that have not arrived are sent once more, now and then. */
  retry(): void {
    if (this.#marks && !this.#isUnderWay) this.#send(this.#take());
  }

  /** The one under way has arrived, or (`isLost`) was lost: the next one makes that good. */
  onMoved(isLost: boolean): void {
    const sent = this.#sent;
    this.#isUnderWay = false;
    this.#sent = [];
    if (isLost) this.#hold(sent);
    else this.#onStored?.(this.#sentSeq);
    if (this.#hasMoved || (this.#marks && !isLost)) this.#send(this.#take());
  }

  #send(marks: readonly Mark[]): void {
    this.#isUnderWay = true;
    this.#hasMoved = false;
    this.#sent = marks;
    this.#sentSeq = this.#seq;
    this.#sender.acknowledge(this, this.#seq, marks);
  }

  #hold(marks: readonly Mark[]): void {
    for (const mark of marks) {
      this.#marks ??= new MarkGather(limits.markSourcesHeldMax);
      this.#marks.add(mark);
    }
  }

  #take(): readonly Mark[] {
    const marks = this.#marks?.take(limits.marksPerFrameMax) ?? [];
    if (this.#marks?.isEmpty) this.#marks = null;
    return marks;
  }
}
