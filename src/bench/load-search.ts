/**
 * Looks for the highest rate that a system bears: doubles until a step breaks, then halves the
 * distance between the last that held and the first that broke. Pure: it is told what each step has
 * come to.
 */

/** A rate that broke this close above one that held is the answer. */
const precision = 1.08;
/** Doublings, and halvings: a search ends, whatever steps come to. */
const stepsMax = 30;

export class LoadSearch {
  #rate: number;
  #best = 0;
  #broken = Infinity;
  #steps = 0;

  constructor(startPerSecond: number) {
    this.#rate = startPerSecond;
  }

  /** What to try next; undefined: the search is over. */
  get next(): number | undefined {
    const isFound = this.#broken <= this.#best * precision || this.#broken <= 1;
    return isFound || this.#steps >= stepsMax ? undefined : this.#rate;
  }

  /** The highest rate that held; 0: not even the first did. */
  get best(): number {
    return this.#best;
  }

  report(held: boolean): void {
    this.#steps += 1;
    if (held) this.#best = Math.max(this.#best, this.#rate);
    else this.#broken = Math.min(this.#broken, this.#rate);
    this.#rate = Math.round(this.#nextRate());
  }

  #nextRate(): number {
    if (this.#broken === Infinity) return 2 * this.#best;
    if (this.#best === 0) return this.#broken / 2;
    return Math.sqrt(this.#best * this.#broken);
  }
}
