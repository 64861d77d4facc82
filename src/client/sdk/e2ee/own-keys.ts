/**
 * The account's own key pair, fetched or made when it is first needed, and held for as long as the
 * client runs.
 */
import { CimError, describeError } from '../../../base/errors.ts';
import type { KeyPins } from './key-pins.ts';
import { type KeyVaultOptions, openVault } from './key-vault.ts';
import type { Patience } from './patience.ts';
import type { KeyChange } from './peer-keys.ts';
import type { OwnKeys } from './sealing.ts';

export interface OwnKeysOptions extends KeyVaultOptions {
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
  #isMissing = false;

  constructor(options: OwnKeysOptions) {
    this.#options = options;
  }

  /** Logged in: the cluster keeps keys, or does not. */
  connected(isOffered: boolean): void {
    const wasOffered = this.#isOffered;
    this.#isOffered = isOffered;
    const { pins, userId, onUnusable } = this.#options;
    if (isOffered)
      this.get().catch(() => {}); // whoever needs the pair asks again
    else if (wasOffered !== false && pins.of(userId))
      onUnusable('the cluster says that it keeps no keys, but it did before');
  }

  /** It is known that there is none. */
  get isMissing(): boolean {
    return this.#isMissing || (this.#isOffered === false && !this.#keys);
  }

  /**
   * Null: there is none, and nothing can be sealed or opened. Waits while no route answers; rejects
   * with the CimError with which they refuse the client.
   */
  get(): Promise<OwnKeys | null> {
    if (this.isMissing) return Promise.resolve(null);
    this.#keys ??= this.#open().catch((error: unknown) => {
      if (error instanceof CimError && error.kind === 'no-key') {
        this.#options.onUnusable(describeError(error));
        return this.#none();
      }
      this.#keys = undefined;
      // Keys are not kept here; a later login may say otherwise.
      if (error instanceof CimError && error.kind === 'not-allowed') return null;
      throw error;
    });
    return this.#keys;
  }

  async #open(): Promise<OwnKeys | null> {
    const { userId, pins, patience, onPinned, onChanged } = this.#options;
    const keys = await patience.untilAnswered(() => openVault(this.#options));
    if (!keys) return this.#none();
    const sighting = pins.see(userId, keys.text, []);
    if (sighting !== 'known') onPinned();
    if (sighting === 'changed') onChanged({ userId, wasVerified: false });
    return keys;
  }

  #none(): null {
    this.#isMissing = true;
    return null;
  }
}
