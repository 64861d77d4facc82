/** The outbox of all tabs, as the client of the leading one has it, in its term. */
import { CimError, describeError } from '../../../base/errors.ts';
import type { SentMessage, Target } from '../client-events.ts';
import type { Draft } from '../e2ee/sealable.ts';
import type { Kept, Numbering, Outbox as OutboxOfClient, Outcome } from '../sending/outbox.ts';
import type { OutboxEntry } from './database.ts';
import type { Journal } from './journal.ts';
import type { Outbox } from './outbox.ts';

export interface LeadersOutboxOptions {
  readonly term: number;
  readonly outbox: Outbox;
  readonly journal: Journal;
  /** Of a tab, which is told what becomes of it. */
  readonly send: (by: string, target: Target, draft: Draft) => Promise<SentMessage>;
  /** It is in the outbox no longer. */
  readonly onSettled: (id: string, outcome: Outcome) => void;
  readonly onUnusable: (reason: string) => void;
}

export class LeadersOutbox implements OutboxOfClient {
  readonly #options: LeadersOutboxOptions;
  /** Up to which the client has them. */
  #taken = 0;
  #by = '';
  #look = () => {};

  constructor(options: LeadersOutboxOptions) {
    this.#options = options;
  }

  /** What is sent within `call`, before it waits for anything, is this tab's. */
  as<Result>(tab: string, call: () => Result): Result {
    this.#by = tab;
    try {
      return call();
    } finally {
      this.#by = '';
    }
  }

  /** A tab has kept something. */
  look(): void {
    this.#look();
  }

  open(): Promise<Numbering> {
    const { outbox, term } = this.#options;
    return outbox.begin(term);
  }

  send(target: Target, draft: Draft): Promise<SentMessage> {
    return this.#options.send(this.#by, target, draft);
  }

  async take(): Promise<readonly Kept[]> {
    const { outbox, term } = this.#options;
    try {
      const entries = await outbox.take(term, this.#taken);
      this.#taken = entries.at(-1)?.order ?? this.#taken;
      return entries;
    } catch (error) {
      this.#failed(error);
      return [];
    }
  }

  onKept(look: () => void): void {
    this.#look = look;
  }

  settle(kept: Kept, outcome: Outcome): void {
    // One of those that were taken.
    void this.#settle(kept as OutboxEntry, outcome);
  }

  /** All that a tab is told is in the database before. */
  async #settle(kept: OutboxEntry, outcome: Outcome): Promise<void> {
    const { journal, term, onSettled } = this.#options;
    const event = 'event' in outcome ? outcome.event : null;
    try {
      await journal.settle(term, kept, event);
    } catch (error) {
      this.#failed(error);
      // Whoever leads now sends it again, and comes to the same.
      if (error instanceof CimError) return;
    }
    onSettled(kept.id, outcome);
  }

  #failed(error: unknown): void {
    if (!(error instanceof CimError)) this.#options.onUnusable(describeError(error));
  }
}
