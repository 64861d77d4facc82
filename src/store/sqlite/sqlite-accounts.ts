/**
 * Accounts in SQLite. One transaction per call makes a registration atomic: there is no claim to
 * heal.
 */
import type { Clock } from '../../base/clock.ts';
import { limits } from '../../base/limits.ts';
import { nameKey } from '../../base/text/names.ts';
import {
  type Account,
  type Accounts,
  type Credential,
  isBlocked,
  type KeyPair,
  type PublicKeys,
  type Registration,
  type RegistrationResult,
  type SecretChange,
} from '../accounts.ts';
import type { Database, Statement } from './database.ts';

interface KeysRow {
  readonly publicKey: string | null;
  readonly wrappedKey: string | null;
  /** Newest first, a space between two. */
  readonly earlierKeys: string;
}

export class SqliteAccounts implements Accounts {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #selectById: Statement<Account>;
  readonly #selectByName: Statement<Account>;
  readonly #selectCredential: Statement<Account & Credential>;
  readonly #selectKeys: Statement<Account & KeysRow>;
  readonly #selectDeleted: Statement<unknown>;
  readonly #insert: Statement<never>;
  readonly #updateSecret: Statement<never>;
  readonly #updateKeys: Statement<never>;
  readonly #setGeneration: Statement<never>;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
    const select = (columns: string, key: 'user_id' | 'name_key') =>
      `SELECT user_id AS userId, name${columns} FROM accounts WHERE ${key} = ?`;
    this.#selectById = database.prepare(select('', 'user_id'));
    this.#selectByName = database.prepare(select('', 'name_key'));
    this.#selectCredential = database.prepare(select(', verifier, generation', 'user_id'));
    const keys =
      ', public_key AS publicKey, wrapped_key AS wrappedKey, earlier_keys AS earlierKeys';
    this.#selectKeys = database.prepare(select(keys, 'user_id'));
    this.#selectDeleted = database.prepare('SELECT 1 FROM deletions WHERE user_id = ?');
    this.#insert = database.prepare(
      'INSERT INTO accounts (user_id, name, name_key, verifier) VALUES (?, ?, ?, ?)',
    );
    this.#updateSecret = database.prepare('UPDATE accounts SET verifier = ? WHERE user_id = ?');
    this.#updateKeys = database.prepare(
      'UPDATE accounts SET public_key = ?, wrapped_key = ?, earlier_keys = ? WHERE user_id = ?',
    );
    this.#setGeneration = database.prepare('UPDATE accounts SET generation = ? WHERE user_id = ?');
  }

  async register({ name, userId, verifier = '' }: Registration): Promise<RegistrationResult> {
    return this.#database.transaction('durable', () => {
      if (userId !== undefined && this.#selectDeleted.get(userId)) return { status: 'deleted' };
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
      this.#insert.run(account.userId, name, nameKey(name), verifier);
      return { status: 'registered', account, created: true };
    });
  }

  async get(userIds: readonly number[]): Promise<(Account | null)[]> {
    return this.#database.read(() =>
      userIds.map((userId) => {
        const row = this.#selectById.get(userId);
        // A copy, as it is remembered: a row of `node:sqlite` is a dictionary with a hidden class of
        // its own, five times as large.
        return row ? { userId, name: row.name } : null;
      }),
    );
  }

  async named(name: string): Promise<Account | null> {
    return this.#database.read(() => {
      const row = this.#selectByName.get(nameKey(name));
      return row ? { ...row } : null;
    });
  }

  async credential(userId: number): Promise<(Account & Credential) | null> {
    return this.#database.read(() => this.#selectCredential.get(userId) ?? null);
  }

  async replaceSecret(change: SecretChange): Promise<number | null> {
    const { userId, expected, verifier, wrappedKey } = change;
    return this.#database.transaction('durable', () => {
      const known = this.#selectCredential.get(userId);
      if (!known) return null;
      if (known.verifier === verifier) return known.generation;
      if (expected !== null && known.verifier !== expected) return null;
      this.#updateSecret.run(verifier, userId);
      this.#rewrap(userId, wrappedKey);
      return this.#nextGeneration(userId);
    });
  }

  async revoke(userId: number): Promise<number | null> {
    return this.#database.transaction('durable', () => this.#nextGeneration(userId));
  }

  async setBlocked(userId: number, shall: boolean): Promise<number | null> {
    return this.#database.transaction('durable', () => this.#nextGeneration(userId, shall));
  }

  async offerKeys(userId: number, pair: KeyPair): Promise<KeyPair | null> {
    return this.#database.transaction('durable', () => {
      const row = this.#selectKeys.get(userId);
      if (!row) return null;
      const standing = pairOf(row);
      if (standing) return standing;
      this.#updateKeys.run(pair.publicKey, pair.wrappedKey, row.earlierKeys, userId);
      return pair;
    });
  }

  async keyPair(userId: number): Promise<KeyPair | null> {
    return this.#database.read(() => pairOf(this.#selectKeys.get(userId)));
  }

  async publicKeys(userIds: readonly number[]): Promise<(PublicKeys | null)[]> {
    return this.#database.read(() =>
      userIds.map((userId) => {
        const row = this.#selectKeys.get(userId);
        if (!row) return null;
        const { name, publicKey: current } = row;
        return { account: { userId, name }, current, earlier: earlierOf(row) };
      }),
    );
  }

  /** The present pair with its private half wrapped anew, or none in its place. */
  #rewrap(userId: number, wrappedKey: string | null): void {
    const row = this.#selectKeys.get(userId);
    if (!row?.publicKey) return;
    const { publicKey, earlierKeys } = row;
    if (wrappedKey !== null) {
      this.#updateKeys.run(publicKey, wrappedKey, earlierKeys, userId);
      return;
    }
    const others = earlierOf(row).filter((key) => key !== publicKey);
    const earlier = [publicKey, ...others].slice(0, limits.earlierKeysMax);
    this.#updateKeys.run(null, null, earlier.join(' '), userId);
  }

  /** With `shall` only if it is not so already. */
  #nextGeneration(userId: number, shall?: boolean): number | null {
    const known = this.#selectCredential.get(userId);
    if (!known) return null;
    if (shall === isBlocked(known)) return known.generation;
    const size = Math.abs(known.generation) + 1;
    const next = (shall ?? isBlocked(known)) ? -size : size;
    this.#setGeneration.run(next, userId);
    return next;
  }

  /**
   * From the clock, as the Java system draws them: far from the small numbers that people choose
   * themselves.
   */
  #freeId(): number {
    let userId = this.#clock.now();
    while (this.#selectById.get(userId) || this.#selectDeleted.get(userId)) userId += 1;
    return userId;
  }
}

function pairOf(row: KeysRow | undefined): KeyPair | null {
  if (!row) return null;
  const { publicKey, wrappedKey } = row;
  return publicKey && wrappedKey ? { publicKey, wrappedKey } : null;
}

function earlierOf({ earlierKeys }: KeysRow): string[] {
  return earlierKeys === '' ? [] : earlierKeys.split(' ');
}
