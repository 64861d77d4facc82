/** What operators have done, in Redis: a stream. Places are the ids of its entries. */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { AuditEntry, AuditLog, AuditRecord } from '../audit.ts';
import type { RedisCalls } from './calls/redis-calls.ts';
import type { Keys } from './keys.ts';
import { scripts } from './scripts.ts';

export class RedisAudit implements AuditLog {
  readonly #calls: RedisCalls;
  readonly #key: string;

  constructor(calls: RedisCalls, keys: Keys) {
    this.#calls = calls;
    this.#key = keys.audit();
  }

  async note(record: AuditRecord): Promise<void> {
    const args = [JSON.stringify(record), limits.auditEntriesMax];
    await this.#calls.run(scripts.noteAudit, [this.#key], args);
  }

  async page({ before = '+', limit }: { before?: string; limit: number }): Promise<AuditEntry[]> {
    if (before !== '+' && !/^\d{1,16}-\d{1,16}$/.test(before))
      throw new CimError('invalid-argument', 'before: is no place');
    const reply = await this.#calls.run(scripts.readAudit, [this.#key], [before, limit]);
    const found = (reply as Buffer[]).map(String);
    return found.flatMap((place, index): AuditEntry[] =>
      index % 2 === 0 ? [{ place, ...JSON.parse(found[index + 1] ?? '') }] : [],
    );
  }
}
