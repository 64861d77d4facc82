/**
 * The frames of one connection, as its stream gives them: not more at a time than is its turn, and
 * none while it is held. What is not taken stays in the stream. What has come of a frame that has not
 * ended is weighed.
 */
import { limits } from '../../base/limits.ts';
import type { Turns, TurnTaker } from '../../limits/turns.ts';
import type { ClientStream } from '../../net/client-stream.ts';
import type { ServerBudgets } from '../server-budgets.ts';
import type { FrameReader, FrameReaders, FrameReceiver } from './frame-readers.ts';

/** Whose frames they are. */
type FrameOwner = Pick<FrameReceiver, 'receiveFrame'>;

/** What a source needs of the gateway. */
export interface SourceOwner {
  readonly turns: Turns;
  readonly budgets: Pick<ServerBudgets, 'halfRead' | 'process'>;
}

export class FrameSource implements FrameReceiver, TurnTaker {
  /** Bytes that were taken for a frame that is half read. */
  takenBytes = 0;
  work = 0;
  isSated = false;
  readonly #stream: ClientStream;
  readonly #connection: FrameOwner;
  readonly #owner: SourceOwner;
  /** Null between frames. */
  #halfRead: FrameReader | null = null;
  /** The one in which it was last read from. */
  #turn = 0;
  #waitsForTurn = false;
  /** By how many it is held. */
  #holds = 0;
  #isEnded = false;

  constructor(stream: ClientStream, connection: FrameOwner, owner: SourceOwner) {
    this.#stream = stream;
    this.#connection = connection;
    this.#owner = owner;
  }

  /**
   * Hands over the frames that end in `chunk`; `besideBytes`: how many more it took to bring them. Throws
   * ProtocolError.
   */
  read(
    readers: FrameReaders,
    chunk: Uint8Array,
    besideBytes: number,
    frameBytesMax: number,
    now: number,
  ): void {
    const { number } = this.#owner.turns;
    if (this.#turn !== number) {
      this.#turn = number;
      this.work = 0;
    }
    if (this.#hasToWaitWith(chunk)) return this.#wait(chunk);
    this.#halfRead = readers.read(this, this.#halfRead, chunk, frameBytesMax, now);
    if (this.#halfRead !== null || this.takenBytes > 0) this.#weigh();
    const unread = this.#halfRead === null ? 0 : chunk.length;
    const work = workOf(unread + besideBytes);
    if (work > 0) this.#count(work);
  }

  receiveFrame(bytes: Uint8Array, start: number, end: number, isPadded: boolean): void {
    this.#count(1 + workOf(end - start));
    this.#connection.receiveFrame(bytes, start, end, isPadded);
  }

  putBack(rest: Uint8Array): void {
    this.#stream.unshift(rest);
  }

  /** Nothing is taken until whoever holds it calls `letGo`. */
  hold(): void {
    this.#holds += 1;
    this.#pause();
  }

  letGo(): void {
    this.#holds -= 1;
    this.#resume();
  }

  turnCame(): void {
    this.#waitsForTurn = false;
    this.#resume();
  }

  /** When the frame began that is half read; 0: there is none. */
  get beganAt(): number {
    return this.#halfRead?.beganAt ?? 0;
  }

  /** Whether a frame has come more slowly than it may. */
  isOverdue(now: number): boolean {
    return this.#halfRead?.isOverdue(now) === true;
  }

  /** The time until now was ours. */
  restart(now: number): void {
    this.#halfRead?.restart(now);
  }

  /** Its frames are not wanted any more. */
  end(): void {
    this.#isEnded = true;
    this.#weigh();
  }

  /** Whether it is more than a few short frames, in a turn of which nothing is left. */
  #hasToWaitWith(chunk: Uint8Array): boolean {
    return chunk.length > limits.turnShareBytesMin && this.#owner.turns.isUsedUp && !this.#isEnded;
  }

  #wait(chunk: Uint8Array): void {
    this.work = workOf(chunk.length);
    this.#waitForTurn();
    this.putBack(chunk);
    this.#owner.budgets.process.spend(chunk.length);
  }

  #count(amount: number): void {
    this.work += amount;
    if (this.#isEnded || this.#waitsForTurn) return;
    if (this.#owner.turns.work(amount, this.work)) this.#waitForTurn();
  }

  #waitForTurn(): void {
    this.#waitsForTurn = true;
    this.#pause();
    this.#owner.turns.wait(this);
  }

  #pause(): void {
    this.isSated = true;
    this.#stream.pause();
  }

  #resume(): void {
    this.isSated = this.#waitsForTurn || this.#holds > 0;
    if (!this.isSated) this.#stream.resume();
  }

  #weigh(): void {
    const before = this.takenBytes;
    if (this.#isEnded) this.#halfRead = null;
    this.takenBytes = this.#halfRead?.heldBytes ?? 0;
    const { halfRead } = this.#owner.budgets;
    if (before > 0) halfRead.giveBack(before);
    if (this.takenBytes > 0) halfRead.take(this.takenBytes);
  }
}

/** Of bytes that are read, beside one for each frame (limits.turnWorkMax). */
function workOf(bytes: number): number {
  return bytes >> 8;
}
