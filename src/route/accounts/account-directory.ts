/**
 * Accounts by id, remembered: they never change, so what was found once is true for as long as the
 * store is the same, and the account is not deleted (deletion-watch.ts). What was not found is asked
 * again.
 */
import type { Clock } from '../../base/clock.ts';
import { limits } from '../../base/limits.ts';
import { RecentlyUsed } from '../../base/recently-used.ts';
import type { Account, Accounts } from '../../store/accounts.ts';

export class AccountDirectory {
  readonly #accounts: Accounts;
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** Until then accounts come back that the store has lost. */
  #settlesAt = -Infinity;
  readonly #known: RecentlyUsed<number, Account>;

  constructor(accounts: Accounts, rememberedMax: number, clock: Pick<Clock, 'monotonic'>) {
    this.#accounts = accounts;
    this.#clock = clock;
    this.#known = new RecentlyUsed(rememberedMax);
  }

  /** What is remembered of this id, without asking the store. */
  remembered(userId: number): Account | undefined {
    return this.#known.get(userId);
  }

  /** It was deleted. */
  forget(userId: number): void {
    this.#known.delete(userId);
  }

  /** Some may have been deleted without notice. */
  forgetKnown(): void {
    this.#known.clear();
  }

  /** The store is another one: clients are about to register in it again. */
  forgetAll(): void {
    this.forgetKnown();
    this.#settlesAt = this.#clock.monotonic() + limits.storeSettlesMs;
  }

  /** What to say of an account that is not there. */
  get absence(): 'busy' | 'unknown-receiver' {
    return this.#clock.monotonic() < this.#settlesAt ? 'busy' : 'unknown-receiver';
  }

  async find(userId: number): Promise<Account | undefined> {
    return this.#known.get(userId) ?? (await this.findAll([userId])).get(userId);
  }

  /** Those of the ids that have an account. One store call for all that are not remembered. */
  async findAll(userIds: Iterable<number>): Promise<ReadonlyMap<number, Account>> {
    const found = new Map<number, Account>();
    const unknown = new Set<number>();
    for (const userId of userIds) {
      const account = this.#known.get(userId);
      if (account) found.set(userId, account);
      else unknown.add(userId);
    }
    if (unknown.size === 0) return found;
    for (const account of await this.#accounts.get([...unknown])) {
      if (!account) continue;
      this.#known.set(account.userId, account);
      found.set(account.userId, account);
    }
    return found;
  }
}
