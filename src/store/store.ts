/**
 * What a route keeps: accounts, sessions, timelines, groups, schedules, requests, keys of
 * applications. Two implementations, one contract (test/contract/store.ts): `redis/` for a cluster,
 * `sqlite/` embedded. No connection, key or transaction shows through. What happens to an
 * acknowledged write when the machine or a Redis master dies is in docs/guarantees.md.
 */
import type { Accounts } from './accounts.ts';
import type { ApiKeys } from './api-keys.ts';
import type { Groups } from './groups.ts';
import type { Requests } from './requests.ts';
import type { Schedules } from './schedules.ts';
import type { Sessions } from './sessions.ts';
import type { Timelines } from './timelines.ts';

export interface Store {
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly timelines: Timelines;
  readonly groups: Groups;
  readonly schedules: Schedules;
  readonly requests: Requests;
  readonly apiKeys: ApiKeys;

  /** Null when the store answers, otherwise in one line why not. Bounded to about a second. */
  problem(): Promise<string | null>;

  /** Idempotent. Calls under way end with their result or with `busy`. */
  close(): Promise<void>;
}

/** How much a timeline keeps. */
export interface Retention {
  readonly messagesMax: number;
  /** After this long without an append a timeline loses its messages (never its counter). */
  readonly ageMs: number;
}
