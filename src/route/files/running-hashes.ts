/**
 * The hashes of files that are being uploaded, as far as their parts have come in order through this
 * route. So a file that was sent in order is not read again when it is finished. What is not here any
 * more, or never was, is read then.
 */
import { createHash, type Hash } from 'node:crypto';
import { limits } from '../../base/limits.ts';
import { RecentlyUsed } from '../../base/recently-used.ts';

interface Running {
  /** The hashes of the parts that it has taken. */
  readonly parts: readonly string[];
  readonly hash: Hash;
}

/** A hash that has taken all before a part, to be given its bytes as well. */
export interface NextHash {
  readonly hash: Hash;
  /** That of which it is a copy; undefined: nothing has come before. */
  readonly after: Running | undefined;
}

export interface Prefix {
  /** Of so many parts from the first on. */
  readonly parts: number;
  /** For its taker alone. */
  readonly hash: Hash;
}

export class RunningHashes {
  readonly #running = new RecentlyUsed<string, Running>(limits.fileHashesMax);

  /** Undefined: this part is not the next one. Nothing has come of it before `advance`. */
  before(id: string, number: number): NextHash | undefined {
    const after = this.#running.get(id);
    if (number !== (after?.parts.length ?? 0)) return undefined;
    return { after, hash: after?.hash.copy() ?? createHash('sha256') };
  }

  /**
   * `next`, of `before`, has taken the part whose own hash is `sha256`, and that was stored. Nothing comes
   * of it if what it goes on from is not here any more: another connection has sent the same part, say.
   */
  advance(id: string, { after, hash }: NextHash, sha256: string): void {
    if (this.#running.get(id) !== after) return;
    this.#running.set(id, { parts: [...(after?.parts ?? []), sha256], hash });
  }

  /** What is known of a file that is made of these parts. */
  prefix(id: string, parts: readonly string[]): Prefix {
    const running = this.#running.get(id);
    const isOfThese = running?.parts.every((sha256, number) => parts[number] === sha256);
    if (!running || !isOfThese) return { parts: 0, hash: createHash('sha256') };
    return { parts: running.parts.length, hash: running.hash.copy() };
  }

  forget(id: string): void {
    this.#running.delete(id);
  }
}
