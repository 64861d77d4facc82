/**
 * A store in memory: the contract of src/store in as few words as it takes, so that it can be seen
 * to be right. It takes no time and never fails; simulated-store.ts puts both around it.
 */
import type { Accounts } from '../../src/store/accounts.ts';
import type { ApiKeys } from '../../src/store/api-keys.ts';
import type { AuditLog } from '../../src/store/audit.ts';
import type { Conversations } from '../../src/store/conversations.ts';
import {
  decideCancel,
  decideCreate,
  leasedTogether,
  pageOf,
} from '../../src/store/decisions/schedule.ts';
import type { Deletions } from '../../src/store/deletions.ts';
import type { DeviceKeys } from '../../src/store/device-keys.ts';
import type { Files } from '../../src/store/files.ts';
import type { GroupKeys } from '../../src/store/group-keys.ts';
import type { Groups } from '../../src/store/groups.ts';
import type { StoreIdentity } from '../../src/store/identity.ts';
import type { Marks } from '../../src/store/marks.ts';
import type { Operators } from '../../src/store/operators.ts';
import type { Presence } from '../../src/store/presence.ts';
import { type Quotas, quotasByDefault } from '../../src/store/quotas.ts';
import type { RequestClaim, Requests } from '../../src/store/requests.ts';
import type { Retained } from '../../src/store/retained.ts';
import type {
  Schedule,
  SchedulePage,
  SchedulePosition,
  Schedules,
} from '../../src/store/schedules.ts';
import type { Sessions } from '../../src/store/sessions.ts';
import type { Retention, Store } from '../../src/store/store.ts';
import type { TopicFilters } from '../../src/store/topic-filters.ts';
import { MemoryAccounts, MemoryApiKeys } from './memory-accounts.ts';
import { MemoryConversations } from './memory-conversations.ts';
import { MemoryDeletions } from './memory-deletions.ts';
import { MemoryDeviceKeys } from './memory-device-keys.ts';
import { MemoryFiles } from './memory-files.ts';
import { MemoryGroupKeys } from './memory-group-keys.ts';
import { MemoryGroups } from './memory-groups.ts';
import { MemoryMarks } from './memory-marks.ts';
import { MemoryAudit, MemoryOperators } from './memory-operators.ts';
import { MemoryPresence } from './memory-presence.ts';
import { MemoryRetained } from './memory-retained.ts';
import { MemorySessions } from './memory-sessions.ts';
import { type KnownSchedule, MemoryData } from './memory-shard.ts';
import { MemoryTimelines } from './memory-timelines.ts';
import { MemoryTopicFilters } from './memory-topic-filters.ts';

export interface MemoryStoreOptions {
  readonly data?: MemoryData;
  readonly retention: Pick<Retention, 'messagesMax'>;
  readonly quotas?: Quotas;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export class MemoryStore implements Store {
  readonly data: MemoryData;
  readonly identity: StoreIdentity;
  readonly accounts: Accounts;
  readonly deletions: Deletions;
  readonly sessions: Sessions;
  readonly timelines: MemoryTimelines;
  readonly groups: Groups;
  readonly groupKeys: GroupKeys;
  readonly conversations: Conversations;
  readonly marks: Marks;
  readonly presence: Presence;
  readonly schedules: Schedules;
  readonly requests: Requests;
  readonly apiKeys: ApiKeys;
  readonly files: Files;
  readonly operators: Operators;
  readonly audit: AuditLog;
  readonly deviceKeys: DeviceKeys;
  readonly retained: Retained;
  readonly topicFilters: TopicFilters;
  #closed = false;

  constructor({
    data = new MemoryData(),
    retention,
    quotas = quotasByDefault,
    now,
  }: MemoryStoreOptions) {
    this.data = data;
    this.identity = new MemoryIdentity(data);
    this.accounts = new MemoryAccounts(data, now);
    this.sessions = new MemorySessions(data, now);
    this.timelines = new MemoryTimelines({ data, retention, quotas, now });
    this.groups = new MemoryGroups(data, now);
    this.groupKeys = new MemoryGroupKeys(data, retention.messagesMax, now);
    this.topicFilters = new MemoryTopicFilters(data, now);
    this.deletions = new MemoryDeletions(data, this, now);
    this.conversations = new MemoryConversations(data);
    this.marks = new MemoryMarks(data, now);
    this.presence = new MemoryPresence(data, now);
    this.requests = new MemoryRequests(data);
    this.apiKeys = new MemoryApiKeys(data);
    this.operators = new MemoryOperators(data);
    this.audit = new MemoryAudit(data);
    this.deviceKeys = new MemoryDeviceKeys(data);
    this.retained = new MemoryRetained(data, now);
    this.files = new MemoryFiles(data, now);
    this.schedules = new MemorySchedules(data, now);
  }

  async problem(): Promise<string | null> {
    return this.#closed ? 'the store is closed' : null;
  }

  async refusal(): Promise<string | null> {
    return null;
  }

  async close(): Promise<void> {
    this.#closed = true;
  }
}

/** Drawn of nothing: the same world gives the same ids. */
class MemoryIdentity implements StoreIdentity {
  readonly #data: MemoryData;

