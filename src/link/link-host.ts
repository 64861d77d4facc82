/**
 * The answering end of a link: entries in, grouped into the batches in which they arrived, answers
 * out in one write per turn. A caller that sends faster than it is answered, or does not read its
 * answers, is not read from for a while: the bound is the link's, memory is not. While it is at work on
 * what may take long it says so now and then: a link is alive as long as its process gets on.
 */
import type { Duplex } from 'node:stream';
import type { BatchCall } from '../api/batch-call.ts';
import type { Method, MethodsOf } from '../api/method.ts';
import { ignore } from '../base/ignore.ts';
import { limits } from '../base/limits.ts';
import type { Bugs } from '../base/process/bugs.ts';
import { Budget } from '../limits/budget.ts';
import type { Holder, ProcessBudget } from '../limits/process-budget.ts';
import { Outbox } from '../net/outbox.ts';
import { atWork, encodeLinkFrame, LinkDecoder } from './link-frames.ts';

interface Batch {
  readonly method: Method<unknown, unknown>;
  readonly call: BatchCall<unknown, unknown>;
  readonly calls: number[];
  readonly entries: unknown[];
  /** Of each entry. */
  readonly bytes: number[];
}

/** What mistakes of ours are told to. */
export type BugReport = Pick<Bugs, 'caught'>;

class LinkHost implements Holder {
  readonly takenBytes = 0;
  readonly stalledAt = 0;
  readonly #stream: Duplex;
  readonly #outbox: Outbox;
  readonly #methods = new Map<
    number,
    { method: Method<unknown, unknown>; call: BatchCall<unknown, unknown> }
  >();
  readonly #budget: ProcessBudget;
  readonly #bugs: BugReport;
  readonly #unanswered: Budget;
  /** Of what may take long. */
  #longUnanswered = 0;
  #sayings: NodeJS.Timeout | undefined;

  /** Takes over `stream` and serves `api` on it until it ends. */
  constructor(
    stream: Duplex,
    methods: MethodsOf<never>,
    api: object,
    budget: ProcessBudget,
    bugs: BugReport,
  ) {
    this.#stream = stream;
    this.#budget = budget;
    this.#bugs = bugs;
    this.#unanswered = new Budget({
      countMax: limits.linkInFlightMax,
      bytesMax: limits.linkInFlightBytesMax,
      whole: budget,
    });
    const unwatch = budget.watch(() => [this]);
    this.#outbox = new Outbox(stream);
    const calls = api as Record<string, BatchCall<unknown, unknown>>;
    for (const [name, method] of Object.entries<Method<unknown, unknown>>(methods)) {
      this.#methods.set(method.id, { method, call: calls[name] as BatchCall<unknown, unknown> });
    }
    const decoder = new LinkDecoder();
    stream.on('data', (chunk: Buffer) => {
      try {
        this.#receive(decoder, chunk);
      } catch (error) {
        stream.destroy(error as Error);
      }
    });
    stream.on('drain', () => this.#pace());
    stream.on('close', () => {
      unwatch();
      clearInterval(this.#sayings);
      this.#sayings = undefined;
    });
    stream.on('error', ignore("'close' follows; the caller's end answers what was pending"));
  }

  #receive(decoder: LinkDecoder, chunk: Buffer): void {
    let batch: Batch | undefined;
    decoder.push(chunk, (call, id, payload) => {
      if (batch?.method.id !== id) {
        const served = this.#methods.get(id);
        if (!served) {
          // How one answers it nobody knows: its caller gives it up.
          this.#bugs.caught(new RangeError(`link method ${id} is not known`), 'reading an entry');
          return;
        }
        this.#serve(batch);
        batch = { ...served, calls: [], entries: [], bytes: [] };
      }
      const entry = this.#decode(batch.method, payload);
      if (entry === undefined) {
        this.#answer(batch.method, call, batch.method.unanswered);
        return;
      }
      batch.calls.push(call);
      batch.bytes.push(payload.length);
      batch.entries.push(entry);
    });
    this.#serve(batch);
    this.#pace();
  }

  /** Undefined for one that cannot be read: it is answered, and no reason to end all others' link. */
  #decode(method: Method<unknown, unknown>, payload: Uint8Array): unknown {
    try {
      return method.entry.decode(payload);
    } catch (error) {
      this.#bugs.caught(error, `reading an entry of link method ${method.id}`);
      return undefined;
    }
  }

  /** A mistake while a batch is taken is answered for those that were not answered before it. */
  #serve(batch: Batch | undefined): void {
    if (!batch) return;
    const { method, call, calls, entries, bytes } = batch;
    for (const each of bytes) this.#unanswered.take(each);
    if (method.isLong) this.#longUnanswered += entries.length;
    const isAnswered = new Uint8Array(calls.length);
    const answer = (index: number, result: unknown) => {
      if (isAnswered[index] === 1) return;
      isAnswered[index] = 1;
      if (method.isLong) this.#longUnanswered -= 1;
      this.#unanswered.giveBack(bytes[index] as number);
      this.#answer(method, calls[index] as number, result);
      this.#pace();
    };
    try {
      call(entries, answer);
    } catch (error) {
      this.#bugs.caught(error, `serving link method ${method.id}`);
      for (const index of calls.keys()) answer(index, method.unanswered);
    }
    if (this.#longUnanswered > 0 && !this.#stream.destroyed)
      this.#sayings ??= setInterval(() => this.#sayAtWork(), limits.linkAtWorkMs);
  }

  #answer(method: Method<unknown, unknown>, call: number, result: unknown): void {
    let payload: Uint8Array;
    try {
      payload = method.result.encode(result).finish();
    } catch (error) {
      this.#bugs.caught(error, `answering link method ${method.id}`);
      payload = method.result.encode(method.unanswered).finish();
    }
    this.#budget.spend(payload.length);
    this.#outbox.write(encodeLinkFrame(call, method.id, payload));
  }

  #sayAtWork(): void {
    if (this.#longUnanswered > 0) {
      this.#outbox.write(atWork);
    } else {
      clearInterval(this.#sayings);
      this.#sayings = undefined;
    }
  }

  get unreadBytes(): number {
    return this.#outbox.heldBytes;
  }

  #pace(): void {
    const tooMuch =
      this.#unanswered.isFull ||
      this.#outbox.bufferedBytes > limits.linkAnswersBytesMax ||
      (this.#budget.isShort && this.#unanswered.bytes > limits.linkSharedBytesMax);
    if (tooMuch !== this.#stream.isPaused()) {
      if (tooMuch) this.#stream.pause();
      else this.#stream.resume();
    }
  }
}

/** Serves `api` on `stream`, within what the process may hold. */
export function serveLink<Api extends object>(
  stream: Duplex,
  methods: MethodsOf<Api>,
  api: Api,
  budget: ProcessBudget,
  bugs: BugReport,
): void {
  new LinkHost(stream, methods as MethodsOf<never>, api, budget, bugs);
}
