/**
 * The numbers of the messages that came last: a server writes those of a page in one piece, each the
 * next, and right before the page's end. So they are known at that end, whatever can be read of them.
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
