/**
 * The embedded store: everything in one SQLite database, a file or in memory, for one process.
 * Acknowledged appends are on the disk. No process, no port, nothing to install.
 */
import { type Clock, systemClock, type Timer } from '../../base/clock.ts';
import { CimError } from '../../base/errors.ts';
import type { Accounts } from '../accounts.ts';
import type { ApiKeys } from '../api-keys.ts';
import type { Groups } from '../groups.ts';
import type { Requests } from '../requests.ts';
import type { Schedules } from '../schedules.ts';
import type { Sessions } from '../sessions.ts';
import type { Retention, Store } from '../store.ts';
import type { Timelines } from '../timelines.ts';
import { Database } from './database.ts';
import { SqliteAccounts } from './sqlite-accounts.ts';
import { SqliteApiKeys } from './sqlite-api-keys.ts';
import { SqliteGroups } from './sqlite-groups.ts';
import { SqliteRequests } from './sqlite-requests.ts';
import { SqliteSchedules } from './sqlite-schedules.ts';
import { SqliteSessions } from './sqlite-sessions.ts';
import { SqliteTimelines } from './sqlite-timelines.ts';
import { Sweep } from './sweep.ts';
import { TimelineRows } from './timeline-rows.ts';
import { Watchers } from './watchers.ts';

const sweepMs = 60_000;

export interface SqliteStoreOptions {
  /** Closed with the store. */
  readonly database: Database;
  readonly retention: Retention;
  readonly clock?: Clock;
}

export class SqliteStore implements Store {
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly timelines: Timelines;
  readonly groups: Groups;
  readonly schedules: Schedules;
  readonly requests: Requests;
  readonly apiKeys: ApiKeys;
  readonly #database: Database;
  readonly #sweeping: Timer;

  /**
   * Opens the store in this folder, or in memory. Throws a CimError `unavailable` that names the
   * folder if it cannot be had.
   */
  static open({ path, retention }: { path: string; retention: Retention }): SqliteStore {
    return new SqliteStore({ database: Database.open(path), retention });
  }

  constructor({ database, retention, clock = systemClock }: SqliteStoreOptions) {
    this.#database = database;
    const rows = new TimelineRows(database);
    const watchers = new Watchers(database, rows);
    this.accounts = new SqliteAccounts(database, clock);
    this.sessions = new SqliteSessions({ database, watchers, clock });
    this.timelines = new SqliteTimelines({ database, rows, watchers, retention, clock });
    this.groups = new SqliteGroups(database, rows);
    this.schedules = new SqliteSchedules(database, clock);
    this.requests = new SqliteRequests(database, clock);
    this.apiKeys = new SqliteApiKeys(database);
    const sweep = new Sweep({ database, rows, timelineAgeMs: retention.ageMs });
    this.#sweeping = clock.setInterval(() => sweepOnce(sweep, clock.now()), sweepMs);
  }

  async problem(): Promise<string | null> {
    return this.#database.problem();
  }

  async close(): Promise<void> {
    this.#sweeping.cancel();
    this.#database.close();
  }
}

function sweepOnce(sweep: Sweep, now: number): void {
  try {
    sweep.step(now);
  } catch (error) {
    // A full disk, say. `problem` tells of it, and the next step tries again.
    if (!(error instanceof CimError)) throw error;
  }
}
