/**
 * Which marks a connection has been told of. The store counts what changes of the marks that concern a
 * user, and each push says its number. Pushes of several routes may overtake each other, and may be
 * lost: all up to `contiguous` have been told.
 */
import { limits } from '../../base/limits.ts';

export class MarkVersions {
  #contiguous = 0;
  /** Told, with a gap below; null: none, as nearly always. */
  #ahead: Set<number> | null = null;

  get contiguous(): number {
    return this.#contiguous;
  }

  /** Everything up to this one is known to the client, or it has been told to ask. */
  startFrom(version: number): void {
    this.#contiguous = version;
    for (const ahead of this.#ahead ?? []) if (ahead <= version) this.#ahead?.delete(ahead);
    this.#closeGap();
  }

  told(version: number): void {
    if (version === this.#contiguous + 1) this.#contiguous = version;
    else if (version > this.#contiguous) {
      this.#ahead ??= new Set();
      if (this.#ahead.size < limits.markVersionsAheadMax) this.#ahead.add(version);
    }
    this.#closeGap();
  }

  #closeGap(): void {
    while (this.#ahead?.delete(this.#contiguous + 1)) this.#contiguous += 1;
    if (this.#ahead?.size === 0) this.#ahead = null;
  }
}
