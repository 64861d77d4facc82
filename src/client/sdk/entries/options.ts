/** What an application says to have a client, the same on all platforms. */
import type { Credentials } from '../account/credentials.ts';
import { memorySecretKeeper } from '../account/memory-secret-keeper.ts';
import type { CimClientOptions } from '../client-options.ts';
import type { Receipts } from '../conversations/mark.ts';
import type { EncryptionMode } from '../e2ee/sealable.ts';
import type { Platform, SecretKeeper, Storage } from '../platform.ts';

export interface ClientOptions {
  /** Of the cluster's routes, `https://chat.example`; of several the client tries one after the other. */
  readonly url: string | readonly string[];
  readonly userId: number;
  /** The account has it from its first login on, and bears no other; `user-<userId>`, if absent. */
  readonly userName?: string;
  /**
   * The account's secret. Without one, and without a token, the platform's storage keeps it: it is
   * drawn at the first login.
   */
  readonly secret?: string;
  /** What an application vouches for the user with, a JWT; or how to get one, asked for at each login. */
  readonly token?: string | (() => Promise<string>);
  /** What the device remembers: which messages it has shown. Null: nothing, it is a new device each time. */
  readonly storage?: Storage | null;
  /** Where the account's secret is kept. Null: nowhere. */
  readonly secrets?: SecretKeeper | null;
  /** How messages are encrypted from end to end: `auto`, `require` or `off`. */
  readonly e2ee?: EncryptionMode;
  /** Whether others are told what was delivered here, and read. */
  readonly receipts?: Receipts;
}

/** What a platform has for those who say nothing of it. */
export interface PlatformDefaults {
  readonly platform: Platform;
  readonly storage?: Storage;
  readonly secrets?: SecretKeeper;
}

export function optionsOf(given: ClientOptions, defaults: PlatformDefaults): CimClientOptions {
  const { url, userId, userName = `user-${userId}`, e2ee, receipts } = given;
  const storage = given.storage === undefined ? defaults.storage : given.storage;
  return {
    platform: defaults.platform,
    routes: (typeof url === 'string' ? [url] : url).map((each) => each.replace(/\/+$/, '')),
    userId,
    userName,
    credentials: credentialsOf(given, defaults),
    ...(storage && { storage }),
    ...(e2ee && { e2ee }),
    ...(receipts && { receipts }),
  };
}

function credentialsOf(given: ClientOptions, defaults: PlatformDefaults): Credentials {
  const { token, secret } = given;
  const kept = given.secrets === undefined ? defaults.secrets : given.secrets;
  // A secret that is told has to be kept somewhere while the client runs.
  const keeper = kept ?? (secret === undefined ? undefined : memorySecretKeeper());
  return {
    ...(keeper && { keeper }),
    ...(secret !== undefined && { secret }),
    ...(token !== undefined && { token: typeof token === 'string' ? async () => token : token }),
  };
}

/** Names a place for what is kept of this user at this cluster. */
export function placeOf({ url, userId }: ClientOptions): string {
  const first = typeof url === 'string' ? url : url[0];
  return `${new URL(first ?? '').host} ${userId}`;
}
