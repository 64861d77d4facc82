/**
 * The messages of a timeline that would be known if they came again: those that the application has
 * taken lately, and those on their way to it. A message without an identity is never known again.
 */
import { IdentityWindow, type SavedWindow, type TakenMessage } from './identity-window.ts';

export class ShownMessages {
  readonly #taken: IdentityWindow;
  /** Emitted and not yet taken, by identity. */
  readonly #untaken = new Map<string, TakenMessage>();

  constructor(window?: SavedWindow, windowMax?: number) {
    this.#taken = new IdentityWindow(window, windowMax);
  }

  emitted(identity: string, message: TakenMessage): void {
    if (identity !== '') this.#untaken.set(identity, message);
  }

  taken(identity: string, message: TakenMessage): void {
    this.#untaken.delete(identity);
    if (identity !== '') this.#taken.add(identity, message);
  }

  has(identity: string): boolean {
    return identity !== '' && (this.#taken.has(identity) || this.#untaken.has(identity));
  }

  numberOf(identity: string): number | undefined {
    return (this.#taken.get(identity) ?? this.#untaken.get(identity))?.seq;
  }

  /** The one with the lowest number. */
  oldest(): TakenMessage | undefined {
    let oldest: TakenMessage | undefined;
    for (const message of this.#messages())
      if (!oldest || message.seq < oldest.seq) oldest = message;
    return oldest;
  }

  /** When the first of them was accepted, ms since 1970. */
  earliest(): number | undefined {
    let earliest: number | undefined;
    for (const { at } of this.#messages()) if (at > 0 && at < (earliest ?? Infinity)) earliest = at;
    return earliest;
  }

  save(): SavedWindow {
    return this.#taken.save();
  }

  *#messages(): Iterable<TakenMessage> {
    yield* this.#taken.messages();
    yield* this.#untaken.values();
  }
}
