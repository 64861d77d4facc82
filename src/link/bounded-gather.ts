/**
 * A Gather for what very many may ask at the same time: so many entries are under way, and the
 * others wait in their order. So a crowd of questions takes its share of a link and no more
 * (limits.ts says how the shares add up), however many there are.
 */
import type { BatchCall } from '../api/batch-call.ts';
import type { Budget } from '../limits/budget.ts';
import { Gather } from './gather.ts';

interface Question<Entry, Context> {
  readonly entry: Entry;
  readonly context: Context;
}

/** What each entry that is under way may bring. */
interface Weight {
  readonly budget: Budget;
  readonly bytes: number;
}

export class BoundedGather<Entry, Result, Context> {
  readonly #gather: Gather<Entry, Result, Context>;
  readonly #underWayMax: number;
  readonly #weight: Weight | undefined;
  #underWay = 0;
  /** From `#next` on. */
  #waiting: Question<Entry, Context>[] = [];
  #next = 0;

  constructor(
    call: BatchCall<Entry, Result>,
    underWayMax: number,
    settle: (context: Context, result: Result) => void,
    weight?: Weight,
  ) {
    this.#underWayMax = underWayMax;
    this.#weight = weight;
    this.#gather = new Gather(call, (context: Context, result) => {
      this.#underWay -= 1;
      weight?.budget.giveBack(weight.bytes);
      // Before whatever this one brings about: who has waited longest is next.
      this.#startNext();
      settle(context, result);
    });
  }

  /** Under way, or waiting for that. */
  get size(): number {
    return this.#underWay + this.#waiting.length - this.#next;
  }

  add(entry: Entry, context: Context): void {
    if (this.#hasRoom()) this.#start({ entry, context });
    else this.#waiting.push({ entry, context });
  }

  #hasRoom(): boolean {
    return this.#underWay < this.#underWayMax && this.#weight?.budget.isFull !== true;
  }

  #startNext(): void {
    const next = this.#waiting[this.#next];
    if (!next) return;
    this.#next += 1;
    // Now and then, so that each costs little.
    if (this.#next * 2 >= this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#next);
      this.#next = 0;
    }
    this.#start(next);
  }

  #start({ entry, context }: Question<Entry, Context>): void {
    this.#underWay += 1;
    this.#weight?.budget.take(this.#weight.bytes);
    this.#gather.add(entry, context);
  }
}
