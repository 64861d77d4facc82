/**
 * Who exists. Names are unique ignoring case, ids are unique, and neither ever changes hands, but for
 * the name of an account that was deleted (deletions.ts).
 */

export interface Account {
  readonly userId: number;
  readonly name: string;
}

/** What a user proves to be the holder of an account by. */
export interface Credential {
  /**
   * SHA-256 (64 hex digits) of the value that clients derive from the account's secret; empty: the
   * account has no secret.
   */
  readonly verifier: string;
  /**
   * Begins at 1 and grows whenever all that was let in before is to be let in no more: tokens name
   * it. Below 0 while the account is blocked (it grows in size then): no token names such a one.
   */
  readonly generation: number;
}

/** Whether operators keep everybody out of it. */
export function isBlocked({ generation }: Pick<Credential, 'generation'>): boolean {
  return generation < 0;
}

/** The key pair of an account, for what only the devices of both sides are to read. */
export interface KeyPair {
  /** X25519, raw, base64url. */
  readonly publicKey: string;
  /** The private half as the client sealed it under a key that only the secret gives; base64url. */
  readonly wrappedKey: string;
}

/** What others may know of an account's keys. */
export interface PublicKeys {
  readonly account: Account;
  /** Null: it has none. */
  readonly current: string | null;
  /** Those that it had before, newest first, `limits.earlierKeysMax` at most. */
  readonly earlier: readonly string[];
}

export interface Registration {
  readonly name: string;
  /** Honoured when free; otherwise the store draws one. */
  readonly userId?: number;
  /** Of a new account; what an account has is never changed by registering. Absent: no secret. */
  readonly verifier?: string;
}

export type RegistrationResult =
  /** `created` is false when the very same account existed: registering is idempotent by name. */
  | { readonly status: 'registered'; readonly account: Account; readonly created: boolean }
  /** The name belongs to another id. */
  | { readonly status: 'name-taken'; readonly account: Account }
  /** The id belongs to another name. */
  | { readonly status: 'id-taken'; readonly account: Account }
  /** The id was that of an account that was deleted, whoever has the name. */
  | { readonly status: 'deleted' };

export interface Accounts {
  /**
   * Registers a name. Concurrent calls for one name give one id, for one id give one name. A crash
   * between the steps of a store that needs several heals: a claimed name counts only while its
   * account bears it, or the claim is younger than `limits.nameClaimMs`; a later call for the name
   * completes it, or replaces it.
   */
  register(registration: Registration): Promise<RegistrationResult>;

  /** The accounts of these ids, in their order; null where there is none. */
  get(userIds: readonly number[]): Promise<(Account | null)[]>;

  /** By its whole name, whatever the case. Null: nobody bears it. */
  named(name: string): Promise<Account | null>;

  /** Null where there is no such account. */
  credential(userId: number): Promise<(Account & Credential) | null>;

  /**
   * Replaces the secret of an account, and its key pair by the same one wrapped anew (null: it loses
   * its pair, and what was encrypted for it). The generation grows by one. Answers the new
   * generation; null: the account's verifier is neither `expected` nor already `verifier`, or there
   * is no such account. Repeating a call whose answer was lost is harmless: what is already so gives
   * its generation. `expected` null: whatever it is (a reset).
   */
  replaceSecret(change: SecretChange): Promise<number | null>;

  /** The generation grows by one; answers the new one, null: there is no such account. */
  revoke(userId: number): Promise<number | null>;

  /**
   * Lets nobody in with the account any more, or again. The generation grows by one, and what is so
   * already stays; answers the one that it is of then, null: there is no such account.
   */
  setBlocked(userId: number, isBlocked: boolean): Promise<number | null>;

  /** Gives the account its key pair, unless it has one: answers the one that it has then. */
  offerKeys(userId: number, pair: KeyPair): Promise<KeyPair | null>;

  /** Null: it has none, or there is no such account. */
  keyPair(userId: number): Promise<KeyPair | null>;

  /** In their order; null where there is no account. */
  publicKeys(userIds: readonly number[]): Promise<(PublicKeys | null)[]>;
}

export interface SecretChange {
  readonly userId: number;
  readonly expected: string | null;
  readonly verifier: string;
  /** The private half of the present key pair, wrapped under the new secret. */
  readonly wrappedKey: string | null;
}
