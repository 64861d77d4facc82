/**
 * The messages of one conversation that are here, in pages: a page is what is drawn or left out as a
 * whole (views/timeline.tsx), and a change of one message touches no other page.
 */
import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Message } from '../../client/sdk/index.ts';

/** Messages of one page, at most: about three screens. */
const pageMessages = 40;

export interface Page {
  /** Of this page alone, for as long as the timeline lives. */
  readonly key: number;
  readonly messages: ReadonlySignal<readonly Message[]>;
}

interface OwnPage extends Page {
  readonly messages: Signal<readonly Message[]>;
}

export class Timeline {
  readonly #pages = signal<readonly OwnPage[]>([]);
  readonly #pageOf = new Map<string, OwnPage>();
  #keys = 0;

  /** The oldest first. */
  get pages(): ReadonlySignal<readonly Page[]> {
    return this.#pages;
  }

  get size(): number {
    return this.#pageOf.size;
  }

  /** The newest one. */
  get last(): Message | undefined {
    return this.#pages.peek().at(-1)?.messages.peek().at(-1);
  }

  find(id: string): Message | undefined {
    return this.#pageOf
      .get(id)
      ?.messages.peek()
      .find((each) => each.id === id);
  }

  /**
   * Takes messages that follow each other, the oldest first: those that are here already are replaced. If
   * others may be missing between them and what is here, what is older than they are is dropped.
   */
  merge(messages: readonly Message[]): void {
    const newest = messages.at(-1);
    if (!newest) return;
    const oldest = this.#oldest();
    const known = messages.findIndex(({ id }) => this.#pageOf.has(id));
    const older = known === -1 ? messages : messages.slice(0, known);
    const rest = messages.slice(older.length);
    const hasGap =
      known === -1 ? oldest && oldest.seq <= newest.seq : rest.some(({ id }) => !this.find(id));
    if (hasGap) {
      const later = [...this.newest()].filter(({ seq }) => seq > newest.seq).toReversed();
      this.#pageOf.clear();
      this.#pages.value = [];
      this.#prepend(messages);
      for (const message of later) this.append(message);
      return;
    }
    for (const message of rest) this.change(message.id, () => message);
    this.#prepend(older);
  }

  #oldest(): Message | undefined {
    for (const { messages } of this.#pages.peek()) {
      const found = messages.peek().find(({ transient }) => !transient);
      if (found) return found;
    }
    return undefined;
  }

  #prepend(messages: readonly Message[]): void {
    const pages: OwnPage[] = [];
    // From the newest on: only the oldest page is not full.
    for (let end = messages.length; end > 0; end -= pageMessages)
      pages.unshift(this.#newPage(messages.slice(Math.max(0, end - pageMessages), end)));
    if (pages.length > 0) this.#pages.value = [...pages, ...this.#pages.peek()];
  }

  /**
   * A new one, behind those with lower numbers: an own one may be known later than the answer to it.
   * Nothing happens if it is here.
   */
  append(message: Message): void {
    if (this.#pageOf.has(message.id)) return;
    const last = this.#pages.peek().at(-1);
    const before = last?.messages.peek() ?? [];
    const later = message.transient ? -1 : before.findIndex(({ seq }) => seq > message.seq);
    if (last && (later > 0 || before.length < pageMessages)) {
      this.#pageOf.set(message.id, last);
      last.messages.value = before.toSpliced(later === -1 ? before.length : later, 0, message);
      return;
    }
    this.#pages.value = [...this.#pages.peek(), this.#newPage([message])];
  }

  /** Nothing happens if it is not here. */
  change(id: string, changed: (message: Message) => Message): void {
    const page = this.#pageOf.get(id);
    if (!page) return;
    page.messages.value = page.messages
      .peek()
      .map((each) => (each.id === id ? changed(each) : each));
  }

  /** The newest first. */
  *newest(): Generator<Message, void> {
    for (const { messages } of this.#pages.peek().toReversed()) yield* messages.peek().toReversed();
  }

  #newPage(messages: readonly Message[]): OwnPage {
    this.#keys += 1;
    const page: OwnPage = { key: this.#keys, messages: signal(messages) };
    for (const { id } of messages) this.#pageOf.set(id, page);
    return page;
  }
}
