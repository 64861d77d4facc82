/**
 * A map with room for so much: beyond that, what was used least recently goes. It has no more than the
 * SDK needs, and little to load in a page; recently-used.ts is what servers and routes have.
 */
export class BoundedMap<Key, Value> {
  /** What was used last is last. Sizes are as they were counted: values may have changed since. */
  readonly #entries = new Map<Key, { readonly value: Value; readonly size: number }>();
  readonly #sizeMax: number;
  readonly #sizeOf: (value: Value) => number;
  #size = 0;

  /** It has room for so many entries, or for so much of what `sizeOf` counts. */
  constructor(sizeMax: number, sizeOf: (value: Value) => number = () => 1) {
    this.#sizeMax = sizeMax;
    this.#sizeOf = sizeOf;
  }

  /** It counts as used. */
  get(key: Key): Value | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Its size is counted anew. What is larger than all the room that there is, is not kept. */
  set(key: Key, value: Value): void {
    this.delete(key);
    const size = this.#sizeOf(value);
    if (size > this.#sizeMax) return;
    this.#entries.set(key, { value, size });
    this.#size += size;
    for (const oldest of this.#entries.keys()) {
      if (this.#size <= this.#sizeMax) return;
      this.delete(oldest);
    }
  }

  delete(key: Key): void {
    this.#size -= this.#entries.get(key)?.size ?? 0;
    this.#entries.delete(key);
  }
}
