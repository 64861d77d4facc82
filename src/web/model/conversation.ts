/**
 * One conversation as the page has it: its messages as far as they were loaded, what is unread, what is
 * being written. What is done in it is in chat.ts.
 */
import { computed, type Signal, signal } from '@preact/signals';
import type { Conversation, GroupFacts, Mark, Message, Target } from '../../client/sdk/index.ts';
import { isText, keptSignal } from './keep.ts';
import type { Pending } from './outbox.ts';
import { keyOf, type TargetKey } from './target.ts';
import { Timeline } from './timeline.ts';

/**
 * `new`: nothing was asked for yet. `kept`: what this browser has, while nobody can be asked for more.
 * `more`: there are older messages. `whole`: all are here.
 */
export type Loading = 'new' | 'loading' | 'kept' | 'more' | 'whole' | 'failed';

/** What the next message does. */
export type Composing =
  | { readonly kind: 'reply'; readonly message: Message }
  | { readonly kind: 'edit'; readonly message: Message };

/** How far somebody has got with what the user has said, as numbers of the timeline. */
interface Reached {
  readonly delivered: number;
  readonly read: number;
}

export type Tick = 'sent' | 'delivered' | 'read';

export class OpenConversation {
  readonly key: TargetKey;
  readonly target: Target;
  readonly timeline = new Timeline();
  readonly loading = signal<Loading>('new');
  /** Messages were there that are not kept any more. */
  readonly isExpired = signal(false);
  readonly at = signal(0);
  readonly last: Signal<Message | undefined> = signal(undefined);
  readonly unread = signal(0);
  readonly muted = signal(false);
  readonly pinned = signal(false);
  /** Of a group that the user is in. */
  readonly group: Signal<GroupFacts | undefined> = signal(undefined);
  /** Who is typing, by id. */
  readonly typing = signal<readonly number[]>([]);
  /** What was sent and is not known to be stored. */
  readonly pending = signal<readonly Pending[]>([]);
  readonly draft: Signal<string>;
  /** The id of a message that is to be shown. */
  readonly jump: Signal<string | undefined> = signal(undefined);
  readonly composing: Signal<Composing | undefined> = signal(undefined);
  readonly #reached = signal<ReadonlyMap<number, Reached>>(new Map());
  /** Marks of messages that are not here: looked at again when they are. */
  readonly #early: (readonly [keyof Reached, Mark])[] = [];
  /** The number up to which messages are counted already as unread. */
  counted = 0;
  /** Where older messages go on. */
  before: string | null | undefined;

  constructor(target: Target, account: string) {
    this.key = keyOf(target);
    this.target = target;
    this.draft = keptSignal(`${account}.draft.${this.key}`, isText, '');
  }

  /** As routes list it. */
  update({ at, unread, muted, pinned, last }: Conversation): void {
    this.at.value = Math.max(this.at.peek(), at);
    this.unread.value = unread;
    this.muted.value = muted;
    this.pinned.value = pinned;
    if (!last) return;
    this.counted = Math.max(this.counted, last.seq);
    this.known(last);
  }

  /** The newest one, unless a newer one is known. */
  known(message: Message): void {
    this.at.value = Math.max(this.at.peek(), message.at);
    const last = this.last.peek();
    if (!last || last.seq <= message.seq || message.transient) this.last.value = message;
  }

  /** A message has come, or was sent here. */
  take(message: Message, isOwn: boolean): void {
    if (isOwn) this.settled(message.id);
    this.known(message);
    if (this.loading.peek() !== 'new') this.timeline.append(message);
    this.typing.value = this.typing.peek().filter((userId) => userId !== message.from);
    if (message.transient || message.silent || message.seq <= this.counted) return;
    this.counted = message.seq;
    if (!isOwn) this.unread.value += 1;
  }

  /** It does not wait any more. */
  settled(key: string): void {
    const rest = this.pending.peek().filter((each) => each.key !== key);
    if (rest.length < this.pending.peek().length) this.pending.value = rest;
  }

  change(id: string, changed: (message: Message) => Message): void {
    this.timeline.change(id, changed);
    const last = this.last.peek();
    if (last?.id === id) this.last.value = changed(last);
  }

  /** These were read, the oldest first. */
  read(messages: readonly Message[]): void {
    this.timeline.merge(messages);
    const newest = messages.at(-1);
    if (newest) this.known(newest);
    for (const [kind, mark] of this.#early.splice(0)) this.mark(kind, mark);
  }

  mark(kind: keyof Reached, mark: Mark): void {
    const message = this.timeline.find(mark.upTo);
    if (!message) {
      // One for each person and kind is enough: they only move forward.
      const same = this.#early.findIndex(([each, { by }]) => each === kind && by === mark.by);
      this.#early.splice(same === -1 ? this.#early.length : same, 1, [kind, mark]);
      return;
    }
    const { delivered = 0, read = 0 } = this.#reached.peek().get(mark.by) ?? {};
    const seq = message.seq;
    const next = {
      delivered: Math.max(delivered, seq),
      read: kind === 'read' ? Math.max(read, seq) : read,
    };
    this.#reached.value = new Map(this.#reached.peek()).set(mark.by, next);
  }

  /** What is here may be old: it is read anew when somebody looks at it. */
  outdated(): void {
    this.before = undefined;
    if (this.loading.peek() !== 'new') this.loading.value = 'kept';
  }

  /** The user has read up to there on another device, or in another tab. */
  readElsewhere(upTo: string): void {
    let later = 0;
    for (const { id, silent } of this.timeline.newest()) {
      if (id === upTo) break;
      if (!silent) later += 1;
    }
    // Of messages that are not here, the list is asked at the next login.
    this.unread.value = upTo === this.last.peek()?.id ? 0 : Math.min(this.unread.peek(), later);
  }

  /** The furthest that anybody has got with an own message. */
  tickOf({ seq }: Message): Tick {
    const reached = this.#furthest.value;
    if (seq <= reached.read) return 'read';
    return seq <= reached.delivered ? 'delivered' : 'sent';
  }

  readonly #furthest = computed(() => {
    const all = [...this.#reached.value.values()];
    return {
      delivered: Math.max(0, ...all.map(({ delivered }) => delivered)),
      read: Math.max(0, ...all.map(({ read }) => read)),
    };
  });
}
