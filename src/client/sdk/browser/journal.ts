/**
 * What has come to a device, in order, for all its tabs: a log in IndexedDB that whoever leads appends
 * to, and that each tab reads from where it is. That something was appended is told over a channel; who
 * misses that reads it later. What is in it is in the store of messages too, in one transaction.
 */
import { limits } from '../../../base/limits.ts';
import type { HistoryPage, RetractedMessage } from '../client-events.ts';
import type { ContentEvent } from '../content/contents.ts';
import { tombstone } from '../content/pictures.ts';
import type { DeviceDatabase, JournalEntry, OutboxEntry, Writing } from './database.ts';
import { writeInTerm } from './database.ts';
import { keep, read, type StoredQuery } from './message-store.ts';
import { removeKept } from './outbox.ts';

export interface JournalPart {
  /** With their numbers, in order. */
  readonly entries: readonly JournalEntry[];
  /** Some before them are not kept any more. */
  readonly isBehind: boolean;
}

export class Journal {
  readonly #database: DeviceDatabase;
  readonly #userId: number;

  constructor(database: DeviceDatabase, userId: number) {
    this.#database = database;
    this.#userId = userId;
  }

  /**
   * `by`: the tab that has done it, and need not be told. Resolves when it is written; nothing happens
   * if it is there already. Rejects if the term is over.
   */
  append(term: number, happened: ContentEvent, by = ''): Promise<void> {
    return writeInTerm(this.#database, term, (writing) => this.#append(writing, happened, by));
  }

  /** What waited in the outbox does so no longer; what it has become, if it is stored. */
  settle(term: number, kept: OutboxEntry, happened: ContentEvent | null): Promise<void> {
    return writeInTerm(this.#database, term, async (writing) => {
      await removeKept(writing, kept);
      if (happened) await this.#append(writing, happened, kept.by);
    });
  }

  /** The number of the last one. */
  async head(): Promise<number> {
    const cursor = await this.#database.transaction('journal').store.openCursor(null, 'prev');
    return cursor?.value.order ?? 0;
  }

  async after(order: number): Promise<JournalPart> {
    const range = IDBKeyRange.lowerBound(order, true);
    const entries = await this.#database.getAll('journal', range, limits.pageMessagesMax);
    const [first] = entries;
    return { entries, isBehind: first !== undefined && first.order > order + 1 };
  }

  stored(query: StoredQuery): Promise<HistoryPage> {
    return read(this.#database, query);
  }

  async #append(writing: Writing, happened: ContentEvent, by: string): Promise<void> {
    if (await isKnown(writing, happened)) return;
    const { name, event } = happened;
    const journal = writing.objectStore('journal');
    if (name === 'retracted') await forgetTexts(writing, event);
    const entry = { id: event.id, by, happened } as Omit<JournalEntry, 'order'>;
    const order = await journal.add(entry as JournalEntry);
    await keep(writing, this.#userId, order, happened);
    await journal.delete(IDBKeyRange.upperBound(order - limits.clientJournalMax));
  }
}

/** A tab that takes the lead is given once more what came last: it may be here. */
async function isKnown(writing: Writing, { name, event }: ContentEvent): Promise<boolean> {
  const kept = await writing.objectStore('messages').get(event.id);
  if (!kept) return false;
  const { message } = kept;
  switch (name) {
    case 'message':
      return true;
    case 'edited':
      return message.retracted === true || (message.edited ?? 0) >= event.at;
    case 'retracted':
      return message.retracted === true;
    case 'reactions': {
      const own = message.reactions?.find(({ from }) => from === event.from);
      return (own?.emoji ?? []).join('\n') === event.emoji.join('\n');
    }
  }
}

/** What was said in a message that is taken back: its entries stay, so that numbers have no gaps. */
async function forgetTexts(writing: Writing, retraction: RetractedMessage): Promise<void> {
  const { id } = retraction;
  for await (const cursor of writing.objectStore('journal').index('id').iterate(id)) {
    const { happened, ...entry } = cursor.value;
    const without: ContentEvent =
      happened.name === 'message'
        ? { name: 'message', event: tombstone(happened.event) }
        : { name: 'retracted', event: retraction };
    await cursor.update({ ...entry, happened: without });
  }
}
