/**
 * How fast a connection is read from: not while too much of what it sent waits for a route, and
 * after a flood of transient messages, which nobody answers, not before others had their turn.
 */
import type { Readable } from 'node:stream';
import { limits } from '../base/limits.ts';

export class Intake {
  readonly #stream: Readable;
  #inFlight = 0;
  #isHeldBack = false;
  #isEnded = false;
  /** Transient messages that came in this turn of the event loop. */
  #transientCount = 0;

  constructor(stream: Readable) {
    this.#stream = stream;
  }

  /** Whether its silence is ours. */
  get isHeldBack(): boolean {
    return this.#isHeldBack;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** A message that waits for a route. Beyond the bound the peer is not read from. */
  take(): void {
    this.#inFlight += 1;
    if (this.#inFlight < limits.inFlightPerConnectionMax || this.#isHeldBack) return;
    this.#isHeldBack = true;
    this.#stream.pause();
  }

  /** So many were answered. True: half of them were, and the peer is read from again. */
  release(count: number): boolean {
    this.#inFlight -= count;
    if (!this.#isHeldBack || this.#isEnded) return false;
    if (this.#inFlight > limits.inFlightPerConnectionMax / 2) return false;
    this.#isHeldBack = false;
    this.#stream.resume();
    return true;
  }

  /** Nothing more is taken; what is on its way is still answered. */
  end(): void {
    this.#isEnded = true;
    this.#isHeldBack = true;
    this.#stream.pause();
  }

  takeTransient(): void {
    this.#transientCount += 1;
    if (this.#transientCount === 1) endOfTurn(this);
    if (this.#transientCount === limits.transientsPerTurnMax) this.#stream.pause();
  }

  /** Others had their turn. */
  turnEnded(): void {
    const isPaused = this.#transientCount >= limits.transientsPerTurnMax;
    this.#transientCount = 0;
    if (isPaused && !this.#isHeldBack) this.#stream.resume();
  }
}

/** Those that took transient messages in this turn. */
let taking: Intake[] = [];

function endOfTurn(intake: Intake): void {
  if (taking.length === 0) setImmediate(endTurn);
  taking.push(intake);
}

function endTurn(): void {
  const ended = taking;
  taking = [];
  for (const intake of ended) intake.turnEnded();
}
