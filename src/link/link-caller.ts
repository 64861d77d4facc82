/**
 * The calling end of a link: batches of entries out, answers in, each matched to its entry. Entries
 * of one turn of the event loop leave in one write. An entry without an answer within
 * `limits.linkAnswerMsMax` gets the method's `unanswered`; a link on which nothing at all came in
 * that time is destroyed, as its network may be gone without a sign. When the stream ends,
 * everything pending is answered `unanswered` at once; so are entries of a droppable method that
 * would stand in the way of others.
 */
import type { Duplex } from 'node:stream';
import type { BatchCall } from '../api/batch-call.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import { Outbox } from '../net/outbox.ts';
import { encodeLinkFrame, LinkDecoder } from './link-frames.ts';
import type { Method, MethodsOf } from './methods.ts';

interface Pending {
  readonly method: Method<unknown, unknown>;
  readonly answer: (index: number, result: unknown) => void;
  readonly index: number;
  readonly sentAt: number;
}

const sweepMs = 250;

export class LinkCaller {
  readonly #stream: Duplex;
  readonly #outbox: Outbox;
  readonly #clock: Clock;
  readonly #sweep: Timer;
  /** In the order sent, so the oldest is first. */
  readonly #pending = new Map<number, Pending>();
  #nextCall = 1;
  #receivedAt = 0;
  #open = true;

  /** Takes over `stream`. `onClose` is told once, after everything pending was answered. */
  constructor(stream: Duplex, clock: Clock, onClose: () => void) {
    this.#stream = stream;
    this.#outbox = new Outbox(stream);
    this.#clock = clock;
    this.#sweep = clock.setInterval(() => this.#expire(), sweepMs);
    const decoder = new LinkDecoder();
    stream.on('data', (chunk: Buffer) => {
      this.#receivedAt = clock.monotonic();
      try {
        decoder.push(chunk, (call, _method, payload) => this.#settle(call, payload));
      } catch (error) {
        stream.destroy(error as Error);
      }
    });
    stream.on('error', () => {
      // 'close' follows, and says all there is to say.
    });
    stream.on('close', () => {
      this.#end();
      onClose();
    });
  }

  get open(): boolean {
    return this.#open;
  }

  send<Entry, Result>(
    method: Method<Entry, Result>,
    entries: readonly Entry[],
    answer: (index: number, result: Result) => void,
  ): void {
    const sentAt = this.#clock.monotonic();
    for (let index = 0; index < entries.length; index++) {
      if (!this.#hasRoom(method.droppable === true)) {
        answer(index, method.unanswered);
        continue;
      }
      const call = this.#nextCall;
      this.#nextCall = call === 0xffff_ffff ? 1 : call + 1;
      this.#pending.set(call, { method, answer, index, sentAt } as Pending);
      this.#outbox.write(
        encodeLinkFrame(call, method.id, method.entry.encode(entries[index] as Entry).finish()),
      );
    }
  }

  #hasRoom(isDroppable: boolean): boolean {
    if (!this.#open) return false;
    if (!isDroppable) return this.#pending.size < limits.linkInFlightMax;
    return (
      this.#pending.size < limits.linkDroppableInFlightMax &&
      this.#outbox.bufferedBytes < limits.linkDroppableBytesMax
    );
  }

  destroy(): void {
    this.#stream.destroy();
  }

  #settle(call: number, payload: Uint8Array): void {
    const pending = this.#pending.get(call);
    // Too late: it was given up, and has been answered.
    if (!pending) return;
    // Decoded while it is still pending: if that fails, the link ends, and this one is answered then.
    const result = pending.method.result.decode(payload);
    this.#pending.delete(call);
    pending.answer(pending.index, result);
  }

  #expire(): void {
    const before = this.#clock.monotonic() - limits.linkAnswerMsMax;
    for (const [call, pending] of this.#pending) {
      if (pending.sentAt > before) return;
      if (this.#receivedAt < pending.sentAt) {
        this.#stream.destroy();
        return;
      }
      this.#pending.delete(call);
      pending.answer(pending.index, pending.method.unanswered);
    }
  }

  #end(): void {
    this.#open = false;
    this.#sweep.cancel();
    const unanswered = [...this.#pending.values()];
    this.#pending.clear();
    for (const { answer, index, method } of unanswered) answer(index, method.unanswered);
  }
}

/** Makes an API of its methods and of how to send a batch. */
export function apiOf<Api>(
  methods: MethodsOf<Api>,
  send: <Entry, Result>(
    method: Method<Entry, Result>,
    entries: readonly Entry[],
    answer: (index: number, result: Result) => void,
  ) => void,
): Api {
  const api: Record<string, BatchCall<unknown, unknown>> = {};
  for (const [name, method] of Object.entries<Method<unknown, unknown>>(methods)) {
    api[name] = (entries, answer) => send(method, entries, answer);
  }
  return api as Api;
}
