/**
 * Who is typing: told to others at most every few seconds, and of others until they have said it, or
 * have not been heard of for a while.
 */

import { BoundedMap } from '../../../base/bounded-map.ts';
import type { Clock, Timer } from '../../../base/clock.ts';
import { limits } from '../../../base/limits.ts';
import type { ClientEvents, Message, Target } from '../client-events.ts';

type Typist = Pick<ClientEvents['typing'], 'from' | 'group'>;

export interface TypingOptions {
  readonly userId: number;
  readonly clock: Clock;
  readonly tell: (typing: ClientEvents['typing']) => void;
}

export class Typing {
  readonly #options: TypingOptions;
  /** By conversation: when it was told last. */
  readonly #told = new Map<string, number>();
  /** By person and conversation: what ends it. */
  readonly #typists = new Map<string, Timer>();
  /** The number of the last message of those who have said something lately. */
  readonly #said = new BoundedMap<string, { readonly sendSeq: number }>(limits.typistsMax);

  constructor(options: TypingOptions) {
    this.#options = options;
  }

  /** Whether it is to be told now: it is taken for told. */
  begin(target: Target): boolean {
    const now = this.#options.clock.monotonic();
    for (const [conversation, at] of this.#told)
      if (now - at >= limits.typingMsMin) this.#told.delete(conversation);
    const conversation = 'group' in target ? `#${target.group}` : `${target.to}`;
    if (this.#told.has(conversation) || this.#told.size >= limits.typistsMax) return false;
    this.#told.set(conversation, now);
    return true;
  }

  /**
   * This person has said that they are typing what will have this number; 0: not said. It may come
   * after that.
   */
  heard({ id, from, group }: Message, sendSeq = 0): void {
    if (from === this.#options.userId) return;
    const { sendSeq: lastSaid = 0 } = this.#said.get(partsOf(id).source) ?? {};
    if (sendSeq > 0 && sendSeq <= lastSaid) return;
    const typist = { from, ...(group !== undefined && { group }) };
    const key = keyOf(typist);
    const isNew = !this.#typists.has(key);
    if (isNew && this.#typists.size >= limits.typistsMax) return;
    this.#typists.get(key)?.cancel();
    const ending = () => this.#ended(typist);
    this.#typists.set(key, this.#options.clock.setTimeout(ending, limits.typingMs));
    if (isNew) this.#options.tell(typist);
  }

  /** This person has said something. */
  said(message: Pick<Message, 'id' | 'from' | 'group'>): void {
    const { source, sendSeq } = partsOf(message.id);
    const { sendSeq: lastSaid = 0 } = this.#said.get(source) ?? {};
    if (sendSeq > lastSaid) this.#said.set(source, { sendSeq });
    this.#ended(message);
  }

  /** Or nothing for too long. */
  #ended({ from, group }: Typist): void {
    const typist = { from, ...(group !== undefined && { group }) };
    const key = keyOf(typist);
    const timer = this.#typists.get(key);
    if (!timer) return;
    timer.cancel();
    this.#typists.delete(key);
    this.#options.tell({ ...typist, ended: true });
  }
}

function keyOf({ from, group = '' }: Typist): string {
  return `${from} ${group}`;
}

/** Of what is transient the number is none: it has no place in the order of the others. */
function partsOf(id: string): { readonly source: string; readonly sendSeq: number } {
  const end = id.lastIndexOf('.');
  return { source: id.slice(0, end), sendSeq: Number(id.slice(end + 1)) };
}
