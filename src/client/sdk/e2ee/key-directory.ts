/**
 * The public keys of others, as routes tell them, held for a while. Keys that are asked for in one
 * turn, or while an answer is awaited, are asked for together. What to make of a key is decided
 * elsewhere (peer-keys.ts).
 */
import { limits } from '../../../base/limits.ts';
import { type PublishedKeys, publishedKeysOf } from './published-keys.ts';

export interface KeyDirectoryOptions {
  /** What a route answers, in their order; null where there is no account. */
  readonly fetch: (userIds: readonly number[]) => Promise<readonly unknown[]>;
  /** Monotonic ms. */
  readonly now: () => number;
}

type Asked = PromiseWithResolvers<PublishedKeys | null>;

interface Held {
  readonly keys: PublishedKeys;
  /** When a route told it. */
  readonly at: number;
}

export class KeyDirectory {
  readonly #options: KeyDirectoryOptions;
  /** The oldest answer first. */
  readonly #held = new Map<number, Held>();
  readonly #asked = new Map<number, Asked>();
  #isAsking = false;
  /** Grows when all that was told is void. */
  #era = 0;

  constructor(options: KeyDirectoryOptions) {
    this.#options = options;
  }

  /**
   * No older than `ageMsMax`. Null: there is no such account. Rejects with the CimError that the
   * routes answered with.
   */
  async find(userId: number, ageMsMax: number): Promise<PublishedKeys | null> {
    const held = this.#held.get(userId);
    if (held && this.#options.now() - held.at < ageMsMax) return held.keys;
    let asked = this.#asked.get(userId);
    if (!asked) {
      asked = Promise.withResolvers();
      this.#asked.set(userId, asked);
      if (!this.#isAsking) void this.#askAll();
    }
    return asked.promise;
  }

  /** What was told last, however long ago. */
  held(userId: number): PublishedKeys | undefined {
    return this.#held.get(userId)?.keys;
  }

  /** It is to be asked for anew. */
  forget(userId: number): void {
    this.#held.delete(userId);
  }

  /** If it was told that they have no key. */
  forgetMissing(userId: number): void {
    if (this.held(userId)?.current === null) this.forget(userId);
  }

  /** The store is another one: nothing that was told, or is on its way, is true of it. */
  forgetAll(): void {
    this.#era += 1;
    this.#held.clear();
  }

  /** Never rejects. */
  async #askAll(): Promise<void> {
    this.#isAsking = true;
    await Promise.resolve();
    while (this.#asked.size > 0) {
      const batch = [...this.#asked].slice(0, limits.keysPerRequestMax);
      for (const [userId] of batch) this.#asked.delete(userId);
      await this.#ask(batch);
    }
    this.#isAsking = false;
  }

  async #ask(batch: readonly (readonly [number, Asked])[]): Promise<void> {
    try {
      const answers = await this.#fetch(batch.map(([userId]) => userId));
      for (const [index, [userId, asked]] of batch.entries()) {
        const keys = publishedKeysOf(answers[index]);
        if (keys) this.#hold(userId, keys);
        asked.resolve(keys);
      }
    } catch (error) {
      for (const [, asked] of batch) asked.reject(error);
    }
  }

  async #fetch(userIds: readonly number[]): Promise<readonly unknown[]> {
    for (;;) {
      const era = this.#era;
      const answers = await this.#options.fetch(userIds);
      if (era === this.#era) return answers;
    }
  }

  #hold(userId: number, keys: PublishedKeys): void {
    this.#held.delete(userId);
    this.#held.set(userId, { keys, at: this.#options.now() });
    if (this.#held.size <= limits.clientKeysMax) return;
    for (const oldest of this.#held.keys()) {
      this.#held.delete(oldest);
      return;
    }
  }
}
