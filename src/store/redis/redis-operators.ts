/** Accounts of operators in Redis: one hash, as they are few. */
import { limits } from '../../base/limits.ts';
import type { Operator, OperatorChange, Operators } from '../operators.ts';
import type { RedisCalls } from './calls/redis-calls.ts';
import type { Keys } from './keys.ts';
import { scripts } from './scripts.ts';

export class RedisOperators implements Operators {
  readonly #calls: RedisCalls;
  readonly #key: string;

  constructor(calls: RedisCalls, keys: Keys) {
    this.#calls = calls;
    this.#key = keys.operators();
  }

  async add({ name, ...rest }: Operator): Promise<boolean> {
    const args = [name, JSON.stringify(rest), limits.operatorsMax];
    return (await this.#calls.run(scripts.addRecord, [this.#key], args)) === 1;
  }

  async find(name: string): Promise<Operator | null> {
    const record = await this.#calls.field(this.#key, name);
    return record === null ? null : { name, ...JSON.parse(record) };
  }

  async list(): Promise<Operator[]> {
    const records = await this.#calls.fields(this.#key);
    return records
      .map(([name, record]): Operator => ({ name, ...JSON.parse(record) }))
      .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  }

  async change(name: string, change: OperatorChange): Promise<boolean> {
    const args = [name, JSON.stringify(change)];
    return (await this.#calls.run(scripts.changeOperator, [this.#key], args)) === 1;
  }

  remove(name: string): Promise<boolean> {
    return this.#calls.removeField(this.#key, name);
  }
}
