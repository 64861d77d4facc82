/**
 * What has come for the application, on its way there: what is sealed is opened first, several at a
 * time, and handed on in the order in which it came. What needs no opening, and has none in front of
 * it, is handed on at once.
 */
import type { Message } from './client-events.ts';
import type { Encryption } from './e2ee/encryption.ts';
import { openMessage, type Received } from './received.ts';

export interface OpeningQueueOptions {
  readonly encryption: Encryption;
  /** Something was handed on that had to be opened. */
  readonly onOpened: () => void;
  /** Something could not even be tried to be opened. */
  readonly onFailure: (error: unknown) => void;
}

interface Waiting {
  /** Undefined: it is not opened yet. */
  content: Message | null | undefined;
  readonly handOn: (content: Message | null) => void;
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
    const sealed = received?.sealed && received;
    const content = received?.sealed ? undefined : received;
    if (content !== undefined && this.#waiting.length === 0) return handOn(content);
    const waiting: Waiting = { content, handOn };
    this.#waiting.push(waiting);
    if (sealed) void this.#open(waiting, sealed);
  }

  async #open(waiting: Waiting, sealed: Received): Promise<void> {
    try {
      waiting.content = await openMessage(this.#options.encryption, sealed, true);
    } catch (error) {
      this.#options.onFailure(error);
      return;
    }
    for (let next = this.#waiting[0]; next?.content !== undefined; next = this.#waiting[0]) {
      this.#waiting.shift();
      next.handOn(next.content);
    }
    this.#options.onOpened();
  }
}
