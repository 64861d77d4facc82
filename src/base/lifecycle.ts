/**
 * What a process is made of, in the order in which it was started. Stopping runs every step
 * backwards, even if one throws, and is idempotent: later calls wait for the first.
 */
import { describeError } from './errors.ts';
import type { Logger } from './log.ts';

/** Something that runs until it is stopped. */
export interface Service {
  stop(): Promise<void>;
}

/** One that can be told, while it runs, to read again what it was started with. */
export interface ReloadableService extends Service {
  /** Absent if there is nothing that it would read. Does not reject. */
  readonly reload?: (() => Promise<void>) | undefined;
}

export class Lifecycle implements Service {
  readonly #log: Logger;
  readonly #steps: { name: string; stop: () => void | Promise<void> }[] = [];
  #stopping: Promise<void> | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Registers how to end what was just started. Steps run last in, first out. */
  onStop(name: string, stop: () => void | Promise<void>): void {
    this.#steps.push({ name, stop });
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#runSteps();
    return this.#stopping;
  }

  async #runSteps(): Promise<void> {
    for (const { name, stop } of this.#steps.toReversed()) {
      try {
        await stop();
      } catch (error) {
        this.#log.error({ step: name, error: describeError(error) }, 'a step of stopping failed');
      }
    }
  }
}

/** Starts something of several parts; if that fails half-way, what had been started is stopped. */
export async function startWith<T>(
  log: Logger,
  start: (lifecycle: Lifecycle) => Promise<T>,
): Promise<T> {
  const lifecycle = new Lifecycle(log);
  try {
    return await start(lifecycle);
  } catch (error) {
    await lifecycle.stop();
    throw error;
  }
}
