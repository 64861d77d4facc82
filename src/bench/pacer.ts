/**
 * When something is begun: either each sender has so many under way, and begins another when one is
 * over; or so many per second are begun by all of them in turn, whatever is over. What is begun late
 * keeps the time at which it was due, so that a stall is seen by all that it delays.
 */
import type { Clock, Timer } from '../base/clock.ts';

export interface PacerOptions {
  readonly senders: number;
  /** Of each sender, without a rate. */
  readonly inFlight: number;
  /** Of each sender, at a rate. */
  readonly inFlightMax?: number;
  readonly clock: Pick<Clock, 'setInterval'>;
  /** With fractions, unlike the clock's. */
  readonly nowMs: () => number;
  readonly begin: (sender: number, dueMs: number) => void;
}

/** How often what is due by a rate is begun. */
const tickMs = 2;
/** Of one sender at a rate, below what a server takes of a connection before it reads no more. */
const usualInFlightMax = 512;

export class Pacer {
  readonly #options: PacerOptions;
  readonly #inFlight: Float64Array;
  readonly #isHeld: Uint8Array;
  #isRunning = false;
  #perSecond: number | undefined;
  #timer: Timer | undefined;
  /** Of the present rate. */
  #startMs = 0;
  #begun = 0;
  #next = 0;

  constructor(options: PacerOptions) {
    this.#options = options;
    this.#inFlight = new Float64Array(options.senders);
    this.#isHeld = new Uint8Array(options.senders);
  }

  /** Begins, or goes on at another rate. */
  run(perSecond: number | undefined): void {
    const { clock, nowMs, senders } = this.#options;
    this.#isRunning = true;
    this.#perSecond = perSecond;
    this.#startMs = nowMs();
    this.#begun = 0;
    if (perSecond === undefined)
      for (let sender = 0; sender < senders; sender++) this.#fill(sender);
    else this.#timer ??= clock.setInterval(() => this.#beginDue(), tickMs);
  }

  stop(): void {
    this.#isRunning = false;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  inFlightOf(sender: number): number {
    return this.#inFlight[sender] as number;
  }

  get inFlight(): number {
    return this.#inFlight.reduce((sum, count) => sum + count, 0);
  }

  /** So many of a sender's are over. */
  over(sender: number, count = 1): void {
    this.#inFlight[sender] = Math.max(0, this.inFlightOf(sender) - count);
    if (this.#perSecond === undefined) this.#fill(sender);
  }

  /** The sender begins nothing until it is released. */
  hold(sender: number): void {
    this.#isHeld[sender] = 1;
  }

  release(sender: number): void {
    this.#isHeld[sender] = 0;
    if (this.#perSecond === undefined) this.#fill(sender);
  }

  #fill(sender: number): void {
    const { inFlight, nowMs } = this.#options;
    while (this.#isRunning && !this.#isHeld[sender] && this.inFlightOf(sender) < inFlight)
      this.#begin(sender, nowMs());
  }

  #beginDue(): void {
    const perSecond = this.#perSecond ?? 0;
    const dueCount = ((this.#options.nowMs() - this.#startMs) * perSecond) / 1_000;
    while (this.#begun + 1 <= dueCount) {
      const sender = this.#nextFree();
      if (sender === undefined) return;
      this.#begun += 1;
      this.#begin(sender, this.#startMs + (this.#begun * 1_000) / perSecond);
    }
  }

  #nextFree(): number | undefined {
    const { senders, inFlightMax = usualInFlightMax } = this.#options;
    for (let tried = 0; tried < senders; tried++) {
      const sender = this.#next;
      this.#next = (this.#next + 1) % senders;
      if (!this.#isHeld[sender] && this.inFlightOf(sender) < inFlightMax) return sender;
    }
    return undefined;
  }

  #begin(sender: number, dueMs: number): void {
    this.#inFlight[sender] = this.inFlightOf(sender) + 1;
    this.#options.begin(sender, dueMs);
  }
}
