/**
 * How often the secret of an account may be guessed: so many times a minute from one address, and
 * some times that from all. Whoever guesses from one address keeps the account's owner out of
 * nothing; whoever has many addresses still guesses little.
 */
import { limits } from '../base/limits.ts';
import { type ClientAddresses, groupOf } from './addresses.ts';
import { RateLimit } from './rate-limit.ts';

export class GuessRate {
  readonly #addresses: ClientAddresses;
  readonly #fromOne: RateLimit;
  readonly #fromAll: RateLimit;

  constructor(addresses: ClientAddresses, perMinute: number) {
    this.#addresses = addresses;
    this.#fromOne = new RateLimit(perMinute);
    this.#fromAll = new RateLimit(perMinute * limits.failedLoginAddressesMax);
  }

  /** Counts a guess before it is known to be one: many at once are no way around it. */
  async take(account: string, address: string): Promise<number> {
    if (this.#addresses.isExempt(address)) return 0;
    const waitMs = await this.#fromOne.take(oneOf(account, address));
    return waitMs > 0 ? waitMs : this.#fromAll.take(account);
  }

  /** It was right. */
  async giveBack(account: string, address: string): Promise<void> {
    if (this.#addresses.isExempt(address)) return;
    await this.#fromOne.giveBack(oneOf(account, address));
    await this.#fromAll.giveBack(account);
  }
}

function oneOf(account: string, address: string): string {
  return `${groupOf(address)} ${account}`;
}
