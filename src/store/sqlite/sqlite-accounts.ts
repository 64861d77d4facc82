/**
 * Accounts in SQLite. One transaction per call makes a registration atomic: there is no claim to
 * heal.
 */
import type { Clock } from '../../base/clock.ts';
import { nameKey } from '../../base/names.ts';
import type { Account, Accounts, Registration, RegistrationResult } from '../accounts.ts';
import { UnwrittenAccounts } from '../unwritten.ts';
import type { Database, Statement } from './database.ts';

export class SqliteAccounts extends UnwrittenAccounts implements Accounts {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #selectById: Statement<Account>;
  readonly #selectByName: Statement<Account>;
  readonly #insert: Statement<never>;

  constructor(database: Database, clock: Clock) {
    super();
    this.#database = database;
    this.#clock = clock;
    this.#selectById = database.prepare(
      'SELECT user_id AS userId, name FROM accounts WHERE user_id = ?',
    );
    this.#selectByName = database.prepare(
      'SELECT user_id AS userId, name FROM accounts WHERE name_key = ?',
    );
    this.#insert = database.prepare(
      'INSERT INTO accounts (user_id, name, name_key) VALUES (?, ?, ?)',
    );
  }

  async register({ name, userId }: Registration): Promise<RegistrationResult> {
    return this.#database.transaction('durable', () => {
      const namesake = this.#selectByName.get(nameKey(name));
      if (namesake) {
        const isSame = userId === undefined || userId === namesake.userId;
        return isSame
          ? { status: 'registered', account: namesake, created: false }
          : { status: 'name-taken', account: namesake };
      }
      const holder = userId === undefined ? undefined : this.#selectById.get(userId);
      if (holder) return { status: 'id-taken', account: holder };

      const account = { userId: userId ?? this.#freeId(), name };
      this.#insert.run(account.userId, name, nameKey(name));
      return { status: 'registered', account, created: true };
    });
  }

  async get(userIds: readonly number[]): Promise<(Account | null)[]> {
    return this.#database.read(() => userIds.map((userId) => this.#selectById.get(userId) ?? null));
  }

  /**
   * From the clock, as the Java system draws them: far from the small numbers that people choose
   * themselves.
   */
  #freeId(): number {
    let userId = this.#clock.now();
    while (this.#selectById.get(userId)) userId += 1;
    return userId;
  }
}
