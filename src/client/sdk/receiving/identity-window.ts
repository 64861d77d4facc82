/**
 * The identities of the messages that were taken last, with their numbers. They make "shown once"
 * hold when numbers are given out anew. Bounded: it forgets the oldest, and does not know those
 * again.
 */
import { limits } from '../../../base/limits.ts';

/** Where a message was in its timeline, and when it was accepted (ms since 1970); 0: not known. */
export interface TakenMessage {
  readonly seq: number;
  readonly at: number;
}

/** Saved with the cursor: [identity, seq, at], the oldest first. */
export type SavedWindow = readonly (readonly [string, number, number])[];

export class IdentityWindow {
  readonly #messages = new Map<string, TakenMessage>();
  readonly #countMax: number;

  constructor(saved: SavedWindow = [], countMax: number = limits.clientWindowMax) {
    this.#countMax = countMax;
    for (const [identity, seq, at] of saved) this.add(identity, { seq, at });
  }

  has(identity: string): boolean {
    return this.#messages.has(identity);
  }

  get(identity: string): TakenMessage | undefined {
    return this.#messages.get(identity);
  }

  /** An identity that is known moves to its new place and counts as the newest. */
  add(identity: string, message: TakenMessage): void {
    this.#messages.delete(identity);
    this.#messages.set(identity, message);
    if (this.#messages.size <= this.#countMax) return;
    for (const oldest of this.#messages.keys()) {
      this.#messages.delete(oldest);
      return;
    }
  }

  messages(): Iterable<TakenMessage> {
    return this.#messages.values();
  }

  save(): SavedWindow {
    return Array.from(this.#messages, ([identity, { seq, at }]) => [identity, seq, at] as const);
  }
}
