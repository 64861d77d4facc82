/**
 * Who somebody is that shows a name, or an id, and a password, and knows nothing of login keys: MQTT
 * clients. What cim's own clients derive from a secret is derived here; so the secret comes to a route,
 * which keeps nothing of it but a hash in memory.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { ProveEntry, ProveResult } from '../../api/route-api.ts';
import { deriveAccountKeys, isDrawnSecret } from '../../auth/account-secret.ts';
import { matchesVerifier } from '../../auth/verifier.ts';
import { CimError, type ErrorName } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { RecentlyUsed } from '../../base/recently-used.ts';
import { assertUserName } from '../../base/text/names.ts';
import { type CloseName, closeCodes } from '../../codec/close-codes.ts';
import type { GuessRate } from '../../limits/guess-rate.ts';
import { type Account, isBlocked } from '../../store/accounts.ts';
import type { Store } from '../../store/store.ts';
import type { AuthMode } from './authentication.ts';
import type { Callers } from './callers.ts';
import { registeredAccount } from './registration.ts';

export interface PasswordProofsOptions {
  readonly store: Pick<Store, 'accounts' | 'identity' | 'sessions'>;
  readonly mode: AuthMode;
  readonly callers: Pick<Callers, 'ofToken'>;
  /** How often secrets may be guessed, over HTTP as here. */
  readonly guesses: GuessRate;
}

type Proven = Pick<ProveResult, 'userId' | 'userName' | 'generation'>;

/** Login keys of passwords that were shown of late: some hundred bytes each. */
const rememberedMax = 10_000;
const nobody: Omit<ProveResult, 'code' | 'reason'> = {
  ...{ userId: 0, userName: '', generation: 0, at: 0 },
};
/** What is told of an error; of others that it cannot be checked now. */
const refusals: Partial<Record<ErrorName, CloseName>> = {
  'account-mismatch': 'not-allowed',
  'invalid-argument': 'not-allowed',
  'too-long': 'not-allowed',
  'account-deleted': 'account-deleted',
  'account-blocked': 'blocked',
  unauthenticated: 'token-refused',
  'too-many-requests': 'too-fast',
};

export class PasswordProofs {
  readonly #options: PasswordProofsOptions;
  /** By what the password is hashed to, with a key of this process. */
  readonly #known = new RecentlyUsed<string, { readonly loginKey: string }>(rememberedMax);
  readonly #hashKey = randomBytes(32);
  #stretching = 0;

  constructor(options: PasswordProofsOptions) {
    this.#options = options;
  }

  /** Rejects if the store cannot be asked. */
  async prove(entry: ProveEntry): Promise<ProveResult> {
    try {
      const proven = await this.#proven(entry);
      const at = await this.#options.store.sessions.now();
      return { code: 0, reason: '', ...proven, at };
    } catch (error) {
      if (!(error instanceof CimError)) throw error;
      const { code, meaning } = closeCodes[refusals[error.kind] ?? 'unavailable'];
      return { code, reason: meaning, ...nobody };
    }
  }

  #proven(entry: ProveEntry): Promise<Proven> {
    switch (this.#options.mode) {
      case 'open':
        return this.#withoutProof(entry);
      case 'jwt':
        return this.#byToken(entry);
      case 'secret':
        return this.#bySecret(entry);
    }
  }

  /** As everywhere in an open cluster, whoever comes with a new name has an account from now on. */
  async #withoutProof({ user }: ProveEntry): Promise<Proven> {
    const known = await this.#accountOf(user);
    if (known) return { userId: known.userId, userName: known.name, generation: 0 };
    if (isId(user)) throw new CimError('account-mismatch');
    assertUserName(user);
    const registered = await this.#options.store.accounts.register({ name: user });
    const { userId, name } = registeredAccount(registered);
    return { userId, userName: name, generation: 0 };
  }

  async #byToken({ user, password }: ProveEntry): Promise<Proven> {
    const { userId, userName } = await this.#options.callers.ofToken(password);
    if (user !== '' && user !== userName && user !== String(userId))
      throw new CimError('account-mismatch');
    const credential = await this.#options.store.accounts.credential(userId);
    if (!credential) throw new CimError('account-mismatch');
    return { userId, userName, generation: credential.generation };
  }

  async #bySecret({ user, password, address }: ProveEntry): Promise<Proven> {
    const { store, guesses } = this.#options;
    // Before anything remembers it.
    if (!isId(user)) assertUserName(user);
    const account = await this.#accountOf(user);
    const credential = account && (await store.accounts.credential(account.userId));
    // Of one who is not there it is not told that they are not: a guess is counted all the same.
    const name = credential ? String(credential.userId) : `nobody ${user}`;
    const guess = await guesses.run(name, address, async () => {
      if (!credential || credential.verifier === '') return false;
      const loginKey = await this.#loginKeyOf(password, credential.userId);
      return matchesVerifier(loginKey, credential.verifier);
    });
    if ('waitMs' in guess) throw new CimError('too-many-requests');
    if (!guess.isRight || !credential) throw new CimError('account-mismatch');
    const { userId, name: userName, generation } = credential;
    if (isBlocked(credential)) throw new CimError('account-blocked');
    return { userId, userName, generation };
  }

  async #loginKeyOf(password: string, userId: number): Promise<string> {
    if (isDrawnSecret(password)) return (await deriveAccountKeys(password, userId)).loginKey;
    const hash = createHmac('sha256', this.#hashKey).update(`${userId} ${password}`).digest('hex');
    const known = this.#known.get(hash);
    if (known) return known.loginKey;
    if (this.#stretching >= limits.stretchesMax) throw new CimError('busy');
    this.#stretching += 1;
    try {
      const salt = await this.#options.store.identity.salt();
      const { loginKey } = await deriveAccountKeys(password, userId, salt);
      this.#known.set(hash, { loginKey });
      return loginKey;
    } finally {
      this.#stretching -= 1;
    }
  }

  async #accountOf(user: string): Promise<Account | null> {
    const { accounts } = this.#options.store;
    if (!isId(user)) return user === '' ? null : accounts.named(user);
    const userId = Number(user);
    if (userId < 1 || userId > limits.userIdMax) return null;
    return (await accounts.get([userId]))[0] ?? null;
  }
}

function isId(user: string): boolean {
  return /^\d{1,16}$/.test(user);
}
