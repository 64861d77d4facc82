/**
 * What many take of the same thing, so that nobody waits for long behind those who take much: while
 * half of it is free, anybody takes what they like; then nobody takes more than an equal share; and
 * when nothing is left, a little. Thirty people write 2 000 messages each, and another one a line:
 * the line waits for some hundred messages, not for 60 000.
 */

export interface FairShareOptions {
  readonly most: number;
  /** However many share it, and whatever is left, each may have as much. */
  readonly least: number;
}

export class FairShare {
  readonly #most: number;
  readonly #least: number;
  #taken = 0;
  #sharers = 0;

  constructor({ most, least }: FairShareOptions) {
    this.#most = most;
    this.#least = least;
  }

  /** `before`: what the same one has. */
  take(amount: number, before: number): void {
    if (before === 0) this.#sharers += 1;
    this.#taken += amount;
  }

  /** `left`: what the same one still has. */
  giveBack(amount: number, left: number): void {
    if (left === 0) this.#sharers -= 1;
    this.#taken -= amount;
    if (this.#taken < 0 || this.#sharers < 0) throw new Error('more is given back than was taken');
  }

  /** Whether one who has `own` is to take nothing more for now. */
  isUsedUp(own: number): boolean {
    if (this.#taken >= this.#most) return own >= this.#least;
    return this.#taken >= this.#most / 2 && own >= this.#share();
  }

  /** Whether one who had to wait has so little left that they may go on. */
  leavesRoom(own: number): boolean {
    return own <= this.#share() / 2 || this.#taken < this.#most / 2;
  }

  #share(): number {
    return Math.max(this.#least, Math.floor(this.#most / Math.max(1, this.#sharers)));
  }
}
