/**
 * Which tab leads: the one that has the Web Lock of the device. The browser gives it to the next one
 * when a tab ends in whatever way; from one that is there and does not answer it is taken (`steal`).
 */
import { databaseName } from './database.ts';

export interface LeadershipOptions {
  readonly name: string;
  /** This tab leads, until `signal` says that it does not any more: its own reason, or taken over. */
  readonly lead: (signal: AbortSignal) => Promise<void>;
}

export class Leadership {
  readonly #options: LeadershipOptions;
  /** Ends the wait for the lock, or the lead. */
  #ending = new AbortController();
  #isSteal = false;
  #stopped: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: LeadershipOptions) {
    this.#options = options;
  }

  /** Waits for its turn, again after each. */
  start(): void {
    this.#isStopped = false;
    this.#stopped = this.#run();
  }

  /** Takes the lead from whoever has it. */
  steal(): void {
    this.#isSteal = true;
    this.#ending.abort();
  }

  /** Gives the lead to the next one; resolves when it is given. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#ending.abort();
    await this.#stopped;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      this.#ending = new AbortController();
      const { signal } = this.#ending;
      const how = this.#isSteal ? { steal: true } : { signal };
      this.#isSteal = false;
      const led = new AbortController();
      const hold = () => this.#options.lead(AbortSignal.any([signal, led.signal]));
      const held = navigator.locks.request(databaseName(this.#options.name), how, hold);
      // Refused: it was taken over, or the wait has ended.
      await held.catch(() => led.abort());
    }
  }
}
