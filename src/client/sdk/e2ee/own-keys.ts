/**
 * The account's own key pair, fetched or made when it is first needed, and held for as long as the
 * client runs.
 */
import type { webcrypto } from 'node:crypto';
import { CimError, describeError } from '../../../base/errors.ts';
import type { KeyPins } from './key-pins.ts';
import { type KeyVaultOptions, openVault } from './key-vault.ts';
import type { Patience } from './patience.ts';
import type { KeyChange } from './peer-keys.ts';
import type { OwnKeys } from './sealing.ts';

export interface OwnKeysOptions extends Pick<KeyVaultOptions, 'userId' | 'fetch' | 'publish'> {
  /** Undefined: this client has no secret to open the pair with. */
  readonly wrapKey: () => Promise<webcrypto.CryptoKey | undefined>;
  readonly pins: KeyPins;
  readonly patience: Patience;
  readonly onPinned: () => void;
  readonly onChanged: (change: KeyChange) => void;
  /** There is a pair, or should be one, and it cannot be used. */
  readonly onUnusable: (reason: string) => void;
}

export class OwnKeyHolder {
  readonly #options: OwnKeysOptions;
  /** Null: there is none that could be used. */
  #keys: Promise<OwnKeys | null> | undefined;
  /** What the last login said; undefined: nothing yet. */
  #isOffered: boolean | undefined;

  constructor(options: OwnKeysOptions) {
    this.#options = options;
  }

  /** Logged in: the cluster keeps keys, or does not. */
  connected(isOffered: boolean): void {
    const wasOffered = this.#isOffered;
    this.#isOffered = isOffered;
    const { pins, userId, onUnusable } = this.#options;
    if (isOffered) void this.get();
    else if (wasOffered !== false && pins.of(userId))
      onUnusable('the cluster says that it keeps no keys, but it did before');
  }

  /** Null: there is none, and nothing can be sealed or opened. Waits while no route answers. */
  get(): Promise<OwnKeys | null> {
    if (!this.#keys && this.#isOffered === false) return Promise.resolve(null);
    this.#keys ??= this.#open().catch((error: unknown) => {
      if (!(error instanceof CimError)) throw error;
      // Keys are not kept here; a later login may say otherwise.
      if (error.kind === 'not-allowed') this.#keys = undefined;
      else this.#options.onUnusable(describeError(error));
      return null;
    });
    return this.#keys;
  }

  async #open(): Promise<OwnKeys | null> {
    const { userId, pins, patience, onPinned, onChanged } = this.#options;
    const wrapKey = await this.#options.wrapKey();
    if (!wrapKey) return null;
    const keys = await patience.untilAnswered(() => openVault({ ...this.#options, wrapKey }));
    const sighting = pins.see(userId, keys.text, []);
    if (sighting !== 'known') onPinned();
    if (sighting === 'changed') onChanged({ userId, wasVerified: false });
    return keys;
  }
}
