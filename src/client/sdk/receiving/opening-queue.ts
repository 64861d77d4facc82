/**
 * Messages on their way to the application. It opens sealed ones, several at a time, and hands all
 * on in the order in which they came. A message that needs no opening, and has none in front of it,
 * is handed on at once.
 */
import type { Encryption } from '../e2ee/encryption.ts';
import { type Arrived, asReceivedInClear, openMessage, type Received } from './received.ts';

export interface OpeningQueueOptions {
  readonly encryption: Encryption;
  /** Something was handed on that had to be opened. */
  readonly onOpened: () => void;
  /** Something could not even be tried to be opened. */
  readonly onFailure: (error: unknown) => void;
}

interface Waiting {
  readonly received: Received | null;
  /** Of what is sealed, once it is opened. */
  opened?: Arrived;
  readonly handOn: (content: Arrived | null) => void;
}

export class OpeningQueue {
  readonly #options: OpeningQueueOptions;
  readonly #waiting: Waiting[] = [];

  constructor(options: OpeningQueueOptions) {
    this.#options = options;
  }

  /** What was not handed on yet. */
  get length(): number {
    return this.#waiting.length;
  }

  /** Null: there is nothing to show. */
  add(received: Received | null, handOn: Waiting['handOn']): void {
    const waiting = { received, handOn };
    if (!received?.sealed && this.#waiting.length === 0) return this.#handOn(waiting);
    this.#waiting.push(waiting);
    if (received?.sealed) void this.#open(waiting, received);
  }

  async #open(waiting: Waiting, sealed: Received): Promise<void> {
    try {
      waiting.opened = await openMessage(this.#options.encryption, sealed, true);
    } catch (error) {
      this.#options.onFailure(error);
      return;
    }
    for (let next = this.#waiting[0]; next && isReady(next); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#handOn(next);
    }
    this.#options.onOpened();
  }

  /** Clear text is judged now: what came before it may have told that its sender has a key. */
  #handOn({ received, opened, handOn }: Waiting): void {
    if (opened || !received) handOn(opened ?? null);
    else handOn(asReceivedInClear(this.#options.encryption, received));
  }
}

function isReady({ received, opened }: Waiting): boolean {
  return opened !== undefined || !received?.sealed;
}
