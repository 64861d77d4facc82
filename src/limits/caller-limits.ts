/** What those who call a route over HTTP are held to. */

import { limits } from '../base/limits.ts';
import type { Counter, Counters } from '../base/process/counters.ts';
import { AddressRate } from './address-rate.ts';
import { type AddressSettings, ClientAddresses } from './addresses.ts';
import { GuessRate } from './guess-rate.ts';
import { RateLimit } from './rate-limit.ts';
import { ReadRates } from './read-rates.ts';
import { SendRates } from './send-rates.ts';

export interface CallerLimitSettings extends AddressSettings {
  readonly loginRate: number;
  readonly loginFailureRate: number;
  readonly registrationRate: number;
  readonly sendRate: number;
  readonly sendBytesRate: number;
  readonly readBytesRate: number;
}

/** What an endpoint is, for the rate of its callers' addresses. */
export type RateClass = 'login' | 'registration';

/** What a user leaves in the store for days, and how often in an hour. */
export type KeptClass = keyof typeof keptPerHour;
const keptPerHour = {
  group: limits.groupChangesPerHourMax,
  schedule: limits.schedulesPerHourMax,
  file: limits.filesPerHourMax,
  'group-key': limits.groupKeyCallsPerHourMax,
  'idempotency-key': limits.idempotencyKeysPerHourMax,
} as const;
const hourSeconds = 3_600;

export class CallerLimits {
  readonly addresses: ClientAddresses;
  readonly rates: Readonly<Record<RateClass, AddressRate>>;
  readonly guesses: GuessRate;
  readonly sends: SendRates;
  /** By user. */
  readonly kept: Readonly<Record<KeptClass, RateLimit>>;
  readonly reads: ReadRates;
  /** Requests that were refused. */
  readonly refused: Readonly<Record<RateClass | 'guess' | 'send' | 'read' | 'kept', Counter>>;

  /** `monotonic`: whole milliseconds that only grow. */
  constructor(settings: CallerLimitSettings, counters: Counters, monotonic: () => number) {
    const refused = (name: string, meaning: string) =>
      counters.add(`http.refused.${name}`, `requests refused: ${meaning} in a short time`, {
        name: 'http.refused',
        description: 'requests refused, by what there was too much of',
        label: 'reason',
        value: name,
      });
    this.addresses = new ClientAddresses(settings);
    this.rates = {
      login: new AddressRate(this.addresses, settings.loginRate),
      registration: new AddressRate(this.addresses, settings.registrationRate),
    };
    this.guesses = new GuessRate(this.addresses, settings.loginFailureRate);
    this.kept = {
      group: new RateLimit(keptPerHour.group, hourSeconds),
      schedule: new RateLimit(keptPerHour.schedule, hourSeconds),
      file: new RateLimit(keptPerHour.file, hourSeconds),
      'group-key': new RateLimit(keptPerHour['group-key'], hourSeconds),
      'idempotency-key': new RateLimit(keptPerHour['idempotency-key'], hourSeconds),
    };
    this.sends = new SendRates({
      perSecond: settings.sendRate,
      bytesPerSecond: settings.sendBytesRate,
      // Over HTTP each message is a conversation of its own: the rate of messages bounds them.
      conversationsPerHour: 1,
      monotonic,
    });
    this.reads = new ReadRates({ bytesPerSecond: settings.readBytesRate, monotonic });
    this.refused = {
      login: refused('login', 'too many logins from one address'),
      registration: refused('registration', 'too many registrations from one address'),
      guess: refused('guess', 'too many wrong secrets for one account'),
      send: refused('send', 'too many messages of one user, or too many bytes of them'),
      read: refused('read', 'too many bytes read by one user'),
      kept: refused('kept', 'too much of one user that is remembered for days'),
    };
  }
}
