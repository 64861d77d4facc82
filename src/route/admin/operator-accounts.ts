/** Accounts of operators: who they are, and letting them in. What each may do is said by endpoints. */
import { randomBytes } from 'node:crypto';
import type { OperatorAccountIdentity, Proofs } from '../../auth/identity.ts';
import {
  assertOperatorName,
  assertPasswordHash,
  isOperatorPassword,
} from '../../auth/operator-password.ts';
import { type OperatorSession, OperatorTokens } from '../../auth/operator-tokens.ts';
import type { Clock } from '../../base/clock.ts';
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Logger } from '../../base/log.ts';
import type { Counter } from '../../base/process/counters.ts';
import { RecentlyUsed } from '../../base/recently-used.ts';
import type { ClusterKey } from '../../base/secrets/cluster-key.ts';
import type { NoteAudit } from '../../http/audit.ts';
import { Semaphore } from '../../http/semaphore.ts';
import type { OperatorGuess } from '../../limits/guess-rate.ts';
import type { Operator, OperatorChange, OperatorRole, Operators } from '../../store/operators.ts';

export type OperatorInfo = Pick<Operator, 'name' | 'role' | 'createdAt'>;

export interface SignedIn extends OperatorSession {
  readonly name: string;
  readonly role: OperatorRole;
}

export interface OperatorAccountsOptions {
  readonly operators: Operators;
  readonly clusterKeys: () => readonly ClusterKey[];
  readonly note: NoteAudit;
  /** Sign-ins that were. They are not in the audit log: strangers would push out of it what is there. */
  readonly refused: Counter;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Seen {
  readonly operator: Operator;
  /** By the monotonic clock. */
  readonly at: number;
}

export class OperatorAccounts implements NonNullable<Proofs['operators']> {
  readonly #options: OperatorAccountsOptions;
  readonly #operators: Operators;
  readonly #tokens: OperatorTokens;
  /** Stretching fills a core, and each takes 32 MiB. */
  readonly #stretching = new Semaphore(1);
  /** As the store has them, as far as it was asked of late. */
  readonly #seen = new RecentlyUsed<string, Seen>(limits.operatorsMax);
  #signInsUnderWay = 0;

  constructor(options: OperatorAccountsOptions) {
    this.#options = options;
    this.#operators = options.operators;
    this.#tokens = new OperatorTokens(options.clusterKeys, options.clock);
  }

  /** `invalid-argument`, `too-many`, `name-taken`. */
  async create(name: string, role: OperatorRole, hash: string): Promise<void> {
    assertOperatorName(name);
    assertPasswordHash(hash);
    const id = randomBytes(8).toString('hex');
    const createdAt = this.#options.clock.now();
    if (await this.#operators.add({ name, id, role, hash, generation: 1, createdAt })) return;
    if (await this.#operators.find(name))
      throw new CimError('name-taken', `there is an operator ${name} already`);
    throw new CimError('too-many', `there may be ${limits.operatorsMax} operators`);
  }

  async list(): Promise<OperatorInfo[]> {
    const operators = await this.#operators.list();
    return operators.map(({ name, role, createdAt }) => ({ name, role, createdAt }));
  }

  /** Whoever is signed in under the name is so no more. `invalid-argument`, `not-found`. */
  async change(name: string, change: OperatorChange): Promise<void> {
    if (change.hash !== undefined) assertPasswordHash(change.hash);
    if (!(await this.#operators.change(name, change))) throw noOperator(name);
  }

  /** Likewise. `not-found`. */
  async remove(name: string): Promise<void> {
    if (!(await this.#operators.remove(name))) throw noOperator(name);
  }

  /** One answer to a wrong password and to a name that nobody has. `unauthenticated`, `busy`. */
  async signIn(name: string, password: string, from: SignInFrom): Promise<SignedIn> {
    if (this.#signInsUnderWay >= limits.operatorSignInsUnderWayMax) throw new CimError('busy');
    this.#signInsUnderWay += 1;
    try {
      const operator = await this.#operators.find(name);
      const isRight = () =>
        this.#stretching.run(() => isOperatorPassword(password, operator?.hash));
      const isLetIn = await from.guess(name, isRight);
      if (!isLetIn || !operator) throw this.#refusal(name, from.address);
      const { role } = operator;
      const action = { action: 'signIn', target: '', outcome: 'done' };
      await this.#options.note({ by: name, address: from.address, ...action });
      return { ...(await this.#tokens.issue(operator)), name, role };
    } finally {
      this.#signInsUnderWay -= 1;
    }
  }

  /** Of an operator, in every browser. */
  async signOut(name: string): Promise<void> {
    this.#seen.delete(name);
    await this.#operators.change(name, {});
  }

  async ofSession(token: string, half: string): Promise<OperatorAccountIdentity> {
    const { name, id, generation } = await this.#tokens.verify(token, half);
    const operator = await this.#find(name);
    if (operator?.id !== id || operator.generation !== generation)
      throw new CimError('unauthenticated', 'you were signed out: sign in anew');
    return { kind: 'operator-account', name, role: operator.role };
  }

  /**
   * While the store cannot be reached, whoever looked at the dashboard may look on: then more than ever
   * they want to. But not act.
   */
  async #find(name: string): Promise<Operator | null> {
    const now = this.#options.clock.monotonic();
    try {
      const operator = await this.#operators.find(name);
      if (operator) this.#seen.set(name, { operator, at: now });
      else this.#seen.delete(name);
      return operator;
    } catch (error) {
      const seen = this.#seen.get(name);
      const isAway = error instanceof CimError && error.retryable;
      if (!isAway || !seen || now - seen.at > limits.operatorSeenMs) throw error;
      this.#seen.set(name, { ...seen, at: now });
      return { ...seen.operator, role: 'view' };
    }
  }

  #refusal(name: string, address: string): CimError {
    const { refused, log } = this.#options;
    refused.value += 1;
    log.warn({ name, address }, 'an operator was not let in: wrong name or password');
    return new CimError('unauthenticated', 'the name or the password is wrong');
  }
}

export interface SignInFrom {
  readonly address: string;
  readonly guess: OperatorGuess;
}

function noOperator(name: string): CimError {
  return new CimError('not-found', `name: there is no operator ${JSON.stringify(name)}`);
}
