/**
 * What a process is made of, in the order in which it was started. Stopping runs every step
 * backwards, even if one throws, and is idempotent: later calls wait for the first. Where there is a
 * deadline it is one for all steps: none is waited for beyond it, and all are begun. Who stops is
 * told when that was cut off.
 */
import { type Clock, systemClock } from '../clock.ts';
import { describeError } from '../errors.ts';
import { ignore } from '../ignore.ts';
import { limits } from '../limits.ts';
import type { Logger } from '../log.ts';

/** Something that runs until it is stopped. */
export interface Service {
  /** Rejects if that was cut off, so that something may be left undone. */
  stop(): Promise<void>;
}

/** One that can be told, while it runs, to read again what it was started with. */
export interface ReloadableService extends Service {
  /** Absent if there is nothing that it would read. Does not reject. */
  readonly reload?: (() => Promise<void>) | undefined;
}

/** Of all steps of stopping together. */
export interface StopDeadline {
  readonly clock: Clock;
  readonly ms: number;
}

export class Lifecycle implements Service {
  readonly #log: Logger;
  readonly #deadline: StopDeadline | undefined;
  readonly #steps: { name: string; stop: () => void | Promise<void> }[] = [];
  #stopping: Promise<void> | undefined;

  constructor(log: Logger, deadline?: StopDeadline) {
    this.#log = log;
    this.#deadline = deadline;
  }

  /** Registers how to end what was just started. Steps run last in, first out. */
  onStop(name: string, stop: () => void | Promise<void>): void {
    this.#steps.push({ name, stop });
  }

  /** Rejects, once all steps were begun, if one was not waited for: the log names it. */
  stop(): Promise<void> {
    this.#stopping ??= this.#runSteps();
    return this.#stopping;
  }

  async #runSteps(): Promise<void> {
    const { clock = systemClock, ms } = this.#deadline ?? {};
    const due = Promise.withResolvers<void>();
    let isDue = false;
    const expire = () => {
      isDue = true;
      due.resolve();
    };
    const timer = ms === undefined ? undefined : clock.setTimeout(expire, ms);
    for (const { name, stop } of this.#steps.toReversed()) {
      const wasDue = isDue;
      await Promise.race([this.#run(name, stop), due.promise]);
      if (isDue && !wasDue)
        this.#log.error({ step: name, ms }, 'stopping takes too long: the rest is not waited for');
    }
    timer?.cancel();
    if (isDue) throw new Error('stopping was cut off by its deadline');
  }

  async #run(name: string, stop: () => void | Promise<void>): Promise<void> {
    try {
      await stop();
    } catch (error) {
      this.#log.error({ step: name, error: describeError(error) }, 'a step of stopping failed');
    }
  }
}

/** Starts a role, which is of several parts, and stops within a bound; if that fails half-way, what had been started is stopped. */
export async function startWith<T>(
  log: Logger,
  start: (lifecycle: Lifecycle) => Promise<T>,
): Promise<T> {
  const deadline = { clock: systemClock, ms: limits.stopStepsMsMax };
  const lifecycle = new Lifecycle(log, deadline);
  try {
    return await start(lifecycle);
  } catch (error) {
    await lifecycle.stop().catch(ignore('the log has it, and why the start failed matters more'));
    throw error;
  }
}
