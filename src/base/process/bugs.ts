/**
 * Programmer errors met while something is served. An operating error (`CimError`) is answered as
 * what it is. Anything else, and an `internal` one (what a store refuses that is no passing state of it), is a mistake of ours: it is logged with its stack, counted, and what it
 * was about is answered for good, so that no message can end one process after the other.
 */

import { CimError, describeError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Counter, Counters } from './counters.ts';

export class Bugs {
  readonly #log: Pick<Logger, 'error'>;
  readonly #counter: Counter;

  constructor(counters: Counters, log: Pick<Logger, 'error'>) {
    this.#log = log;
    this.#counter = counters.add('bugs', 'mistakes of cim itself that were met, each in the log');
  }

  /** Whether it is one; if so it has been told. `during`: what was being done. */
  caught(error: unknown, during: string): boolean {
    if (error instanceof CimError && error.kind !== 'internal') return false;
    this.#counter.value += 1;
    const stack = error instanceof Error ? error.stack : undefined;
    this.#log.error({ during, error: describeError(error), stack }, 'a mistake of cim itself');
    return true;
  }
}
