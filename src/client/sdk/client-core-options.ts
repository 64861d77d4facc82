/** What the parts are that go on in a CimClient while it is started (client-core.ts). */
import type { Account } from './account/account.ts';
import type { LeavingReason } from './client-events.ts';
import type { MarksAnswer, MarksQuery } from './conversations/conversation.ts';
import type { Receipts } from './conversations/mark.ts';
import type { Encryption } from './e2ee/encryption.ts';
import type { KnownGroups } from './e2ee/groups/known-groups.ts';
import type { KeyPins } from './e2ee/key-pins.ts';
import type { EventEmitter } from './event-emitter.ts';
import type { Platform, Storage } from './platform.ts';
import type { Outbox } from './sending/outbox.ts';

export interface ClientCoreOptions {
  readonly userId: number;
  readonly userName: string;
  readonly platform: Platform;
  readonly storage?: Storage;
  readonly outbox?: Outbox;
  readonly account: Account;
  readonly encryption: Encryption;
  /** Of the encryption: kept with the device's state. */
  readonly pins: KeyPins;
  readonly known: KnownGroups;
  readonly events: EventEmitter;
  readonly receipts?: Receipts;
  /** Asks a route how far others have got. */
  readonly askMarks: (query: MarksQuery) => Promise<MarksAnswer>;
  /** Why the user is in this group no longer, as far as a route can tell. Never rejects. */
  readonly whyLeft: (group: string) => Promise<LeavingReason>;
  /** What a route says is the matter with the cluster. */
  readonly findTrouble: () => Promise<string | null>;
}
