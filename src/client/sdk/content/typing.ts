/**
 * Who is typing: told to others at most every few seconds, and of others until they have said it, or
 * have not been heard of for a while.
 */
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

  /** This person has said that they are typing. */
  heard({ from, group }: Message): void {
    if (from === this.#options.userId) return;
    const typist = { from, ...(group !== undefined && { group }) };
    const key = keyOf(typist);
    const isNew = !this.#typists.has(key);
    if (isNew && this.#typists.size >= limits.typistsMax) return;
    this.#typists.get(key)?.cancel();
    const ending = () => this.ended(typist);
    this.#typists.set(key, this.#options.clock.setTimeout(ending, limits.typingMs));
    if (isNew) this.#options.tell(typist);
  }

  /** This person has said something, or nothing for too long. */
  ended({ from, group }: Typist): void {
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
