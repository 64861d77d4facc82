/**
 * A store in memory: the contract of src/store in as few words as it takes, so that it can be seen
 * to be right. It takes no time and never fails; simulated-store.ts puts both around it.
 */
import { limits } from '../../src/base/limits.ts';
import type { Accounts } from '../../src/store/accounts.ts';
import type { ApiKeys } from '../../src/store/api-keys.ts';
import type { Groups } from '../../src/store/groups.ts';
import type { RequestClaim, Requests } from '../../src/store/requests.ts';
import type { PendingSchedule, Schedule, Schedules } from '../../src/store/schedules.ts';
import type { Sessions } from '../../src/store/sessions.ts';
import type { Retention, Store } from '../../src/store/store.ts';
import { MemoryAccounts, MemoryApiKeys } from './memory-accounts.ts';
import { MemoryGroups } from './memory-groups.ts';
import { MemorySessions } from './memory-sessions.ts';
import { type KnownSchedule, MemoryData } from './memory-shard.ts';
import { MemoryTimelines } from './memory-timelines.ts';

export interface MemoryStoreOptions {
  readonly data?: MemoryData;
  readonly retention: Pick<Retention, 'messagesMax'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export class MemoryStore implements Store {
  readonly data: MemoryData;
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly timelines: MemoryTimelines;
  readonly groups: Groups;
  readonly schedules: Schedules;
  readonly requests: Requests;
  readonly apiKeys: ApiKeys;
  #closed = false;

  constructor({ data = new MemoryData(), retention, now }: MemoryStoreOptions) {
    this.data = data;
    this.accounts = new MemoryAccounts(data, now);
    this.sessions = new MemorySessions(data, now);
    this.timelines = new MemoryTimelines(data, retention.messagesMax);
    this.groups = new MemoryGroups(data);
    this.requests = new MemoryRequests(data);
    this.apiKeys = new MemoryApiKeys(data);
    this.schedules = new MemorySchedules(data, now);
  }

  async problem(): Promise<string | null> {
    return this.#closed ? 'the store is closed' : null;
  }

  async close(): Promise<void> {
    this.#closed = true;
  }
}

class MemorySchedules implements Schedules {
  readonly #data: MemoryData;
  readonly #now: () => number;

  constructor(data: MemoryData, now: () => number) {
    this.#data = data;
    this.#now = now;
  }

  async create(schedule: Schedule, delayMs: number): Promise<'created' | 'known' | 'too-many'> {
    const { schedules } = this.#data;
    if (schedules.has(keyOf(schedule))) return 'known';
    const waiting = this.#waiting().filter(({ owner }) => owner === schedule.owner);
    if (waiting.length >= limits.schedulesPerUserMax) return 'too-many';
    const dueAt = this.#now() + delayMs;
    schedules.set(keyOf(schedule), { ...schedule, dueAt, state: 'waiting', leasedUntil: 0 });
    return 'created';
  }

  async listOf(owner: number): Promise<PendingSchedule[]> {
    return this.#waiting()
      .filter((schedule) => schedule.owner === owner)
      .map(({ id, payload, dueAt }) => ({ id, owner, payload, dueAt }));
  }

  async cancel(
    schedule: Pick<Schedule, 'id' | 'owner'>,
  ): Promise<'cancelled' | 'leased' | 'unknown'> {
    const known = this.#data.schedules.get(keyOf(schedule));
    if (!known || known.state === 'sent') return 'unknown';
    if (known.leasedUntil > 0) return 'leased';
    this.#data.schedules.set(keyOf(schedule), { ...known, state: 'cancelled' });
    return 'cancelled';
  }

  async lease(limit: number, leaseMs: number): Promise<Schedule[]> {
    const now = this.#now();
    const due = this.#waiting()
      .filter(({ dueAt, leasedUntil }) => Math.max(dueAt, leasedUntil) <= now)
      .slice(0, limit);
    for (const schedule of due) {
      const leasedUntil = now + leaseMs;
      this.#data.schedules.set(keyOf(schedule), { ...schedule, leasedUntil });
    }
    return due.map(({ id, owner, payload }) => ({ id, owner, payload }));
  }

  async finish(finished: readonly Pick<Schedule, 'id' | 'owner'>[]): Promise<void> {
    for (const named of finished) {
      const known = this.#data.schedules.get(keyOf(named));
      if (known?.state === 'waiting')
        this.#data.schedules.set(keyOf(named), { ...known, state: 'sent' });
    }
  }

  /** The first due first. */
  #waiting(): KnownSchedule[] {
    return [...this.#data.schedules.values()]
      .filter(({ state }) => state === 'waiting')
      .toSorted((one, other) => one.dueAt - other.dueAt);
  }
}

class MemoryRequests implements Requests {
  readonly #claims: Map<string, RequestClaim>;

  constructor({ requests }: MemoryData) {
    this.#claims = requests;
  }

  async claim(claim: RequestClaim): Promise<Pick<RequestClaim, 'fingerprint' | 'epochHex'>> {
    const key = `${claim.owner} ${claim.key}`;
    const first = this.#claims.get(key) ?? claim;
    this.#claims.set(key, first);
    const { fingerprint, epochHex } = first;
    return { fingerprint, epochHex };
  }
}

function keyOf({ owner, id }: Pick<Schedule, 'id' | 'owner'>): string {
  return `${owner} ${id}`;
}
