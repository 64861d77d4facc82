/**
 * Finds the secret of the account, among those that are kept, given, drawn, or told by a person.
 * Only a route knows which one fits; until then there may be several.
 *
 * A secret is kept before anybody else hears of it, and given up only for one that has let the
 * client in. So no lost answer and no crash locks a user out.
 */
import {
  type AccountKeys,
  assertSecret,
  deriveAccountKeys,
  formatSecret,
  isDrawnSecret,
} from '../../../auth/account-secret.ts';
import { CimError, describeError } from '../../../base/errors.ts';
import type { WarningKind } from '../client-events.ts';
import type { KeptSecrets, Platform } from '../platform.ts';
import type { Credentials } from './credentials.ts';

export interface SecretsOptions {
  readonly userId: number;
  readonly credentials: Credentials;
  readonly random: Platform['random'];
  /** What the cluster stretches chosen secrets with. Rejects with a CimError. */
  readonly salt: () => Promise<string>;
  readonly warn: (kind: WarningKind, message: string) => void;
}

/** So often a person is asked before it is over. */
const askedMax = 3;
const secretBytes = 32;

export class Secrets {
  readonly #options: SecretsOptions;
  /** Given by the application, and not known to fit or not to. */
  #given: string | undefined;
  /** Deriving takes long where a person has chosen the secret. By salt and secret. */
  readonly #keys = new Map<string, Promise<AccountKeys>>();
  #salt: string | undefined;
  /** As it was kept when it was looked at last. */
  #current: string | undefined;
  #whyNone = 'none was given';

  constructor(options: SecretsOptions) {
    this.#options = options;
    this.#given = options.credentials.secret;
  }

  /** Why there is nothing to try. */
  get whyNone(): string {
    return this.#whyNone;
  }

  /** Those to try, the likeliest first, and at last what a person tells. */
  async *toTry(): AsyncGenerator<string, void> {
    const { ask } = this.#options.credentials;
    // A system that was set up anew has another one.
    this.#salt = undefined;
    yield* await this.known();
    for (let asked = 0; ask && asked < askedMax; asked++) {
      const told = await ask();
      if (told === undefined) return;
      if (!isPossible(told)) continue;
      this.#given = told;
      yield told;
    }
  }

  /** Those that may be it. Where there is none, one is drawn and kept; none if that cannot be. */
  async known(): Promise<readonly string[]> {
    const { next, current } = await this.#load();
    this.#current = current;
    const known = [this.#given, next, current].filter((secret) => secret !== undefined);
    if (known.length > 0) return [...new Set(known)];
    const drawn = await this.#draw();
    return drawn === undefined ? [] : [drawn];
  }

  /** Rejects with a CimError: `invalid-argument`, or why the salt is not to be had. */
  async keysOf(secret: string): Promise<AccountKeys> {
    assertSecret(secret);
    if (!isDrawnSecret(secret)) this.#salt ??= await this.#options.salt();
    const name = isDrawnSecret(secret) ? secret : `${this.#salt} ${secret}`;
    let keys = this.#keys.get(name);
    if (!keys) {
      keys = deriveAccountKeys(secret, this.#options.userId, this.#salt);
      this.#keys.set(name, keys);
    }
    return keys;
  }

  /** It has let the client in. */
  async fits(secret: string): Promise<void> {
    const { keeper } = this.#options.credentials;
    const isGiven = secret === this.#given;
    if (!keeper) return;
    try {
      const { next } = await keeper.load();
      if (secret === next) await keeper.promote(secret);
      else if (isGiven) await keeper.replace(this.#current, secret);
      this.#given = undefined;
    } catch (error) {
      const reason = describeError(error);
      this.#options.warn('secret-not-kept', `the secret could not be saved here: ${reason}`);
    }
  }

  /** The one that is to replace it, kept; the same again until it has. */
  async next(): Promise<string> {
    const { keeper } = this.#options.credentials;
    if (!keeper) throw new CimError('bad-config', 'there is no place to keep a new secret');
    try {
      return await keeper.offer('next', this.#newSecret());
    } catch (error) {
      const reason = describeError(error);
      throw new CimError('bad-config', `a new secret could not be saved: ${reason}`, {
        cause: error,
      });
    }
  }

  async #load(): Promise<KeptSecrets> {
    return (await this.#options.credentials.keeper?.load()) ?? {};
  }

  async #draw(): Promise<string | undefined> {
    const { keeper } = this.#options.credentials;
    if (!keeper) return undefined;
    try {
      this.#current = await keeper.offer('current', this.#newSecret());
      return this.#current;
    } catch (error) {
      if (error instanceof CimError && error.kind === 'no-web-crypto') throw error;
      this.#whyNone = `one could not be saved: ${describeError(error)}`;
      return undefined;
    }
  }

  #newSecret(): string {
    return formatSecret(this.#options.random.bytes(secretBytes));
  }
}

function isPossible(told: string): boolean {
  try {
    assertSecret(told);
    return true;
  } catch {
    return false;
  }
}
