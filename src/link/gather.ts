/**
 * Makes batches of single entries: what is added during one turn of the event loop leaves as one
 * batch at its end. No timer: a lone entry waits for nothing but the input that arrived with it.
 * `settle` gets each result with the context that was added, so no closure is made per entry.
 */
import type { BatchCall } from '../api/batch-call.ts';

export class Gather<Entry, Result, Context> {
  readonly #call: BatchCall<Entry, Result>;
  readonly #settle: (context: Context, result: Result) => void;
  #entries: Entry[] = [];
  #contexts: Context[] = [];

  constructor(call: BatchCall<Entry, Result>, settle: (context: Context, result: Result) => void) {
    this.#call = call;
    this.#settle = settle;
  }

  add(entry: Entry, context: Context): void {
    if (this.#entries.length === 0) setImmediate(() => this.#flush());
    this.#entries.push(entry);
    this.#contexts.push(context);
  }

  #flush(): void {
    const entries = this.#entries;
    const contexts = this.#contexts;
    this.#entries = [];
    this.#contexts = [];
    this.#call(entries, (index, result) => this.#settle(contexts[index] as Context, result));
  }
}
