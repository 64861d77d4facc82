/**
 * The numbers of the messages that came last. A server writes the messages of a page in one piece,
 * numbered one after the other, right before the end of the page. So their numbers are known at
 * that end, even of those that cannot be read.
 */
export class Trail {
  /** The last ones that followed each other; none while `#last` is 0. */
  #first = 0;
  #last = 0;

  /** A message came, of whatever timeline. */
  add(seq: number): void {
    if (seq !== this.#last + 1) this.#first = seq;
    this.#last = seq;
  }

  /** A page ends that begins after this number: the number of its last message; 0: there was none. */
  end(after: number): number {
    const hasMessages = this.#first <= after + 1 && this.#last > after;
    const last = hasMessages ? this.#last : 0;
    this.clear();
    return last;
  }

  clear(): void {
    this.#first = 0;
    this.#last = 0;
  }
}
