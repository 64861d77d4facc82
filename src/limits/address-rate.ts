/** How often something may be done in a minute from one address. */
import { type ClientAddresses, groupOf } from './addresses.ts';
import { RateLimit } from './rate-limit.ts';

export class AddressRate {
  readonly #addresses: ClientAddresses;
  readonly #rate: RateLimit;

  constructor(addresses: ClientAddresses, perMinute: number) {
    this.#addresses = addresses;
    this.#rate = new RateLimit(perMinute);
  }

  /** Counts one. 0, or the ms after which it may be tried again. */
  async take(address: string): Promise<number> {
    return this.#addresses.isExempt(address) ? 0 : this.#rate.take(groupOf(address));
  }
}
