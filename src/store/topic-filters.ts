/**
 * Filters of sessions that outlive their connections: to whom what is published is to be stored.
 *
 * Each filter is in a shard, by its first level; those that begin with a wildcard are in one of their own
 * (src/store/decisions/topic-shards.ts). So what matches a topic is in two shards. Every change of a shard
 * has a number, its version, above all numbers before it, also over a failover that has lost some. Routes
 * mirror shards: they compare versions before they match, and read what has changed since theirs. A filter
 * whose `add` was answered is in the version that is read after that.
 */

/** Of a client that comes back by its id. */
export interface TopicSession {
  /** Whose it is: a word without a space, such as `u:7`. */
  readonly owner: string;
  readonly clientId: string;
}

export interface SessionFilter {
  /** As it was subscribed to, also `$share/NAME/FILTER`. */
  readonly filter: string;
  /** What the subscriber has said of it. */
  readonly options: string;
}

export type ShardFilter = TopicSession & SessionFilter;

/** `options` null: it is no filter of the session any more. */
export type FilterChange = TopicSession & {
  readonly filter: string;
  readonly options: string | null;
};

export interface FilterChanges {
  /** With the last of these changes. */
  readonly version: number;
  /** In order, each of what it leaves; none: the version asked for is the newest. */
  readonly changes: readonly FilterChange[];
}

export interface FilterPage {
  readonly filters: readonly ShardFilter[];
  /** Where the next page goes on; null: there is none. */
  readonly next: string | null;
}

export interface FilterRoom {
  readonly filtersPerSessionMax: number;
  readonly sessionsPerOwnerMax: number;
}

export type FilterAdding = 'kept' | 'too-many-filters' | 'too-many-sessions';

export interface TopicFilters {
  /** All of them or none; one that the session has gets these options. */
  add(
    session: TopicSession,
    filters: readonly SessionFilter[],
    room: FilterRoom,
  ): Promise<FilterAdding>;

  /** Those that the session has not are passed over. Repeating it is harmless. */
  remove(session: TopicSession, filters: readonly string[]): Promise<void>;

  /** In the order of their bytes. */
  of(session: TopicSession): Promise<SessionFilter[]>;

  /** All filters of a session. */
  end(session: TopicSession): Promise<void>;

  /** Those of all sessions of an owner. No change tells of them any more. */
  endAllOf(owner: string): Promise<void>;

  /** The newest version of each shard, 0 for one that has never had a filter. */
  versions(shards: readonly number[]): Promise<number[]>;

  /**
   * Up to `limits.topicChangesPageMax` changes after this version; ask again until there are none. Null:
   * they are not known any more, or the version was lost; the shard is to be read anew.
   */
  changes(shard: number, since: number): Promise<FilterChanges | null>;

  /**
   * Some filters of a shard, in any order. One that is there while all pages are read is on one of them:
   * read the version before the first page, and the changes since then after the last.
   */
  page(shard: number, after?: string): Promise<FilterPage>;
}
