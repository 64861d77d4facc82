/**
 * A role at an address, as an API: dials when first called, again after a loss, and not more often
 * than the backoff allows. A call while the link is down is answered `unanswered` at once, while it
 * is being dialled it waits for the outcome; of droppable entries only a bounded number does.
 */
import type { Duplex } from 'node:stream';
import { apiOf, type MethodsOf } from '../api/method.ts';
import { Backoff } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import type { Bugs } from '../base/process/bugs.ts';
import type { ProcessBudget } from '../limits/process-budget.ts';
import { LinkCaller } from './link-caller.ts';

export interface RemotePeerOptions {
  /** Opens the stream, or rejects. Bounded by itself in time. */
  readonly dial: () => Promise<Duplex>;
  readonly clock: Clock;
  /** Of the process. */
  readonly budget: ProcessBudget;
  readonly bugs: Pick<Bugs, 'caught'>;
  /** Nobody else has counted what its entries make the process hold until they are answered. */
  readonly weighsEntries?: boolean;
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
  #isDialSilent = false;
  #notBefore = 0;
  #closed = false;
  #hasFailed = false;

  constructor(methods: MethodsOf<Api>, options: RemotePeerOptions) {
    this.#options = options;
    this.api = apiOf(methods, (method, entries, answer) => {
      const caller = this.#caller;
      if (caller?.open) {
        caller.send(method, entries, answer);
        return;
      }
      const isDroppable = method.share === 'droppable';
      if (isDroppable && this.#droppableWaiting >= limits.linkDroppableInFlightMax) {
        answerAll(entries, answer, method.noRoom);
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

  /**
   * Whether the last dialling failed, or the link broke, and none is open since. One that is being
   * dialled anew is lost until the role there has proven itself: the kernel of a frozen one accepts
   * connections all the same.
   */
  get isLost(): boolean {
    return this.#hasFailed || this.#caller?.open === false;
  }

  /** Whether the role there has not said anything for `limits.linkSilentMs`, though it was asked. */
  get isSilent(): boolean {
    return this.#caller?.open ? this.#caller.isSilent : this.#isDialSilent;
  }

  /** Entries that wait for an answer. */
  get inFlight(): number {
    return this.#caller?.inFlight ?? 0;
  }

  /** Dials, unless there is a link or it is too early, so that `isLost` is known though nobody calls. */
  reach(): void {
    if (!this.#caller?.open) void this.#dial();
  }

  close(): void {
    this.#closed = true;
    this.#caller?.destroy();
  }

  /** Never rejects: undefined when there is no link to be had now. */
  #dial(): Promise<LinkCaller | undefined> {
    if (this.#closed || this.#options.clock.monotonic() < this.#notBefore)
      return Promise.resolve(undefined);
    this.#dialling ??= this.#dialOnce();
    return this.#dialling;
  }

  #dialOnce(): Promise<LinkCaller | undefined> {
    const { clock, dial } = this.#options;
    // Told by a timer: while this process has no turn, nobody is silent.
    const silence = clock.setTimeout(() => {
      this.#isDialSilent = true;
    }, limits.linkSilentMs);
    return dial()
      .then(
        (stream) => this.#opened(stream),
        (error: unknown) => {
          this.#failed(error);
          return undefined;
        },
      )
      .finally(() => {
        silence.cancel();
        this.#isDialSilent = false;
        this.#dialling = undefined;
      });
  }

  #opened(stream: Duplex): LinkCaller {
    const { clock, budget, bugs, weighsEntries = false } = this.#options;
    const onClose = () => {
      if (this.#caller === caller) this.#failed(new Error('the link broke'));
    };
    const caller = new LinkCaller(stream, { clock, budget, bugs, weighsEntries, onClose });
    this.#caller = caller;
    this.#hasFailed = false;
    if (this.#closed) caller.destroy();
    else this.#backoff.reset();
    return caller;
  }

  #failed(reason: unknown): void {
    this.#hasFailed = true;
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
