/**
 * Requests to leave: a signal, or Ctrl-C where the terminal sends the key itself. SIGHUP is such a
 * request if the process has a terminal, which has gone then. Without one (under `nohup`, in a
 * pipe) SIGHUP means nothing.
 */

import type { SignalSource } from '../../base/process/signals.ts';

interface Streams {
  readonly stdin: { readonly isTTY?: boolean };
  readonly stdout: { readonly isTTY?: boolean };
  readonly stderr: { readonly isTTY?: boolean };
}

export class Interrupts {
  readonly #source: SignalSource;
  readonly #signals: readonly NodeJS.Signals[];
  readonly #raise = () => this.raise();
  #next = Promise.withResolvers<void>();

  constructor(host: SignalSource & Streams) {
    this.#source = host;
    const hasTerminal = host.stdin.isTTY || host.stdout.isTTY || host.stderr.isTTY;
    this.#signals = ['SIGINT', 'SIGTERM', ...(hasTerminal ? (['SIGHUP'] as const) : [])];
    for (const signal of this.#signals) host.on(signal, this.#raise);
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
    for (const signal of this.#signals) this.#source.off(signal, this.#raise);
  }
}
