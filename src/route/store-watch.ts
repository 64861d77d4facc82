/**
 * Which store this is, that it is still the same, and how it is. What a route remembers of accounts is
 * true of one store only: one that was wiped, or replaced by a backup, is another.
 */
import type { Clock, Timer } from '../base/clock.ts';
import { CimError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Condition, Health } from '../base/process/health.ts';
import type { Store } from '../store/store.ts';

export interface StoreWatchOptions {
  readonly store: Pick<Store, 'identity' | 'problem' | 'refusal'>;
  readonly health: Health;
  readonly clock: Clock;
  readonly log: Logger;
  /** What is remembered is of another store. */
  readonly onChanged: () => void;
}

/** A route that nobody asks about it looks so often. */
const lookMs = 1_000;

export class StoreWatch {
  readonly #options: StoreWatchOptions;
  #looking: Timer | undefined;
  readonly #connection: Condition;
  readonly #refusals: Condition;
  #isLooking = false;
  #id: string | undefined;

  constructor(options: StoreWatchOptions) {
    this.#options = options;
    const { health } = options;
    this.#connection = health.add('store-connection');
    this.#refusals = health.add('store-refusals');
  }

  /** Resolves when it has looked for the first time. */
  async start(): Promise<void> {
    this.#looking ??= this.#options.clock.setInterval(() => void this.#look(), lookMs);
    await this.#look();
  }

  /** Asks the store. Rejects as it does. */
  async current(): Promise<string> {
    const { store, log, onChanged } = this.#options;
    const id = await store.identity.get();
    if (this.#id !== undefined && this.#id !== id) {
      log.warn({ before: this.#id, now: id }, 'the store is another one than before');
      onChanged();
    }
    this.#id = id;
    return id;
  }

  stop(): void {
    this.#looking?.cancel();
  }

  /** One look at a time; bounded, as the questions are. */
  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const { store } = this.#options;
    const problem = await store.problem();
    this.#connection.set(problem);
    // Of one that does not answer it is not known whether it would.
    if (problem === null) this.#refusals.set(await store.refusal());
    // While it does not answer there is nothing to be known.
    await this.current().catch((error: unknown) => {
      if (!(error instanceof CimError)) throw error;
    });
    this.#isLooking = false;
  }
}
