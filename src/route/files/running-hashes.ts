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

export interface Prefix {
  /** Of so many parts from the first on. */
  readonly parts: number;
  /** For its taker alone. */
  readonly hash: Hash;
}

export class RunningHashes {
  readonly #running = new RecentlyUsed<string, Running>(limits.fileHashesMax);

  /**
   * A hash that has taken all before this part, to be given its bytes as well; undefined: it is not the
   * next one. Nothing has come of it before `advance`.
   */
  before(id: string, number: number): Hash | undefined {
    const running = this.#running.get(id);
    if (number === (running?.parts.length ?? 0))
      return running?.hash.copy() ?? createHash('sha256');
    return undefined;
  }

  /** `hash`, of `before`, has taken the part whose own hash is `sha256`, and that was stored. */
  advance(id: string, number: number, sha256: string, hash: Hash): void {
    const parts = this.#running.get(id)?.parts ?? [];
    // Another connection may have sent the same part.
    if (parts.length === number) this.#running.set(id, { parts: [...parts, sha256], hash });
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
