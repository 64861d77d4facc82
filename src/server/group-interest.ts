/**
 * This server's interest in a group: registered before its first member reads, and said again now
 * and then, since a route that once could not reach this server may have struck it off.
 */
import { callOne } from '../api/batch-call.ts';
import type { RouteApi } from '../api/route-api.ts';
import type { Clock, Timer } from '../base/clock.ts';

export interface GroupInterestOptions {
  readonly routes: RouteApi;
  readonly clock: Clock;
  readonly group: string;
  readonly instance: string;
  readonly address: () => string;
}

const retryMs = 300;
const repeatMs = 10_000;

export class GroupInterest {
  readonly #options: GroupInterestOptions;
  #registered: Promise<void> | undefined;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(options: GroupInterestOptions) {
    this.#options = options;
  }

  /**
   * Resolves once a route has recorded the interest. Never rejects; waits while no route can be
   * reached.
   */
  registered(): Promise<void> {
    this.#registered ??= this.#register();
    return this.#registered;
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  async #register(): Promise<void> {
    while (!(await this.#say())) {
      if (this.#stopped) return;
      await new Promise<void>((resolve) => {
        this.#timer = this.#options.clock.setTimeout(resolve, retryMs);
      });
    }
    this.#repeatLater();
  }

  #repeatLater(): void {
    if (this.#stopped) return;
    this.#timer = this.#options.clock.setTimeout(() => {
      void this.#say().then(() => this.#repeatLater());
    }, repeatMs);
  }

  async #say(): Promise<boolean> {
    const { routes, group, instance, address } = this.#options;
    const entry = { group, instance, address: address(), gone: false };
    const { code } = await callOne(routes.interest, entry);
    return code === 0;
  }
}
