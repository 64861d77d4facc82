/**
 * What a route keeps: its own identity, accounts and their deletions, sessions, timelines, groups and
 * their keys, conversations, marks, presence, schedules, requests, keys of applications, what is known
 * of files, operators and what they have done, keys of devices, what is retained of topics, and who has subscribed to them. Two implementations, one contract (test/contract/store.ts): `redis/` for a cluster,
 * `sqlite/` embedded. No connection, key or transaction shows through. What happens to an
 * acknowledged write when the machine or a Redis master dies is in docs/how-it-works/guarantees.md.
 */
import type { Accounts } from './accounts.ts';
import type { ApiKeys } from './api-keys.ts';
import type { AuditLog } from './audit.ts';
import type { Conversations } from './conversations.ts';
import type { Deletions } from './deletions.ts';
import type { DeviceKeys } from './device-keys.ts';
import type { Files } from './files.ts';
import type { GroupKeys } from './group-keys.ts';
import type { Groups } from './groups.ts';
import type { StoreIdentity } from './identity.ts';
import type { Marks } from './marks.ts';
import type { Operators } from './operators.ts';
import type { Presence } from './presence.ts';
import type { Requests } from './requests.ts';
import type { Retained } from './retained.ts';
import type { Schedules } from './schedules.ts';
import type { Sessions } from './sessions.ts';
import type { Timelines } from './timelines.ts';
import type { TopicFilters } from './topic-filters.ts';

export interface Store {
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

  /**
   * Null when the store answers, otherwise in one line why not: it may be this connection alone. For
   * strangers: no address. Bounded to about a second.
   */
  problem(): Promise<string | null>;

  /**
   * Null when the store takes what is to be written, as far as can be found out; otherwise in one
   * line why not: nobody can write there. For strangers, and without figures that move. Bounded to
   * about a second; does not reject.
   */
  refusal(): Promise<string | null>;

  /**
   * Writes a copy of all that is stored now into a new file beside the store's own, and answers where
   * it is. Absent where the store has means of its own for that. `not-found` without a file, `busy`.
   */
  readonly backUp?: () => Promise<string>;

  /** Idempotent. Calls under way end with their result or with `busy`. */
  close(): Promise<void>;
}

/** How much a timeline keeps. */
export interface Retention {
  readonly messagesMax: number;
  /** After this long without an append a timeline loses its messages (never its counter). */
  readonly ageMs: number;
}
