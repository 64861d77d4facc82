/** Who is online, as of a moment ago: for TAB, which cannot wait. */
import type { Clock } from '../../base/clock.ts';
import { CimError } from '../../base/errors.ts';
import type { CimClient, User } from '../sdk/index.ts';

const freshMs = 3_000;
const waitMsMax = 300;

export interface OnlineCacheOptions {
  readonly client: Pick<CimClient, 'onlineUsers'>;
  readonly clock: Clock;
}

export class OnlineCache {
  readonly #options: OnlineCacheOptions;
  #users: readonly User[] = [];
  #freshUntil = 0;

  constructor(options: OnlineCacheOptions) {
    this.#options = options;
  }

  /** Never rejects: what cannot be asked for now is as it was. */
  async get(): Promise<readonly User[]> {
    const { clock } = this.#options;
    if (clock.monotonic() < this.#freshUntil) return this.#users;
    const overdue = Promise.withResolvers<void>();
    const timer = clock.setTimeout(overdue.resolve, waitMsMax);
    await Promise.race([this.#refresh(), overdue.promise]);
    timer.cancel();
    return this.#users;
  }

  async #refresh(): Promise<void> {
    try {
      this.#users = await this.#options.client.onlineUsers();
      this.#freshUntil = this.#options.clock.monotonic() + freshMs;
    } catch (error) {
      if (!(error instanceof CimError)) throw error;
    }
  }
}
