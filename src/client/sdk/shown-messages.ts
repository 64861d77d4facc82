/**
 * The messages of a timeline that would be known again: those that the application has taken lately,
 * and those on their way to it. An empty identity is not known, and never known again.
 */
import { IdentityWindow, type Place, type SavedWindow } from './identity-window.ts';

export class ShownMessages {
  readonly #taken: IdentityWindow;
  /** Emitted and not yet taken, by identity. */
  readonly #untaken = new Map<string, Place>();

  constructor(window?: SavedWindow, windowMax?: number) {
    this.#taken = new IdentityWindow(window, windowMax);
  }

  emitted(identity: string, place: Place): void {
    if (identity !== '') this.#untaken.set(identity, place);
  }

  taken(identity: string, place: Place): void {
    this.#untaken.delete(identity);
    if (identity !== '') this.#taken.add(identity, place);
  }

  has(identity: string): boolean {
    return identity !== '' && (this.#taken.has(identity) || this.#untaken.has(identity));
  }

  /** The one with the lowest number. */
  oldest(): Place | undefined {
    let oldest: Place | undefined;
    for (const place of this.#places()) if (!oldest || place.seq < oldest.seq) oldest = place;
    return oldest;
  }

  /** When the first of them was accepted, ms since 1970. */
  earliest(): number | undefined {
    let earliest: number | undefined;
    for (const { at } of this.#places()) if (at > 0 && at < (earliest ?? Infinity)) earliest = at;
    return earliest;
  }

  save(): SavedWindow {
    return this.#taken.save();
  }

  *#places(): Iterable<Place> {
    yield* this.#taken.places();
    yield* this.#untaken.values();
  }
}
