/** Keys of HTTP requests in SQLite. Old ones are forgotten by the sweep. */
import { limits } from '../../base/limits.ts';
import type { RequestClaim, Requests } from '../requests.ts';
import type { Database, Statement } from './database.ts';
import type { Now } from './store-time.ts';

export class SqliteRequests implements Requests {
  readonly #database: Database;
  readonly #clock: Now;
  readonly #insert: Statement<never>;
  readonly #select: Statement<Pick<RequestClaim, 'fingerprint' | 'epochHex'>>;

  constructor(database: Database, clock: Now) {
    this.#database = database;
    this.#clock = clock;
    this.#insert = database.prepare(
      `INSERT OR IGNORE INTO requests (owner, key, fingerprint, epoch, forget_at)
       VALUES (?, ?, ?, ?, ?)`,
    );
    this.#select = database.prepare(
      'SELECT fingerprint, epoch AS epochHex FROM requests WHERE owner = ? AND key = ?',
    );
  }

  async claim({
    owner,
    key,
    fingerprint,
    epochHex,
  }: RequestClaim): Promise<Pick<RequestClaim, 'fingerprint' | 'epochHex'>> {
    const forgetAt = this.#clock.now() + limits.idempotencyKeyMs;
    // On the disk no later than the messages of the request, which are appended after it.
    return this.#database.transaction('ordered', () => {
      const { changes } = this.#insert.run(owner, key, fingerprint, epochHex, forgetAt);
      const standing = changes === 0 ? this.#select.get(owner, key) : undefined;
      return standing ?? { fingerprint, epochHex };
    });
  }
}
