/** Being asked to leave: by a signal, or by Ctrl-C where the terminal sends the key itself. */

interface SignalSource {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export class Interrupts {
  readonly #source: SignalSource;
  readonly #raise = () => this.raise();
  #next = Promise.withResolvers<void>();

  constructor(source: SignalSource) {
    this.#source = source;
    for (const signal of signals) source.on(signal, this.#raise);
  }

  raise(): void {
    this.#next.resolve();
    this.#next = Promise.withResolvers();
  }

  /** Resolves at the next one from now. */
  next(): Promise<void> {
    return this.#next.promise;
  }

  close(): void {
    for (const signal of signals) this.#source.off(signal, this.#raise);
  }
}
