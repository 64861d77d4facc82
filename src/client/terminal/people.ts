/** The names that belong to ids, as far as they have been heard of. */

/** Beyond this the longest unheard of are forgotten, and shown by their ids. */
const knownMax = 10_000;

export class People {
  readonly #names = new Map<number, string>();

  learn(userId: number, userName: string): void {
    this.#names.delete(userId);
    this.#names.set(userId, userName);
    const [oldest] = this.#names.keys();
    if (this.#names.size > knownMax && oldest !== undefined) this.#names.delete(oldest);
  }

  nameOf(userId: number): string | undefined {
    return this.#names.get(userId);
  }
}
