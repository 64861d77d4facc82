/** What those who call a route over HTTP are held to. */
import type { Counter, Counters } from '../base/counters.ts';
import { AddressRate } from './address-rate.ts';
import { type AddressSettings, ClientAddresses } from './addresses.ts';
import { GuessRate } from './guess-rate.ts';
import { SendRates } from './send-rates.ts';

export interface CallerLimitSettings extends AddressSettings {
  readonly loginRate: number;
  readonly loginFailureRate: number;
  readonly registrationRate: number;
  readonly sendRate: number;
}

/** What an endpoint is, for the rate of its callers' addresses. */
export type RateClass = 'login' | 'registration';

export class CallerLimits {
  readonly addresses: ClientAddresses;
  readonly rates: Readonly<Record<RateClass, AddressRate>>;
  readonly guesses: GuessRate;
  readonly sends: SendRates;
  /** Requests that were refused. */
  readonly refused: Readonly<Record<RateClass | 'guess' | 'send', Counter>>;

  /** `monotonic`: whole milliseconds that only grow. */
  constructor(settings: CallerLimitSettings, counters: Counters, monotonic: () => number) {
    const refused = (name: string, meaning: string) =>
      counters.add(`http.refused.${name}`, `requests refused: ${meaning} in a short time`);
    this.addresses = new ClientAddresses(settings);
    this.rates = {
      login: new AddressRate(this.addresses, settings.loginRate),
      registration: new AddressRate(this.addresses, settings.registrationRate),
    };
    this.guesses = new GuessRate(this.addresses, settings.loginFailureRate);
    this.sends = new SendRates({ perSecond: settings.sendRate, monotonic });
    this.refused = {
      login: refused('login', 'too many logins from one address'),
      registration: refused('registration', 'too many registrations from one address'),
      guess: refused('guess', 'too many wrong secrets for one account'),
      send: refused('send', 'too many messages of one user'),
    };
  }
}
