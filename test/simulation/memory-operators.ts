/** Operators and what they have done, of the store in memory. */
import { limits } from '../../src/base/limits.ts';
import type { AuditEntry, AuditLog, AuditRecord } from '../../src/store/audit.ts';
import type { Operator, OperatorChange, Operators } from '../../src/store/operators.ts';
import type { MemoryData } from './memory-shard.ts';

export class MemoryOperators implements Operators {
  readonly #operators: Map<string, Operator>;

  constructor({ operators }: MemoryData) {
    this.#operators = operators;
  }

  async add(operator: Operator): Promise<boolean> {
    const standing = this.#operators.get(operator.name);
    if (standing) return standing.hash === operator.hash;
    if (this.#operators.size >= limits.operatorsMax) return false;
    this.#operators.set(operator.name, operator);
    return true;
  }

  async find(name: string): Promise<Operator | null> {
    return this.#operators.get(name) ?? null;
  }

  async list(): Promise<Operator[]> {
    return [...this.#operators.values()].toSorted((one, other) => (one.name < other.name ? -1 : 1));
  }

  async change(name: string, change: OperatorChange): Promise<boolean> {
    const standing = this.#operators.get(name);
    if (!standing) return false;
    this.#operators.set(name, { ...standing, ...change, generation: standing.generation + 1 });
    return true;
  }

  async remove(name: string): Promise<boolean> {
    return this.#operators.delete(name);
  }
}

export class MemoryAudit implements AuditLog {
  readonly #entries: AuditEntry[];

  constructor({ audit }: MemoryData) {
    this.#entries = audit;
  }

  async note(record: AuditRecord): Promise<void> {
    const place = String(Number(this.#entries.at(-1)?.place ?? 0) + 1);
    this.#entries.push({ place, ...record });
    if (this.#entries.length > limits.auditEntriesMax) this.#entries.shift();
  }

  async page({ before, limit }: { before?: string; limit: number }): Promise<AuditEntry[]> {
    const below = before === undefined ? Number.MAX_SAFE_INTEGER : Number(before);
    return this.#entries
      .filter(({ place }) => Number(place) < below)
      .toReversed()
      .slice(0, limit);
  }
}
