/**
 * Accounts by id, remembered: they never change, so what was found once is true for ever. What was
 * not found is asked again.
 */
import { LRUCache } from 'lru-cache';
import type { Account, Accounts } from '../store/accounts.ts';

export class AccountDirectory {
  readonly #accounts: Accounts;
  readonly #known: LRUCache<number, Account>;

  constructor(accounts: Accounts, rememberedMax: number) {
    this.#accounts = accounts;
    this.#known = new LRUCache({ max: rememberedMax });
  }

  /** What is remembered of this id, without asking the store. */
  remembered(userId: number): Account | undefined {
    return this.#known.get(userId);
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
