/** Who exists. Names are unique ignoring case, ids are unique, and neither ever changes hands. */

export interface Account {
  readonly userId: number;
  readonly name: string;
}

export interface Registration {
  readonly name: string;
  /** Honoured when free; otherwise the store draws one. */
  readonly userId?: number;
}

export type RegistrationResult =
  /** `created` is false when the very same account existed: registering is idempotent by name. */
  | { readonly status: 'registered'; readonly account: Account; readonly created: boolean }
  /** The name belongs to another id. */
  | { readonly status: 'name-taken'; readonly account: Account }
  /** The id belongs to another name. */
  | { readonly status: 'id-taken'; readonly account: Account };

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
}
