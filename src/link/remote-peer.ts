/**
 * A role at an address, as an API: dials when first called, again after a loss, and not more often
 * than the backoff allows. A call while the link is down is answered `unanswered` at once, while it
 * is being dialled it waits for the outcome; of droppable entries only a bounded number does.
 */
import type { Duplex } from 'node:stream';
import { Backoff } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import { apiOf, LinkCaller } from './link-caller.ts';
import type { MethodsOf } from './methods.ts';

export interface RemotePeerOptions {
  /** Opens the stream, or rejects. Bounded by itself in time. */
  readonly dial: () => Promise<Duplex>;
  readonly clock: Clock;
  /** Told of each loss and each failed dialling, for a log line. */
  readonly onDown?: (reason: unknown) => void;
}

export class RemotePeer<Api> {
  readonly api: Api;
  readonly #options: RemotePeerOptions;
  readonly #backoff = new Backoff({ baseMs: 50, capMs: 2_000 });
  #caller: LinkCaller | undefined;
  #dialling: Promise<LinkCaller | undefined> | undefined;
  /** Droppable entries that wait for the link to be dialled. */
  #droppableWaiting = 0;
  #notBefore = 0;
  #closed = false;

  constructor(methods: MethodsOf<Api>, options: RemotePeerOptions) {
    this.#options = options;
    this.api = apiOf(methods, (method, entries, answer) => {
      const caller = this.#caller;
      if (caller?.open) {
        caller.send(method, entries, answer);
        return;
      }
      const isDroppable = method.droppable === true;
      if (isDroppable && this.#droppableWaiting >= limits.linkDroppableInFlightMax) {
        answerAll(entries, answer, method.unanswered);
        return;
      }
      if (isDroppable) this.#droppableWaiting += entries.length;
      void this.#dial().then((dialled) => {
        if (isDroppable) this.#droppableWaiting -= entries.length;
        if (dialled?.open) dialled.send(method, entries, answer);
        else answerAll(entries, answer, method.unanswered);
      });
    });
  }

  /** Whether the last dialling failed, or the link broke, and it is too early to try again. */
  get down(): boolean {
    return !this.#caller?.open && this.#options.clock.monotonic() < this.#notBefore;
  }

  close(): void {
    this.#closed = true;
    this.#caller?.destroy();
  }

  /** Never rejects: undefined when there is no link to be had now. */
  #dial(): Promise<LinkCaller | undefined> {
    if (this.#closed || this.#options.clock.monotonic() < this.#notBefore)
      return Promise.resolve(undefined);
    this.#dialling ??= this.#options
      .dial()
      .then(
        (stream) => this.#opened(stream),
        (error: unknown) => {
          this.#failed(error);
          return undefined;
        },
      )
      .finally(() => {
        this.#dialling = undefined;
      });
    return this.#dialling;
  }

  #opened(stream: Duplex): LinkCaller {
    const caller = new LinkCaller(stream, this.#options.clock, () => {
      if (this.#caller === caller) this.#failed(new Error('the link broke'));
    });
    this.#caller = caller;
    if (this.#closed) caller.destroy();
    else this.#backoff.reset();
    return caller;
  }

  #failed(reason: unknown): void {
    this.#notBefore = this.#options.clock.monotonic() + this.#backoff.next();
    if (!this.#closed) this.#options.onDown?.(reason);
  }
}

function answerAll<Entry, Result>(
  entries: readonly Entry[],
  answer: (index: number, result: Result) => void,
  result: Result,
): void {
  for (let index = 0; index < entries.length; index++) answer(index, result);
}
