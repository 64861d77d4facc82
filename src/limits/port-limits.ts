/** How many connections an HTTP port has, in all and from one address. */
import type { Counter, Counters } from '../base/counters.ts';
import { type AddressSettings, ClientAddresses } from './addresses.ts';
import { Crowd } from './crowd.ts';

export interface PortLimitSettings extends AddressSettings {
  readonly connectionsPerIp: number;
}

export class PortLimits {
  readonly addresses: ClientAddresses;
  readonly connectionsMax: number;
  /** Connections that were ended, for the sake of others. */
  readonly ended: Counter;
  readonly #crowd: Crowd;

  constructor(settings: PortLimitSettings, connectionsMax: number, counters: Counters) {
    this.addresses = new ClientAddresses(settings);
    this.connectionsMax = connectionsMax;
    this.#crowd = new Crowd(this.addresses, settings.connectionsPerIp);
    this.ended = counters.add(
      'http.connections.ended',
      'HTTP connections ended, as there were too many of them or of their address',
    );
  }

  /** Whether one more may come from there; if so, it is counted until it leaves. */
  enter(address: string): boolean {
    // Behind a proxy are others, as many as there are.
    if (this.addresses.isTrustedProxy(address)) return true;
    const standing = this.#crowd.enter(address);
    if (standing === 'over') this.#crowd.leave(address);
    return standing === 'in';
  }

  leave(address: string): void {
    if (!this.addresses.isTrustedProxy(address)) this.#crowd.leave(address);
  }
}
