/**
 * The account's own key pair, fetched or made when it is first needed, and held for as long as the
 * client runs.
 */
import { CimError, describeError } from '../../../base/errors.ts';
import { ignore } from '../../../base/ignore.ts';
import { limits } from '../../../base/limits.ts';
import type { KeyChange } from './key-facts.ts';
import type { KeyPins } from './key-pins.ts';
import { type KeyVaultOptions, openVault } from './key-vault.ts';
import type { Patience } from './patience.ts';
import type { OwnKeys } from './sealing.ts';

export interface OwnKeysOptions extends KeyVaultOptions {
  readonly pins: KeyPins;
  readonly patience: Patience;
  readonly onPinned: () => void;
  readonly onChanged: (change: KeyChange) => void;
  /** What logins before have said; absent: there was none. */
  readonly isOffered?: boolean;
  /** There is a pair, or should be one, and it cannot be used. */
  readonly onUnusable: (reason: string) => void;
}

/** More of them than stores that one process sees. */
const formerMax = limits.earlierKeysMax;

export class OwnKeyHolder {
  readonly #options: OwnKeysOptions;
  /** Null: there is none that could be used. */
  #keys: Promise<OwnKeys | null> | undefined;
  /** The pair that was opened last, and those before it: what was sealed for them can be read. */
  #held: OwnKeys | undefined;
  readonly #former: OwnKeys[] = [];
  /** What the last login said; undefined: nothing yet. */
  #isOffered: boolean | undefined;
  #missing: 'none' | 'unopened' | undefined;
  /** Why it could not be opened, as it was told. */
  #problem = '';

  constructor(options: OwnKeysOptions) {
    this.#options = options;
    this.#isOffered = options.isOffered;
  }

  /**
   * Logged in: the cluster keeps keys, or does not. `isOtherStore`: what was published before may be
   * gone.
   */
  connected(isOffered: boolean, isOtherStore: boolean): void {
    const wasOffered = this.#isOffered;
    this.#isOffered = isOffered;
    const { pins, userId, onUnusable } = this.#options;
    // What was missing may be there by now.
    if (isOtherStore || this.#missing) {
      this.#missing = undefined;
      this.#keys = undefined;
    }
    if (isOffered) this.get().catch(ignore('whoever needs the pair asks again'));
    else if (wasOffered !== false && pins.of(userId))
      onUnusable('the cluster says that it keeps no keys, but it did before');
  }

  /** It is known that the account has none, and needs none. */
  get isMissing(): boolean {
    return this.#missing === 'none' || (this.#isOffered === false && !this.#keys);
  }

  /** The account has one, and it cannot be opened here. */
  get isUnopened(): boolean {
    return this.#missing === 'unopened';
  }

  /**
   * Null: there is none, and nothing can be sealed or opened. Waits while no route answers; rejects
   * with the CimError with which they refuse the client.
   */
  get(): Promise<OwnKeys | null> {
    if (this.isMissing || this.isUnopened) return Promise.resolve(null);
    const keys = this.#keys ?? this.#opened();
    this.#keys = keys;
    return keys;
  }

  /** The pair of this id, that of now or one of before. Rejects as `get` does. */
  async find(keyId: string): Promise<OwnKeys | undefined> {
    return (await this.all()).find((each) => each.id === keyId);
  }

  /** The pair of now, and those of before. Rejects as `get` does. */
  async all(): Promise<readonly OwnKeys[]> {
    const keys = await this.get();
    return keys ? [keys, ...this.#former] : this.#former;
  }

  async #opened(): Promise<OwnKeys | null> {
    try {
      return await this.#open();
    } catch (error) {
      if (error instanceof CimError && error.kind === 'no-key') {
        this.#tellProblem(describeError(error));
        this.#missing = 'unopened';
        return null;
      }
      this.#keys = undefined;
      // Keys are not kept here; a later login may say otherwise.
      if (error instanceof CimError && error.kind === 'not-allowed') return null;
      throw error;
    }
  }

  async #open(): Promise<OwnKeys | null> {
    const { userId, pins, patience, onPinned, onChanged } = this.#options;
    const keys = await patience.untilAnswered(() => openVault(this.#options, this.#held));
    if (!keys) {
      this.#missing = 'none';
      return null;
    }
    if (this.#held && this.#held.id !== keys.id) this.#former.unshift(this.#held);
    this.#former.splice(formerMax);
    this.#held = keys;
    const sighting = pins.see(userId, keys.text, []);
    if (sighting !== 'known') onPinned();
    if (sighting === 'changed') onChanged({ userId, wasVerified: false });
    return keys;
  }

  /** Once, not at every login. */
  #tellProblem(problem: string): void {
    if (problem !== this.#problem) this.#options.onUnusable(problem);
    this.#problem = problem;
  }
}
