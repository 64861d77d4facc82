/** Those who want to hear of changes. Changes of one turn of the event loop are one call. */
export class ChangeListeners {
  readonly #listeners = new Set<() => void>();
  #pending = false;

  add(listener: () => void): () => void {
    const own = () => listener();
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  changed(): void {
    if (this.#pending) return;
    this.#pending = true;
    queueMicrotask(() => {
      this.#pending = false;
      for (const listener of this.#listeners) listener();
    });
  }
}
