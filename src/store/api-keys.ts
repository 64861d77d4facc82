/** Keys by which applications push over HTTP. What a key opens is checked by routes. */

import type { ApiKeyScope } from '../base/secrets/api-key-scope.ts';

export interface ApiKey {
  /** Part of the key as it is shown: names it in lists and when it is revoked. */
  readonly id: string;
  /** What it is for, in its maker's words. */
  readonly label: string;
  readonly scope: ApiKeyScope;
  /** SHA-256 of the key, 64 hex digits. */
  readonly hash: string;
  /** ms since 1970 */
  readonly createdAt: number;
}

export interface ApiKeys {
  /**
   * False: there are `limits.apiKeysMax` already, or the id is another key's. Adding the very same
   * key again is harmless.
   */
  add(key: ApiKey): Promise<boolean>;

  find(id: string): Promise<ApiKey | null>;

  /** Oldest first. */
  list(): Promise<ApiKey[]>;

  /** False: there was none. */
  remove(id: string): Promise<boolean>;
}
