/**
 * Schedules in Redis, spread by owner over hash tags so that a cluster shares them out: per shard a
 * sorted set by the time at which each may be leased, and the payloads; per owner a sorted set by
 * the time at which each is due. A schedule is leased while the first lies ahead and is another than
 * the second.
 */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type {
  PendingSchedule,
  Schedule,
  SchedulePage,
  SchedulePosition,
  Schedules,
} from '../schedules.ts';
import type { Item, RedisCalls } from './calls/redis-calls.ts';
import { type Keys, scheduleShard, scheduleShards } from './keys.ts';
import { scripts } from './scripts.ts';

/** What is due, as found: `due` tells whether somebody else has leased it since. */
interface Due {
  readonly member: string;
  readonly due: string;
}

/** Other routes may lease the same schedules at the same time; each round somebody gets some. */
const roundsMax = 40;
/** Payloads that one call answers: each may be a sealed message. */
const leasedTogetherMax = 16;

export class RedisSchedules implements Schedules {
  readonly #calls: RedisCalls;
  readonly #keys: Keys;

  constructor(calls: RedisCalls, keys: Keys) {
    this.#calls = calls;
    this.#keys = keys;
  }

  async create(schedule: Schedule, delayMs: number): Promise<'created' | 'known' | 'too-many'> {
    const { due, payloads, plan, sent } = this.#keysOf(schedule);
    const payload = Buffer.from(schedule.payload);
    const status = await this.#calls.run(
      scripts.createSchedule,
      [due, payloads, plan, sent],
      [memberOf(schedule), schedule.id, payload, delayMs, limits.schedulesPerUserMax],
    );
    return String(status) as 'created' | 'known' | 'too-many';
  }

  async listOf(owner: number, after?: SchedulePosition): Promise<SchedulePage> {
    const payloads = this.#keys.payloads(scheduleShard(owner));
    const [more, ...found] = (await this.#calls.run(
      scripts.listSchedules,
      [payloads, this.#keys.plan(owner)],
      [
        ...[owner, after?.dueAt ?? '-inf', after?.id ?? ''],
        ...[limits.pageMessagesMax, limits.pageBytesMax],
      ],
    )) as Buffer[];
    const schedules: PendingSchedule[] = [];
    for (let at = 0; at < found.length; at += 3) {
      const [id, dueAt, payload] = found.slice(at, at + 3) as [Buffer, Buffer, Buffer];
      schedules.push({ id: id.toString(), owner, payload, dueAt: Number(dueAt) });
    }
    return { schedules, hasMore: String(more) === '1' };
  }

  async cancel(
    schedule: Pick<Schedule, 'id' | 'owner'>,
  ): Promise<'cancelled' | 'leased' | 'unknown'> {
    const { due, payloads, plan, sent } = this.#keysOf(schedule);
    const status = await this.#calls.run(
      scripts.cancelSchedule,
      [due, payloads, plan, sent],
      [memberOf(schedule), schedule.id, limits.sourceStateMs],
    );
    return String(status) as 'cancelled' | 'leased' | 'unknown';
  }

  async lease(limit: number, leaseMs: number): Promise<Schedule[]> {
    const leased: Schedule[] = [];
    let bytes = 0;
    for (let round = 0; round < roundsMax && leased.length < limit; round += 1) {
      const asked = Math.min(limit - leased.length, leasedTogetherMax);
      const found = await this.#findDue(asked);
      const taken = await this.#lease(found, leaseMs);
      leased.push(...taken);
      for (const { payload } of taken) bytes += payload.length;
      // All that was found is ours, and nothing else is due; or these are enough for now.
      if (found.length < asked && taken.length === found.length) break;
      if (bytes >= limits.storeBatchBytesMax) break;
    }
    return leased;
  }

  async finish(schedules: readonly Pick<Schedule, 'id' | 'owner'>[]): Promise<void> {
    const items = schedules.map((schedule) => {
      const { due, payloads, plan, sent } = this.#keysOf(schedule);
      return { keys: [due, payloads, plan, sent], args: [memberOf(schedule), schedule.id] };
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
      const keys = this.#keysOf(parseMember(member));
      return { keys: [keys.due, keys.payloads], args: [member, due] };
    });
    const payloads = await this.#calls.runEach(scripts.leaseDue, items, [leaseMs]);
    return found.flatMap(({ member }, index) => {
      const payload = payloads[index];
      return Buffer.isBuffer(payload) ? [{ ...parseMember(member), payload }] : [];
    });
  }

  #keysOf(schedule: Pick<Schedule, 'id' | 'owner'>) {
    const shard = scheduleShard(schedule.owner);
    return {
      due: this.#keys.due(shard),
      payloads: this.#keys.payloads(shard),
      plan: this.#keys.plan(schedule.owner),
      sent: this.#keys.sent(shard, memberOf(schedule)),
    };
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
