/** Sends what is in an outbox, while the client is connected: all of it once, in order. */
import type { SentMessage, Target } from '../client-events.ts';
import type { ContentEvent } from '../content/contents.ts';
import type { Draft } from '../e2ee/sealable.ts';
import type { Kept, Outbox } from './outbox.ts';
import type { Sender } from './sender.ts';

export interface OutboxSenderOptions {
  readonly outbox: Outbox;
  readonly sender: Pick<Sender, 'sendKept' | 'begin'>;
  readonly isReady: () => boolean;
  /** What was sent means this, as it is stored. */
  readonly onSent: (sent: SentMessage, target: Target, draft: Draft) => ContentEvent | null;
}

export class OutboxSender {
  readonly #options: OutboxSenderOptions;
  #hasMore = false;
  #isTaking = false;
  #isStopped = false;

  constructor(options: OutboxSenderOptions) {
    this.#options = options;
  }

  /** Resolves when messages have their identities, before the client connects. */
  async open(): Promise<void> {
    const { outbox, sender } = this.#options;
    sender.begin(await outbox.open());
    outbox.onKept(() => this.look());
  }

  /** There may be more, or the client has connected: what it cannot send is not taken. */
  look(): void {
    this.#hasMore = true;
    if (!this.#isTaking) void this.#take();
  }

  /** What is not answered stays in the outbox. */
  stop(): void {
    this.#isStopped = true;
  }

  async #take(): Promise<void> {
    const { outbox, isReady } = this.#options;
    this.#isTaking = true;
    while (this.#hasMore && isReady()) {
      this.#hasMore = false;
      for (const kept of await outbox.take()) this.#send(kept);
    }
    this.#isTaking = false;
  }

  #send(kept: Kept): void {
    const { outbox, sender, onSent } = this.#options;
    sender.sendKept(kept, {
      stored: (sent) => outbox.settle(kept, { sent, event: onSent(sent, kept.target, kept.draft) }),
      refused: (error) => {
        if (!this.#isStopped) outbox.settle(kept, { error });
      },
    });
  }
}
