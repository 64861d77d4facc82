/** Pushes that did not arrive, the newest: what operators look at when somebody is told too late. */
import type { Clock } from '../clock.ts';
import { limits } from '../limits.ts';

export interface FailedPush {
  /** ms since 1970 */
  readonly at: number;
  readonly to: { readonly userId: number } | { readonly group: string };
  /** Where the server is called, as sessions bear it. */
  readonly server: string;
  /** `no-answer`: of the server; `not-there`: it has no such connection, or nobody of the group. */
  readonly why: 'no-answer' | 'not-there';
}

export class FailedPushes {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #newest: FailedPush[] = [];

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  note(push: Omit<FailedPush, 'at'>): void {
    if (this.#newest.length >= limits.failedPushesMax) this.#newest.shift();
    this.#newest.push({ at: this.#clock.now(), ...push });
  }

  /** Oldest first. */
  list(): readonly FailedPush[] {
    return this.#newest;
  }
}
