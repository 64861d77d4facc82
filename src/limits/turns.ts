/**
 * Who is read from in which turn of the event loop. A socket gives 64 KiB at a time, and up to 2 MiB
 * in one turn, which may be thousands of frames; what comes from others meanwhile waits until all of
 * it is worked on. So in each turn as much is taken of all connections together as is done in some
 * ten milliseconds. Beyond that a connection has a little, and then waits in a queue, its bytes
 * in its stream: of the queue as many are read from in the next turn as have their share of it.
 *
 * Work is counted in what its owner likes: frames and pieces of them, or requests and pieces of them.
 */

/** A connection, as far as this is concerned. */
export interface TurnTaker {
  /** In its last turn; more than 0, as it waits for another one. */
  readonly work: number;
  /** It is its turn. */
  turnCame(): void;
}

export interface TurnsOptions {
  /** What is done in one turn. */
  readonly workMax: number;
  /** What each may do in one turn, however much others have done in it. */
  readonly shareMin: number;
  /**
   * What one who has waited may do at least: a part of what comes in one piece costs more than all of
   * it at once. So fewer have their turn at a time, and each is done sooner.
   */
  readonly waitedShareMin: number;
}

export class Turns {
  /** Of this turn: grows. */
  number = 1;
  readonly #options: TurnsOptions;
  readonly #endTurn = () => this.#end();
  #isUnderWay = false;
  /** What was done in this turn. */
  #work = 0;
  /** What each may do in this turn. */
  #share: number;
  #waiting: TurnTaker[] = [];

  constructor(options: TurnsOptions) {
    this.#options = options;
    this.#share = options.workMax;
  }

  /** So much was done; `own`: by the same one in this turn. True: no more of it in this turn. */
  work(amount: number, own: number): boolean {
    if (!this.#isUnderWay) this.#begin();
    this.#work += amount;
    return this.isOver(own);
  }

  /** Whether one who has done so much in this turn is to do no more in it. */
  isOver(own: number): boolean {
    if (own >= this.#share) return true;
    return this.isUsedUp && own >= this.#options.shareMin;
  }

  /** Whether all is done that is to be done in this turn, but for what each may do in any case. */
  get isUsedUp(): boolean {
    return this.#work >= this.#options.workMax;
  }

  /** Calls it when others have had their turn. */
  wait(taker: TurnTaker): void {
    this.#waiting.push(taker);
  }

  #begin(): void {
    this.#isUnderWay = true;
    setImmediate(this.#endTurn);
  }

  #end(): void {
    const { workMax, waitedShareMin } = this.#options;
    this.number += 1;
    this.#work = 0;
    this.#isUnderWay = false;
    if (this.#waiting.length > 0) this.#begin();
    // Those that have waited for longest, as far as one turn goes.
    let count = 0;
    for (let work = 0; count < this.#waiting.length; count++) {
      work += Math.max(waitedShareMin, (this.#waiting[count] as TurnTaker).work);
      if (work > workMax && count > 0) break;
    }
    this.#share = Math.max(1, waitedShareMin, Math.floor(workMax / (count + 1)));
    const next = this.#waiting.splice(0, count);
    for (const taker of next) taker.turnCame();
  }
}
