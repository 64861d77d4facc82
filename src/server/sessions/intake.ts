/**
 * What a connection has in flight: not more than it may have, nor more than its share while all
 * together have much. Until enough of it is answered the peer is not read from.
 */
import { limits } from '../../base/limits.ts';
import { Budget } from '../../limits/budget.ts';
import type { ServerBudgets } from '../server-budgets.ts';

/** What messages are read from. */
export interface Held {
  /** Nothing is taken from it until `letGo`. */
  hold(): void;
  letGo(): void;
}

type Shared = Pick<ServerBudgets, 'inFlight' | 'sharedMessages' | 'sharedBytes'>;

export class Intake {
  readonly #source: Held;
  readonly #inFlight: Budget;
  readonly #budgets: Shared;
  #isHeldBack = false;
  #isEnded = false;

  constructor(source: Held, budgets: Shared) {
    this.#source = source;
    this.#budgets = budgets;
    this.#inFlight = new Budget({
      bytesMax: limits.inFlightBytesPerConnectionMax,
      countMax: limits.inFlightPerConnectionMax,
      whole: budgets.inFlight,
    });
  }

  /** Whether its silence is ours. */
  get isHeldBack(): boolean {
    return this.#isHeldBack;
  }

  get inFlight(): number {
    return this.#inFlight.count;
  }

  get bytesInFlight(): number {
    return this.#inFlight.bytes;
  }

  /** A message that waits for a route. Beyond the bound the peer is not read from. */
  take(bytes: number): void {
    const { sharedMessages, sharedBytes } = this.#budgets;
    sharedMessages.take(1, this.#inFlight.count);
    sharedBytes.take(bytes, this.#inFlight.bytes);
    this.#inFlight.take(bytes);
    if (this.#isHeldBack) return;
    const isTooMuch =
      this.#inFlight.isFull ||
      sharedMessages.isUsedUp(this.#inFlight.count) ||
      sharedBytes.isUsedUp(this.#inFlight.bytes);
    if (!isTooMuch) return;
    this.#isHeldBack = true;
    this.#source.hold();
  }

  /** So many were answered. True: half of them were, and the peer is read from again. */
  release(count: number, bytes: number): boolean {
    const { sharedMessages, sharedBytes } = this.#budgets;
    this.#inFlight.giveBack(bytes, count);
    sharedMessages.giveBack(count, this.#inFlight.count);
    sharedBytes.giveBack(bytes, this.#inFlight.bytes);
    if (!this.#isHeldBack || this.#isEnded) return false;
    if (!this.#inFlight.isHalfFree) return false;
    if (!sharedMessages.leavesRoom(this.#inFlight.count)) return false;
    if (!sharedBytes.leavesRoom(this.#inFlight.bytes)) return false;
    this.#isHeldBack = false;
    this.#source.letGo();
    return true;
  }

  /** Nothing more is taken; what is on its way is still answered. */
  end(): void {
    this.#isEnded = true;
    this.#isHeldBack = true;
    this.#source.hold();
  }
}
