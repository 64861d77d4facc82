/** How many connections an HTTP port has, in all and from one address. */

import { limits } from '../base/limits.ts';
import type { Counter, Counters } from '../base/process/counters.ts';
import { type AddressSettings, ClientAddresses } from './addresses.ts';
import { Crowd } from './crowd.ts';
import { GuessRate } from './guess-rate.ts';

export interface PortLimitSettings extends AddressSettings {
  readonly connectionsPerIp: number;
}

export class PortLimits {
  readonly addresses: ClientAddresses;
  readonly connectionsMax: number;
  /** Connections that were ended, for the sake of others. */
  readonly ended: Counter;
  /** Connections that were ended, as their peers did not read what they had asked for. */
  readonly unread: Counter;
  /** At the cluster secret. */
  readonly guesses: GuessRate;
  /** Requests that were refused, as there were too many guesses before them. */
  readonly guessesRefused: Counter;
  readonly #crowd: Crowd;

  constructor(settings: PortLimitSettings, connectionsMax: number, counters: Counters) {
    this.addresses = new ClientAddresses(settings);
    this.connectionsMax = connectionsMax;
    this.#crowd = new Crowd(this.addresses, settings.connectionsPerIp);
    this.guesses = new GuessRate(this.addresses, limits.clusterGuessesPerMinuteMax);
    this.guessesRefused = counters.add(
      'http.refused.cluster-secret',
      'requests refused: too many wrong cluster secrets in a short time',
      {
        name: 'http.refused',
        description: 'requests refused, by what there was too much of',
        label: 'reason',
        value: 'cluster-secret',
      },
    );
    this.ended = counters.add(
      'http.connections.ended',
      'HTTP connections ended, as there were too many of them or of their address',
    );
    this.unread = counters.add(
      'http.connections.unread',
      'HTTP connections ended, as answers were not taken from them in time',
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
