/**
 * Retained values in Redis. They are bounded, and all bear one hash tag: so one script knows what an owner
 * and what all have, and topics are listed in their order.
 */
import { limits } from '../../base/limits.ts';
import { countedBytes } from '../decisions/retained.ts';
import type {
  Retain,
  Retained,
  RetainedPage,
  RetainedRoom,
  RetainedUsage,
  RetainedValue,
  Retaining,
} from '../retained.ts';
import type { RedisCalls } from './calls/redis-calls.ts';
import type { Keys } from './keys.ts';
import { scripts } from './scripts.ts';

/** Behind every topic that begins as what is before it: no byte of UTF-8. */
const behind = Buffer.from([0xff]);

export class RedisRetained implements Retained {
  readonly #calls: RedisCalls;
  readonly #keys: readonly string[];
  readonly #countsKey: string;

  constructor(calls: RedisCalls, keys: Keys) {
    this.#calls = calls;
    this.#keys = keys.retained();
    this.#countsKey = keys.retainedCounts();
  }

  async keep(value: Retain, room: RetainedRoom): Promise<Retaining> {
    const { topic, owner, body, lifeMs } = value;
    const reply = await this.#calls.run(scripts.keepRetained, this.#keys, [
      ...[topic, owner, Buffer.from(body), lifeMs, countedBytes(value)],
      ...[room.ownerValuesMax, room.ownerBytesMax, room.allValuesMax, room.allBytesMax],
      limits.retainedExpiredTogether,
    ]);
    if (typeof reply === 'number') return { status: 'kept', number: reply };
    return { status: 'no-room', of: String(reply) === 'all' ? 'all' : 'owner' };
  }

  async remove(topic: string): Promise<number | undefined> {
    const number = Number(await this.#calls.run(scripts.removeRetained, this.#keys, [topic]));
    return number === 0 ? undefined : number;
  }

  async find(topic: string): Promise<RetainedValue | null> {
    const { values } = await this.#read(`[${topic}`, `[${topic}`, 1);
    return values[0] ?? null;
  }

  async page(query: { prefix: string; after?: string; limit: number }): Promise<RetainedPage> {
    const { prefix, after = '', limit } = query;
    const isInside = Buffer.compare(Buffer.from(after), Buffer.from(prefix)) >= 0;
    const from = isInside && after !== '' ? `(${after}` : `[${prefix}`;
    return this.#read(from, Buffer.concat([Buffer.from(`(${prefix}`), behind]), limit);
  }

  async usage(owner = ''): Promise<RetainedUsage> {
    const [values, bytes] = await this.#calls.someFields(this.#countsKey, [
      `values ${owner}`,
      `bytes ${owner}`,
    ]);
    return { values: Number(values ?? 0), bytes: Number(bytes ?? 0) };
  }

  async #read(from: string, to: string | Buffer, limit: number): Promise<RetainedPage> {
    const args = [from, to, limit, limits.pageBytesMax];
    const reply = await this.#calls.run(scripts.readRetained, this.#keys, args);
    const [isMore, last, ...rest] = reply as [number, Buffer, ...Buffer[]];
    const values: RetainedValue[] = [];
    for (let at = 0; at + 1 < rest.length; at += 2) {
      const [topic, record] = rest.slice(at, at + 2);
      if (topic && record) values.push(parseRecord(String(topic), record));
    }
    return { values, next: isMore === 1 ? String(last) : null };
  }
}

/** The record of scripts/keep-retained.lua. */
function parseRecord(topic: string, record: Buffer): RetainedValue {
  const end = record.indexOf('\n');
  const [number = '', expiresAt = '', , owner = ''] = record.toString('latin1', 0, end).split(' ');
  const body = record.subarray(end + 1);
  return { topic, number: Number(number), owner, body, expiresAt: Number(expiresAt) };
}