  constructor(data: MemoryData) {
    this.#data = data;
  }

  async get(): Promise<string> {
    return this.#data.storeNumber.toString(16).padStart(16, '0');
  }

  async salt(): Promise<string> {
    return '0'.repeat(32);
  }

  async renew(): Promise<string> {
    this.#data.storeNumber += 1;
    return this.get();
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
    const key = keyOf(schedule);
    const waiting = () => this.#waiting().filter(({ owner }) => owner === schedule.owner).length;
    const result = decideCreate(this.#data.schedules.get(key), waiting);
    const dueAt = this.#now() + delayMs;
    if (result === 'created')
      this.#data.schedules.set(key, { ...schedule, dueAt, freeAt: dueAt, state: 'waiting' });
    return result;
  }

  async listOf(owner: number, after?: SchedulePosition): Promise<SchedulePage> {
    return pageOf(
      this.#waiting()
        .filter((schedule) => schedule.owner === owner && (!after || compare(schedule, after) > 0))
        .toSorted(compare)
        .map(({ id, payload, dueAt }) => ({ id, owner, payload, dueAt })),
    );
  }

  async cancel(
    schedule: Pick<Schedule, 'id' | 'owner'>,
  ): Promise<'cancelled' | 'leased' | 'unknown'> {
    const known = this.#data.schedules.get(keyOf(schedule));
    const result = decideCancel(known);
    if (known && result === 'cancelled')
      this.#data.schedules.set(keyOf(schedule), { ...known, state: 'cancelled' });
    return result;
  }

  async lease(limit: number, leaseMs: number): Promise<Schedule[]> {
    const now = this.#now();
    const free = this.#waiting()
      .filter(({ freeAt }) => freeAt <= now)
      .toSorted((one, other) => one.freeAt - other.freeAt);
    const leased = leasedTogether(free, limit);
    for (const schedule of leased)
      this.#data.schedules.set(keyOf(schedule), { ...schedule, freeAt: now + leaseMs });
    return leased.map(({ id, owner, payload }) => ({ id, owner, payload }));
  }

  async finish(finished: readonly Pick<Schedule, 'id' | 'owner'>[]): Promise<void> {
    for (const named of finished) {
      const known = this.#data.schedules.get(keyOf(named));
      if (known?.state === 'waiting')
        this.#data.schedules.set(keyOf(named), { ...known, state: 'sent' });
    }
  }

  #waiting(): KnownSchedule[] {
    return [...this.#data.schedules.values()].filter(({ state }) => state === 'waiting');
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

function compare(one: SchedulePosition, other: SchedulePosition): number {
  return one.dueAt - other.dueAt || Buffer.compare(Buffer.from(one.id), Buffer.from(other.id));
}
