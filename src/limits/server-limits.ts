/** What a server holds its clients to, beside what each connection may do. */
import { AddressRate } from './address-rate.ts';
import { type AddressSettings, ClientAddresses } from './addresses.ts';
import { Crowd } from './crowd.ts';
import { type ReadRate, ReadRates } from './read-rates.ts';
import { type SendRate, SendRates } from './send-rates.ts';

export interface ServerLimitSettings extends AddressSettings {
  readonly connectionsPerIp: number;
  readonly loginRate: number;
  readonly sendRate: number;
  readonly sendBytesRate: number;
  readonly readBytesRate: number;
  readonly conversationRate: number;
}

export class ServerLimits {
  readonly addresses: ClientAddresses;
  readonly crowd: Crowd;
  readonly logins: AddressRate;
  readonly sends: SendRates;
  readonly reads: ReadRates;

  /** `monotonic`: whole milliseconds that only grow. */
  constructor(settings: ServerLimitSettings, monotonic: () => number) {
    this.addresses = new ClientAddresses(settings);
    this.crowd = new Crowd(this.addresses, settings.connectionsPerIp);
    this.logins = new AddressRate(this.addresses, settings.loginRate);
    this.reads = new ReadRates({ bytesPerSecond: settings.readBytesRate, monotonic });
    this.sends = new SendRates({
      perSecond: settings.sendRate,
      bytesPerSecond: settings.sendBytesRate,
      conversationsPerHour: settings.conversationRate,
      monotonic,
    });
  }

  /** Null: this user may send as fast as it can. To be released in `sends`. */
  holdSends(userId: number, address: string): SendRate | null {
    return this.addresses.isExempt(address) ? null : this.sends.hold(userId);
  }

  /** Null: this user may read as fast as it can. To be released in `reads`. */
  holdReads(userId: number, address: string): ReadRate | null {
    return this.addresses.isExempt(address) ? null : this.reads.hold(userId);
  }
}
