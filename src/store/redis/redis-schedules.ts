/** Schedules in Redis, spread over hash tags so that a cluster shares them out: per shard a sorted set by due time, and the payloads. */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { PendingSchedule, Schedule, Schedules } from '../schedules.ts';
import { type Keys, scheduleShard, scheduleShards } from './keys.ts';
import type { Item, RedisCalls } from './redis-calls.ts';
import { scripts } from './scripts.ts';

/** What is due, as found: `due` tells whether somebody else has leased it since. */
interface Due {
  readonly member: string;
  readonly due: string;
}

/** Other routes may lease the same schedules at the same time; each round somebody gets some. */
const roundsMax = 20;

export class RedisSchedules implements Schedules {
  readonly #calls: RedisCalls;
  readonly #keys: Keys;

  constructor(calls: RedisCalls, keys: Keys) {
    this.#calls = calls;
    this.#keys = keys;
  }

  async create(schedule: Schedule, delayMs: number): Promise<'created' | 'known'> {
    const member = memberOf(schedule);
    const payload = Buffer.from(schedule.payload);
    const created = await this.#calls.run(scripts.createSchedule, this.#keysOf(member), [
      member,
      payload,
      delayMs,
    ]);
    return created === 1 ? 'created' : 'known';
  }

  async listOf(_owner: number): Promise<PendingSchedule[]> {
    throw new CimError('internal', 'listing is not built yet');
  }

  async cancel(_schedule: Pick<Schedule, 'id' | 'owner'>): Promise<'unknown'> {
    throw new CimError('internal', 'cancelling is not built yet');
  }

  async lease(limit: number, leaseMs: number): Promise<Schedule[]> {
    const leased: Schedule[] = [];
    for (let round = 0; round < roundsMax && leased.length < limit; round += 1) {
      const found = await this.#findDue(limit - leased.length);
      const taken = await this.#lease(found, leaseMs);
      leased.push(...taken);
      // All that was found is ours: nothing else is due, or the limit is reached.
      if (taken.length === found.length) break;
    }
    return leased;
  }

  async finish(schedules: readonly Pick<Schedule, 'id' | 'owner'>[]): Promise<void> {
    const items = schedules.map((schedule) => {
      const member = memberOf(schedule);
      return { keys: this.#keysOf(member), args: [member] };
    });
    await this.#calls.runAll(scripts.finishSchedule, items, [limits.sourceStateMs]);
  }

  /** The oldest due over all shards; shards that cannot be reached are left out. */
  async #findDue(limit: number): Promise<Due[]> {
    const shards = Array.from(
      { length: scheduleShards },
      (_, shard): Item => ({ keys: [this.#keys.due(shard)], args: [] }),
    );
    const replies = await this.#calls.runEach(scripts.findDue, shards, [limit]);
    const reached = replies.filter((reply) => !(reply instanceof CimError)) as Buffer[][];
    const [problem] = replies;
    if (reached.length === 0 && problem instanceof CimError) throw problem;
    return reached
      .flatMap(dueOf)
      .toSorted((one, other) => Number(one.due) - Number(other.due))
      .slice(0, limit);
  }

  async #lease(found: readonly Due[], leaseMs: number): Promise<Schedule[]> {
    const items = found.map(({ member, due }): Item => {
      const [dueKey, payloads] = this.#keysOf(member);
      return { keys: [dueKey, payloads], args: [member, due] };
    });
    const payloads = await this.#calls.runEach(scripts.leaseDue, items, [leaseMs]);
    return found.flatMap(({ member }, index) => {
      const payload = payloads[index];
      return Buffer.isBuffer(payload) ? [{ ...parseMember(member), payload }] : [];
    });
  }

  #keysOf(member: string): [due: string, payloads: string, sent: string] {
    const shard = scheduleShard(member);
    return [this.#keys.due(shard), this.#keys.payloads(shard), this.#keys.sent(shard, member)];
  }
}

function memberOf({ owner, id }: Pick<Schedule, 'id' | 'owner'>): string {
  return `${owner}.${id}`;
}

function parseMember(member: string): Pick<Schedule, 'id' | 'owner'> {
  const dot = member.indexOf('.');
  return { owner: Number(member.slice(0, dot)), id: member.slice(dot + 1) };
}

function dueOf(reply: Buffer[]): Due[] {
  const found = [];
  for (let index = 0; index < reply.length; index += 2) {
    found.push({ member: String(reply[index]), due: String(reply[index + 1]) });
  }
  return found;
}
