/**
 * Users and applications that call over HTTP: what their tokens and keys are worth by now. The
 * header itself is read in src/auth/identity.ts.
 */
import { LRUCache } from 'lru-cache';
import { apiKeyId, matchesApiKey } from '../auth/api-key.ts';
import type { VouchedUser } from '../auth/application-tokens.ts';
import type { ApplicationIdentity, Proofs, UserIdentity } from '../auth/identity.ts';
import type { Clock } from '../base/clock.ts';
import { CimError, describeError } from '../base/errors.ts';
import { assertUserName } from '../base/names.ts';
import type { Account } from '../store/accounts.ts';
import type { Store } from '../store/store.ts';
import type { AccountDirectory } from './account-directory.ts';
import type { Authentication } from './authentication.ts';
import { registeredAccount } from './registration.ts';

export interface CallersOptions {
  readonly store: Pick<Store, 'accounts' | 'apiKeys'>;
  readonly accounts: AccountDirectory;
  readonly authentication: Authentication;
  readonly clock: Clock;
}

/** Generations, and accounts by name: some hundred bytes each. */
const rememberedMax = 10_000;
/** For so long a token may be good at one route that was revoked through another. */
const generationMsMax = 1_000;

export class Callers implements NonNullable<Proofs['users']> {
  readonly #options: CallersOptions;
  readonly #generations: LRUCache<number, Promise<number | undefined>>;
  readonly #byName = new LRUCache<string, Account>({ max: rememberedMax });

  constructor(options: CallersOptions) {
    this.#options = options;
    this.#generations = new LRUCache({
      max: rememberedMax,
      ttl: generationMsMax,
      ttlResolution: 0,
      // To the cache a time of 0 is none.
      perf: { now: () => options.clock.monotonic() + 1 },
    });
  }

  async ofToken(token: string): Promise<UserIdentity> {
    const { tokens, application } = this.#options.authentication;
    if (application && !tokens.isOwn(token)) {
      const { userId, name } = await this.#accountOf(await application.verify(token));
      return { kind: 'user', userId, userName: name, proof: 'application-token' };
    }
    const { userId, userName, generation } = await tokens.verify(token);
    if ((await this.#generationOf(userId)) !== generation) {
      throw new CimError('unauthenticated', 'the token was revoked: log in anew');
    }
    return { kind: 'user', userId, userName, proof: 'cim-token' };
  }

  async ofApiKey(key: string): Promise<ApplicationIdentity> {
    const id = apiKeyId(key);
    const found = id === undefined ? null : await this.#options.store.apiKeys.find(id);
    if (!found || !matchesApiKey(key, found.hash)) {
      throw new CimError('unauthenticated', 'the key is not known, or was revoked');
    }
    return { kind: 'application', scope: found.scope };
  }

  /** The account is of another generation now. */
  forget(userId: number): void {
    this.#generations.delete(userId);
  }

  #generationOf(userId: number): Promise<number | undefined> {
    let generation = this.#generations.get(userId);
    if (!generation) {
      generation = this.#options.store.accounts
        .credential(userId)
        .then((credential) => credential?.generation);
      this.#generations.set(userId, generation);
      generation.catch(() => this.#generations.delete(userId));
    }
    return generation;
  }

  /** Made at the first use. */
  async #accountOf(user: VouchedUser): Promise<Account> {
    const { accounts } = this.#options;
    if (user.userId === undefined) {
      return this.#byName.get(user.name) ?? this.#register(user.name);
    }
    const account = await accounts.find(user.userId);
    if (account) return account;
    if (user.name === undefined) {
      throw new CimError('unauthenticated', 'the token does not tell the name of a new user');
    }
    return this.#register(user.name, user.userId);
  }

  async #register(name: string, userId?: number): Promise<Account> {
    assertVouchedName(name);
    const registration = userId === undefined ? { name } : { name, userId };
    const account = registeredAccount(await this.#options.store.accounts.register(registration));
    // Names are unique whatever the case: to the application these are two users.
    if (account.name !== name) {
      throw new CimError('name-taken', `another user has the name ${JSON.stringify(account.name)}`);
    }
    if (userId === undefined) this.#byName.set(name, account);
    return account;
  }
}

function assertVouchedName(name: string): void {
  try {
    assertUserName(name);
  } catch (cause) {
    throw new CimError('unauthenticated', `of the token: ${describeError(cause)}`, { cause });
  }
}
