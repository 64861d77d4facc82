/** Retained values of the store in memory. */
import { limits } from '../../src/base/limits.ts';
import { nextNumber } from '../../src/store/decisions/numbers.ts';
import { countedBytes, fullRoom } from '../../src/store/decisions/retained.ts';
import type {
  Retain,
  Retained,
  RetainedPage,
  RetainedRoom,
  RetainedUsage,
  RetainedValue,
  Retaining,
} from '../../src/store/retained.ts';
import type { MemoryData } from './memory-shard.ts';

export class MemoryRetained implements Retained {
  readonly #data: MemoryData;
  readonly #now: () => number;

  constructor(data: MemoryData, now: () => number) {
    this.#data = data;
    this.#now = now;
  }

  async keep(value: Retain, room: RetainedRoom): Promise<Retaining> {
    const { topic, owner, body, lifeMs } = value;
    this.#removeExpired();
    const standing = this.#data.retained.get(topic);
    const usage = { own: await this.usage(owner), all: await this.usage() };
    const counted = { owner, counted: countedBytes(value) };
    const before = standing && { owner: standing.owner, counted: countedBytes(standing) };
    const full = fullRoom(counted, before, usage, room);
    if (full) return { status: 'no-room', of: full };
    const number = this.#nextNumber();
    const expiresAt = lifeMs === 0 ? 0 : this.#now() + lifeMs;
    this.#data.retained.set(topic, { topic, number, owner, body, expiresAt });
    return { status: 'kept', number };
  }

  async remove(topic: string): Promise<number | undefined> {
    return this.#data.retained.delete(topic) ? this.#nextNumber() : undefined;
  }

  async find(topic: string): Promise<RetainedValue | null> {
    const value = this.#data.retained.get(topic);
    return value && this.#isKept(value) ? value : null;
  }

  async page(query: { prefix: string; after?: string; limit: number }): Promise<RetainedPage> {
    const { prefix, after = '', limit } = query;
    const rest = [...this.#data.retained.values()]
      .filter(({ topic }) => topic.startsWith(prefix) && compare(topic, after) > 0)
      .toSorted((one, other) => compare(one.topic, other.topic));
    let bytes = 0;
    const fits = rest.slice(0, limit).filter((value, index) => {
      bytes += countedBytes(value);
      return index === 0 || bytes <= limits.pageBytesMax;
    });
    const next = fits.length < rest.length ? (fits.at(-1)?.topic ?? null) : null;
    return { values: fits.filter((value) => this.#isKept(value)), next };
  }

  async usage(owner?: string): Promise<RetainedUsage> {
    const counted = [...this.#data.retained.values()].filter(
      (value) => owner === undefined || value.owner === owner,
    );
    const bytes = counted.reduce((sum, value) => sum + countedBytes(value), 0);
    return { values: counted.length, bytes };
  }

  #isKept({ expiresAt }: RetainedValue): boolean {
    return expiresAt === 0 || expiresAt > this.#now();
  }

  #removeExpired(): void {
    const expired = [...this.#data.retained.values()].filter((value) => !this.#isKept(value));
    for (const { topic } of expired.slice(0, limits.retainedExpiredTogether))
      this.#data.retained.delete(topic);
  }

  #nextNumber(): number {
    this.#data.retainedNumber = nextNumber(this.#data.retainedNumber, this.#now());
    return this.#data.retainedNumber;
  }
}

function compare(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
