/**
 * How many connections each address has. Those beyond the bound are still counted, so that a few of
 * them can be kept for as long as it takes to tell them.
 */
import { limits } from '../base/limits.ts';
import { type ClientAddresses, groupOf } from './addresses.ts';

/** `over`: it is to be told that there is no room; `far-over`: not even that. */
export type Standing = 'in' | 'over' | 'far-over';

export class Crowd {
  readonly #addresses: ClientAddresses;
  readonly #perAddressMax: number;
  readonly #counts = new Map<string, number>();

  constructor(addresses: ClientAddresses, perAddressMax: number) {
    this.#addresses = addresses;
    this.#perAddressMax = perAddressMax;
  }

  /** Counts one, unless it is far over. Whoever was counted leaves. */
  enter(address: string): Standing {
    if (this.#addresses.isExempt(address)) return 'in';
    const group = groupOf(address);
    const count = (this.#counts.get(group) ?? 0) + 1;
    if (count > this.#perAddressMax + limits.connectionsOverMax) return 'far-over';
    this.#counts.set(group, count);
    return count > this.#perAddressMax ? 'over' : 'in';
  }

  leave(address: string): void {
    if (this.#addresses.isExempt(address)) return;
    const group = groupOf(address);
    const count = (this.#counts.get(group) ?? 0) - 1;
    if (count > 0) this.#counts.set(group, count);
    else this.#counts.delete(group);
  }
}
