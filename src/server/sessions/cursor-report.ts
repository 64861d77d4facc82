/**
 * How far a connection has got in one timeline, on its way to a route. Cursors are cumulative: one
 * is under way, and of those that come meanwhile the last counts.
 */

/** Whose cursor it is. */
export interface CursorOwner {
  readonly userId: number;
  readonly device: string;
}

/** Sends it; `onMoved` follows. */
export interface CursorSender {
  acknowledge(report: CursorReport, seq: number): void;
}

export class CursorReport {
  readonly owner: CursorOwner;
  /** Empty: the user's own timeline. */
  readonly group: string;
  readonly #sender: CursorSender;
  #isUnderWay = false;
  /** The newest that came meanwhile; 0 = none. */
  #waiting = 0;

  constructor(owner: CursorOwner, group: string, sender: CursorSender) {
    this.owner = owner;
    this.group = group;
    this.#sender = sender;
  }

  move(seq: number): void {
    if (this.#isUnderWay) {
      this.#waiting = seq;
      return;
    }
    this.#isUnderWay = true;
    this.#sender.acknowledge(this, seq);
  }

  /** The one under way has arrived, or was lost: the next one makes that good. */
  onMoved(): void {
    const waiting = this.#waiting;
    this.#isUnderWay = false;
    this.#waiting = 0;
    if (waiting !== 0) this.move(waiting);
  }
}
