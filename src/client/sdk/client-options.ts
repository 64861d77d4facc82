/** What a client is made with. */
import type { Credentials } from './account/credentials.ts';
import type { Receipts } from './conversations/mark.ts';
import type { EncryptionMode } from './e2ee/sealable.ts';
import type { Platform, Storage } from './platform.ts';
import type { Outbox } from './sending/outbox.ts';

export interface CimClientOptions {
  readonly userId: number;
  readonly userName: string;
  /** Base URLs of routes (`http://127.0.0.1:8083`), tried in turn; or how to find them. */
  readonly routes: readonly string[] | (() => Promise<readonly string[]>);
  readonly platform: Platform;
  /** What proves whose it is. */
  readonly credentials?: Credentials;
  /**
   * Where the device keeps its state. Without one it is ephemeral: a new device each time, that
   * leaves nothing behind.
   */
  readonly storage?: Storage;
  /**
   * Where what is sent is kept until it is stored. Without one that is in memory, and gone with the client.
   */
  readonly outbox?: Outbox;
  /**
   * How private messages are encrypted from end to end: where both sides can (`auto`, what is done if
   * nothing is said), always or not sent, never.
   */
  readonly e2ee?: EncryptionMode;
  /**
   * What senders are told of what is delivered to this client, and read; all, if absent. With `off`
   * nobody is told that its user types, either.
   */
  readonly receipts?: Receipts;
}
