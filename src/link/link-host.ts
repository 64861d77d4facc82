/**
 * The answering end of a link: entries in, grouped into the batches in which they arrived, answers
 * out in one write per turn. A caller that sends faster than it is answered, or does not read its
 * answers, is not read from for a while: the bound is the link's, memory is not.
 */
import type { Duplex } from 'node:stream';
import type { BatchCall } from '../api/batch-call.ts';
import { limits } from '../base/limits.ts';
import { Outbox } from '../net/outbox.ts';
import { encodeLinkFrame, LinkDecoder } from './link-frames.ts';
import type { Method, MethodsOf } from './methods.ts';

interface Batch {
  readonly method: Method<unknown, unknown>;
  readonly call: BatchCall<unknown, unknown>;
  readonly calls: number[];
  readonly entries: unknown[];
}

const answersBytesMax = 8 * 1024 * 1024;

class LinkHost {
  readonly #stream: Duplex;
  readonly #outbox: Outbox;
  readonly #methods = new Map<
    number,
    { method: Method<unknown, unknown>; call: BatchCall<unknown, unknown> }
  >();
  #unanswered = 0;

  /** Takes over `stream` and serves `api` on it until it ends. */
  constructor(stream: Duplex, methods: MethodsOf<never>, api: object) {
    this.#stream = stream;
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
    stream.on('error', () => {
      // 'close' follows; the caller's end answers what was pending.
    });
  }

  #receive(decoder: LinkDecoder, chunk: Buffer): void {
    let batch: Batch | undefined;
    decoder.push(chunk, (call, id, payload) => {
      if (batch?.method.id !== id) {
        this.#serve(batch);
        const served = this.#methods.get(id);
        if (!served) throw new RangeError(`link method ${id} is not known`);
        batch = { ...served, calls: [], entries: [] };
      }
      batch.calls.push(call);
      batch.entries.push(batch.method.entry.decode(payload));
    });
    this.#serve(batch);
    this.#pace();
  }

  #serve(batch: Batch | undefined): void {
    if (!batch) return;
    const { method, call, calls, entries } = batch;
    this.#unanswered += entries.length;
    call(entries, (index, result) => {
      this.#unanswered -= 1;
      this.#outbox.write(
        encodeLinkFrame(calls[index] as number, method.id, method.result.encode(result).finish()),
      );
      this.#pace();
    });
  }

  #pace(): void {
    const tooMuch =
      this.#unanswered >= limits.linkInFlightMax || this.#outbox.bufferedBytes > answersBytesMax;
    if (tooMuch !== this.#stream.isPaused()) {
      if (tooMuch) this.#stream.pause();
      else this.#stream.resume();
    }
  }
}

/** Serves `api` on `stream`. */
export function serveLink<Api extends object>(
  stream: Duplex,
  methods: MethodsOf<Api>,
  api: Api,
): void {
  new LinkHost(stream, methods as MethodsOf<never>, api);
}
