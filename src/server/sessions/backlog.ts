/**
 * What waits to be written to one connection: little, whatever its reader does. Above a bound live
 * messages are not buffered any more: the connection is *behind*, and of each of its timelines only
 * the newest number is kept. When its peer has taken everything, it is told to read: it catches up
 * from the store, not from a growing buffer.
 */
import { limits } from '../../base/limits.ts';
import type { ProcessBudget } from '../../limits/process-budget.ts';
import { type ClientStream, onceDrained } from '../../net/client-stream.ts';
import { Outbox, waitingWriteBytes } from '../../net/outbox.ts';

export interface BacklogOwner {
  /**
   * The peer has taken all that it was slow to take. Of these timelines (empty: its own) there is
   * more, up to these numbers, than it was told.
   */
  onDrained(behind: ReadonlyMap<string, number>): void;
}

const nothing: ReadonlyMap<string, number> = new Map();

export class Backlog {
  readonly #owner: BacklogOwner;
  readonly #stream: ClientStream;
  readonly #budget: ProcessBudget;
  readonly #outbox: Outbox;
  /** Null while everything is written as it comes. */
  #behind: Map<string, number> | null = null;
  #awaitsDrain = false;
  /** Since when the peer has taken none of the bytes that wait for it; 0 = none wait. */
  #stalledAt = 0;
  /** Bytes that it had taken then. */
  #takenBytes = 0;

  constructor(owner: BacklogOwner, stream: ClientStream, budget: ProcessBudget) {
    this.#owner = owner;
    this.#stream = stream;
    this.#budget = budget;
    this.#outbox = new Outbox(stream);
  }

  get bufferedBytes(): number {
    return this.#stream.destroyed ? 0 : this.#outbox.bufferedBytes;
  }

  /** What the process holds because of them. */
  get heldBytes(): number {
    return this.#stream.destroyed ? 0 : this.#outbox.heldBytes;
  }

  get stalledAt(): number {
    return this.#stalledAt;
  }

  /**
   * Whether its peer counts as a slow reader. Each write that waits costs more than a short answer:
   * a peer that asks for one at a time, and takes none, makes the process hold a hundred times their
   * bytes.
   */
  get isTooMuch(): boolean {
    return this.bufferedBytes > limits.outboxBytesMax || this.heldBytes > 2 * limits.outboxBytesMax;
  }

  /** Whether there are live messages that it was not written, and has not been told of yet. */
  get isBehind(): boolean {
    return this.#behind !== null;
  }

  /** Whether it is as a new one would be. */
  get isIdle(): boolean {
    return this.#behind === null && !this.#awaitsDrain && this.#outbox.isIdle;
  }

  write(frame: Uint8Array): void {
    this.#spend(frame.length);
    this.#outbox.write(frame);
  }

  /** Writes a frame of two parts, see Outbox. */
  writeFrame(
    bytes: Uint8Array,
    start: number,
    end: number,
    tail: Uint8Array,
    tailBytes: number = tail.length,
  ): void {
    this.#spend(end - start + tailBytes);
    this.#outbox.writeFrame(bytes, start, end, tail, tailBytes);
  }

  /** What is written behind others may wait by itself. */
  #spend(bytes: number): void {
    const beside = this.#stream.writableLength === 0 ? 0 : waitingWriteBytes;
    this.#budget.spend(bytes + beside);
  }

  /** Whether a live message is to be written; if not, `seq` is kept, to be told later. */
  takesLive(timeline: string, seq: number): boolean {
    if (this.#behind === null && this.#hasRoom()) return true;
    this.#behind ??= new Map();
    if (seq > (this.#behind.get(timeline) ?? 0)) this.#behind.set(timeline, seq);
    this.#awaitDrain();
    return false;
  }

  /** Whether a page is to be fetched; if not, `onDrained` will be called. */
  takesPage(): boolean {
    if (this.#behind === null && this.#hasRoom()) return true;
    this.#awaitDrain();
    return false;
  }

  #hasRoom(): boolean {
    const { bufferedBytes } = this.#outbox;
    if (bufferedBytes <= limits.liveShortBytesMax) return true;
    return bufferedBytes <= limits.liveBytesMax && !this.#budget.isShort;
  }

  flush(): void {
    this.#outbox.flush();
  }

  /** Calls back when everything written so far was handed to the operating system. */
  whenWritten(done: () => void): void {
    this.#outbox.flush();
    this.#stream.write(new Uint8Array(), (error) => {
      if (!error) done();
    });
  }

  /** For how long nothing was taken of what waits, as far as was seen: to be called now and then. */
  stalledMs(now: number): number {
    const { bufferedBytes, queuedBytes } = this.#outbox;
    const takenBytes = queuedBytes - bufferedBytes;
    if (bufferedBytes === 0) this.#stalledAt = 0;
    else if (this.#stalledAt === 0 || takenBytes > this.#takenBytes) this.#stalledAt = now;
    this.#takenBytes = takenBytes;
    return this.#stalledAt === 0 ? 0 : now - this.#stalledAt;
  }

  /**
   * A stream says that it has drained after it was given as much as its high-water mark, which is
   * not above `limits.liveShortBytesMax`.
   */
  #awaitDrain(): void {
    if (this.#awaitsDrain) return;
    this.#awaitsDrain = true;
    onceDrained(this.#stream, () => {
      const behind = this.#behind ?? nothing;
      this.#awaitsDrain = false;
      this.#behind = null;
      this.#owner.onDrained(behind);
    });
  }
}
