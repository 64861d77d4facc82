/**
 * Users and applications that call over HTTP: what their tokens and keys are worth by now. The
 * header itself is read in src/auth/identity.ts.
 */
import { apiKeyId, matchesApiKey } from '../../auth/api-key.ts';
import type { ApplicationIdentity, Proofs, UserIdentity } from '../../auth/identity.ts';
import type { Clock } from '../../base/clock.ts';
import { CimError } from '../../base/errors.ts';
import { RecentlyUsed } from '../../base/recently-used.ts';
import { isBlocked } from '../../store/accounts.ts';
import type { Store } from '../../store/store.ts';
import type { AccountDirectory } from './account-directory.ts';
import type { Authentication } from './authentication.ts';
import { VouchedAccounts } from './vouched-accounts.ts';

export interface CallersOptions {
  readonly store: Pick<Store, 'accounts' | 'apiKeys'>;
  readonly accounts: AccountDirectory;
  readonly authentication: Authentication;
  readonly clock: Clock;
}

/** Generations: some hundred bytes each. */
const rememberedMax = 10_000;
/** For so long a token may be good at one route that was revoked through another. */
const generationMsMax = 1_000;

export class Callers implements NonNullable<Proofs['users']> {
  readonly #options: CallersOptions;
  readonly #generations: RecentlyUsed<number, Promise<number | undefined>>;
  readonly #vouched: VouchedAccounts;

  constructor(options: CallersOptions) {
    this.#options = options;
    this.#vouched = new VouchedAccounts(options.store.accounts, options.accounts);
    this.#generations = new RecentlyUsed(rememberedMax, {
      ttl: generationMsMax,
      ttlResolution: 0,
      // To the cache a time of 0 is none.
      perf: { now: () => options.clock.monotonic() + 1 },
    });
  }

  async ofToken(token: string): Promise<UserIdentity> {
    const { tokens, application } = this.#options.authentication;
    if (application && !tokens.isOwn(token)) {
      const { userId, name } = await this.#vouched.of(await application.verify(token));
      // It may be remembered here, and deleted since.
      const generation = await this.#generationOf(userId);
      if (generation === undefined) throw new CimError('account-deleted');
      if (isBlocked({ generation })) throw new CimError('account-blocked');
      return { kind: 'user', userId, userName: name, proof: 'application-token' };
    }
    const { userId, userName, generation } = await tokens.verify(token);
    const present = await this.#generationOf(userId);
    if (present !== generation) {
      if (present !== undefined && isBlocked({ generation: present }))
        throw new CimError('account-blocked');
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

  /** It was deleted. */
  forgetAccount(userId: number): void {
    this.forget(userId);
    this.#vouched.forget(userId);
  }

  /** The store is another one. */
  forgetAll(): void {
    this.#generations.clear();
    this.#vouched.forgetAll();
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
}
