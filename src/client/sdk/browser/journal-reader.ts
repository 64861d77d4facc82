/** One tab's way through the journal: each entry once and in order, as fast as the tab takes them. */
import type { ContentEvent } from '../content/contents.ts';
import type { Journal } from './journal.ts';

export interface JournalReaderOptions {
  /** What this tab has done itself it need not be told. */
  readonly tab: string;
  /** Gives it to the application; undefined: nobody needs to be waited for. */
  readonly hand: (happened: ContentEvent) => Promise<void> | undefined;
  /** Nothing is read while nobody would take it. */
  readonly isListening: () => boolean;
  /** Some are not kept any more that were not read. */
  readonly onBehind: () => void;
  readonly onFailure: (error: unknown) => void;
}

export class JournalReader {
  readonly #options: JournalReaderOptions;
  #journal: Journal | undefined;
  #order = -1;
  #hasMore = false;
  #isReading = false;

  constructor(options: JournalReaderOptions) {
    this.#options = options;
  }

  /** The first time from what comes next on, then from where it was. */
  async open(journal: Journal): Promise<void> {
    if (this.#order < 0) this.#order = await journal.head();
    this.#journal = journal;
    this.look();
  }

  close(): void {
    this.#journal = undefined;
  }

  /** There may be more. */
  look(): void {
    this.#hasMore = true;
    if (!this.#isReading) void this.#readOn();
  }

  async #readOn(): Promise<void> {
    this.#isReading = true;
    try {
      while (this.#hasMore && this.#journal && this.#options.isListening()) {
        this.#hasMore = false;
        await this.#readPart(this.#journal);
      }
    } catch (error) {
      // Closed while it was read: it goes on with the next one.
      if (this.#journal) this.#options.onFailure(error);
    }
    this.#isReading = false;
  }

  async #readPart(journal: Journal): Promise<void> {
    const { entries, isBehind } = await journal.after(this.#order);
    if (isBehind) this.#options.onBehind();
    for (const { order, by, happened } of entries) {
      if (by !== this.#options.tab) await this.#options.hand(happened);
      this.#order = order;
    }
    this.#hasMore ||= entries.length > 0;
  }
}
