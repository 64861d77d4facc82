/**
 * The messages of one conversation as they are now, for whoever shows them: from the history, and as
 * they come, with what was edited, taken back and reacted to since.
 */
import type { CimError } from '../../../base/errors.ts';
import type { Message, Target } from '../client-events.ts';
import { conversationOf } from '../content/contents.ts';
import type { Client } from './client.ts';

export interface MessageListSnapshot {
  /** Oldest first. */
  readonly messages: readonly Message[];
  /** There may be older ones: MessageList.loadOlder(). */
  readonly hasOlder: boolean;
  /** Why the history could not be read, the last time. */
  readonly error?: CimError;
}

export interface MessageList {
  /** Returns how to stop. */
  subscribe(listener: () => void): () => void;
  /** Another object after each change. */
  getSnapshot(): MessageListSnapshot;
  /** A page of the history; the first one is loaded when the client is ready. Never rejects. */
  loadOlder(): Promise<void>;
  close(): void;
}

export interface MessageListOptions {
  /** Of the history, at a time. */
  readonly pageSize?: number;
}

/** The client hands its messages over while a list is open: they count as shown. */
export function messageList(
  client: Client,
  target: Target,
  options: MessageListOptions = {},
): MessageList {
  return new Messages(client, target, options);
}

class Messages implements MessageList {
  readonly #client: Client;
  readonly #target: Target;
  readonly #pageSize: number;
  readonly #listeners = new Set<() => void>();
  readonly #stops: readonly (() => void)[];
  #snapshot: MessageListSnapshot = { messages: [], hasOlder: true };
  /** Where the history goes on; undefined: it was not read yet. */
  #before: string | null | undefined;
  #loading: Promise<void> | undefined;

  constructor(client: Client, target: Target, { pageSize = 50 }: MessageListOptions) {
    this.#client = client;
    this.#target = target;
    this.#pageSize = pageSize;
    this.#stops = [
      client.on('message', (message) => this.#add(message)),
      client.onSent((message) => this.#add(message)),
      client.on('edited', ({ id, text, mentions, at }) =>
        this.#change(id, { text, edited: at, ...(mentions && { mentions }) }),
      ),
      client.on('retracted', ({ id }) => this.#change(id, { text: '', retracted: true })),
      client.on('reactions', ({ id, from, emoji }) => this.#react(id, from, emoji)),
      client.on('ready', () => this.#loadFirst()),
    ];
    if (client.state === 'ready') this.#loadFirst();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  getSnapshot = (): MessageListSnapshot => this.#snapshot;

  loadOlder = (): Promise<void> => {
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  };

  close(): void {
    for (const stop of this.#stops) stop();
    this.#listeners.clear();
  }

  #loadFirst(): void {
    if (this.#before === undefined) void this.loadOlder();
  }

  async #load(): Promise<void> {
    if (this.#before === null) return;
    try {
      const page = await this.#client.history({
        ...('to' in this.#target ? { peer: this.#target.to } : this.#target),
        ...(this.#before !== undefined && { before: this.#before }),
        limit: this.#pageSize,
      });
      this.#before = page.next;
      // What has come meanwhile is not older.
      const known = new Set(this.#snapshot.messages.map(({ id }) => id));
      const older = page.messages.filter(({ id }) => !known.has(id));
      const messages = [...older, ...this.#snapshot.messages];
      this.#become({ messages, hasOlder: page.next !== null });
    } catch (error) {
      this.#become({ ...this.#snapshot, error: error as CimError });
    }
  }

  #add(message: Message): void {
    if (message.transient || !this.#isHere(message.id)) return;
    const { messages } = this.#snapshot;
    if (messages.some(({ id }) => id === message.id)) return;
    this.#become({ ...this.#snapshot, messages: [...messages, message] });
  }

  #react(id: string, from: number, emoji: readonly string[]): void {
    const before = this.#snapshot.messages.find((message) => message.id === id)?.reactions ?? [];
    const others = before.filter((reaction) => reaction.from !== from);
    this.#change(id, { reactions: emoji.length > 0 ? [...others, { from, emoji }] : others });
  }

  #change(id: string, change: Partial<Message>): void {
    const { messages } = this.#snapshot;
    if (!messages.some((message) => message.id === id)) return;
    const changed = messages.map((message) =>
      message.id === id ? { ...message, ...change } : message,
    );
    this.#become({ ...this.#snapshot, messages: changed });
  }

  #isHere(id: string): boolean {
    const place = conversationOf(id, this.#client.userId);
    return 'to' in place
      ? 'to' in this.#target && place.to === this.#target.to
      : 'group' in this.#target && place.group === this.#target.group;
  }

  #become(snapshot: MessageListSnapshot): void {
    this.#snapshot = snapshot;
    for (const listener of this.#listeners) listener();
  }
}
