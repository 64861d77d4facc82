/**
 * The embedded store: everything in one SQLite database, a file or in memory, for one process.
 * Acknowledged appends are on the disk. No process, no port, nothing to install.
 */
import { type Clock, systemClock, type Timer } from '../../base/clock.ts';
import { CimError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { Accounts } from '../accounts.ts';
import type { ApiKeys } from '../api-keys.ts';
import type { AuditLog } from '../audit.ts';
import type { Conversations } from '../conversations.ts';
import type { Deletions } from '../deletions.ts';
import type { DeviceKeys } from '../device-keys.ts';
import type { Files } from '../files.ts';
import type { GroupKeys } from '../group-keys.ts';
import type { Groups } from '../groups.ts';
import type { StoreIdentity } from '../identity.ts';
import type { Marks } from '../marks.ts';
import type { Operators } from '../operators.ts';
import type { Presence } from '../presence.ts';
import { type Quotas, quotasByDefault } from '../quotas.ts';
import type { Requests } from '../requests.ts';
import type { Retained } from '../retained.ts';
import type { Schedules } from '../schedules.ts';
import type { Sessions } from '../sessions.ts';
import type { Retention, Store } from '../store.ts';
import type { Timelines } from '../timelines.ts';
import type { TopicFilters } from '../topic-filters.ts';
import { ConversationRows } from './conversation-rows.ts';
import { Database } from './database.ts';
import { GroupKeyRows } from './group-key-rows.ts';
import { SqliteAccounts } from './sqlite-accounts.ts';
import { SqliteApiKeys } from './sqlite-api-keys.ts';
import { SqliteAudit } from './sqlite-audit.ts';
import { SqliteConversations } from './sqlite-conversations.ts';
import { SqliteDeletions } from './sqlite-deletions.ts';
import { SqliteDeviceKeys } from './sqlite-device-keys.ts';
import { SqliteFiles } from './sqlite-files.ts';
import { SqliteGroupKeys } from './sqlite-group-keys.ts';
import { SqliteGroups } from './sqlite-groups.ts';
import { SqliteIdentity } from './sqlite-identity.ts';
import { SqliteMarks } from './sqlite-marks.ts';
import { SqliteOperators } from './sqlite-operators.ts';
import { SqlitePresence } from './sqlite-presence.ts';
import { SqliteRequests } from './sqlite-requests.ts';
import { SqliteRetained } from './sqlite-retained.ts';
import { SqliteSchedules } from './sqlite-schedules.ts';
import { SqliteSessions } from './sqlite-sessions.ts';
import { SqliteTimelines } from './sqlite-timelines.ts';
import { SqliteTopicFilters } from './sqlite-topic-filters.ts';
import { StoreTime } from './store-time.ts';
import { Sweep } from './sweep.ts';
import { TimelineEntries } from './timeline-entries.ts';
import { TimelineRows } from './timeline-rows.ts';
import { Watchers } from './watchers.ts';

const sweepMs = 60_000;

export interface SqliteStoreOptions {
  /** Closed with the store. */
  readonly database: Database;
  readonly retention: Retention;
  readonly quotas?: Quotas | undefined;
  readonly clock?: Clock;
  /** Told of a clock that leaps. */
  readonly log?: Pick<Logger, 'warn'>;
}

export class SqliteStore implements Store {
  readonly identity: StoreIdentity;
  readonly accounts: Accounts;
  readonly deletions: Deletions;
  readonly sessions: Sessions;
  readonly timelines: Timelines;
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
  readonly #database: Database;
  readonly #sweeping: Timer;
  #isBackingUp = false;
  readonly #time: StoreTime;

  /**
   * Opens the store in this folder, or in memory. Throws a CimError `unavailable` that names the
   * folder if it cannot be had.
   */
  static open({
    path,
    ...options
  }: { path: string } & Omit<SqliteStoreOptions, 'database'>): SqliteStore {
    return new SqliteStore({ database: Database.open(path), ...options });
  }

  constructor({
    database,
    retention,
    quotas = quotasByDefault,
    clock = systemClock,
    log,
  }: SqliteStoreOptions) {
    this.#database = database;
    const time = new StoreTime({ database, clock, log });
    this.#time = time;
    const rows = new TimelineRows(database);
    const watchers = new Watchers(database, rows);
    this.identity = new SqliteIdentity(database);
    this.accounts = new SqliteAccounts(database, clock);
    this.sessions = new SqliteSessions({ database, watchers, clock: time.aged });
    const conversations = new ConversationRows(database);
    const entries = new TimelineEntries(database, retention.messagesMax);
    const shared = { database, rows, conversations, watchers, entries, clock: time.aged };
    this.timelines = new SqliteTimelines({ ...shared, retention, quotas });
    const keyRows = new GroupKeyRows(database, time.aged);
    this.groups = new SqliteGroups(database, rows, keyRows, time.aged);
    const { messagesMax } = retention;
    this.groupKeys = new SqliteGroupKeys({ ...shared, keyRows, messagesMax });
    this.files = new SqliteFiles(database, time.aged);
    this.topicFilters = new SqliteTopicFilters(database, time.aged);
    const caches = [rows, conversations];
    const { groups, files, topicFilters } = this;
    const parts = { groups, files, topicFilters, caches };
    this.deletions = new SqliteDeletions({ database, ...parts, clock: time.aged });
    this.conversations = new SqliteConversations(shared);
    this.marks = new SqliteMarks(shared);
    this.presence = new SqlitePresence({ database, watchers, conversations, clock: time.aged });
    this.schedules = new SqliteSchedules(database, time.due);
    this.requests = new SqliteRequests(database, time.aged);
    this.apiKeys = new SqliteApiKeys(database);
    this.operators = new SqliteOperators(database);
    this.audit = new SqliteAudit(database);
    this.deviceKeys = new SqliteDeviceKeys(database);
    this.retained = new SqliteRetained(database, time.aged);
    const sweep = new Sweep({ database, rows, timelineAgeMs: retention.ageMs });
    this.#sweeping = clock.setInterval(() => sweepOnce(sweep, time), sweepMs);
  }

  async problem(): Promise<string | null> {
    return this.#database.isOpen ? null : 'the store is closed';
  }

  async refusal(): Promise<string | null> {
    return this.#database.problem();
  }

  async backUp(): Promise<string> {
    if (this.#isBackingUp) throw new CimError('busy', 'a backup is being made');
    this.#isBackingUp = true;
    try {
      return await this.#database.backUp();
    } finally {
      this.#isBackingUp = false;
    }
  }

  async close(): Promise<void> {
    this.#sweeping.cancel();
    try {
      if (this.#database.isOpen) this.#time.save();
    } catch (error) {
      // It then goes on from where it was kept before.
      if (!(error instanceof CimError)) throw error;
    }
    this.#database.close();
  }
}

function sweepOnce(sweep: Sweep, time: StoreTime): void {
  try {
    sweep.step(time.aged.now());
    time.save();
  } catch (error) {
    // A full disk, say. `problem` tells of it, and the next step tries again.
    if (!(error instanceof CimError)) throw error;
  }
}
