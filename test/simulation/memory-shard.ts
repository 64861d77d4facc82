/**
 * The data of the store in memory. A shard is what belongs to one user or one group: it is kept
 * together, and a failover of its node sets all of it back together.
 */

import type { Account, Credential, KeyPair } from '../../src/store/accounts.ts';
import type { ApiKey } from '../../src/store/api-keys.ts';
import type { RequestClaim } from '../../src/store/requests.ts';
import type { PendingSchedule } from '../../src/store/schedules.ts';
import type { Session } from '../../src/store/sessions.ts';
import type { TimelineId } from '../../src/store/timelines.ts';

export interface Message {
  readonly seq: number;
  readonly body: Uint8Array;
}

export interface Device extends Session {
  readonly ephemeral: boolean;
  readonly cursor: number;
  readonly openedAt: number;
  /** Null while the connection is open; then a number that grows with each close. */
  readonly closed: number | null;
}

export interface Source {
  /** The last number taken, and the number that its message got (0: none was stored). */
  readonly last: number;
  readonly seq: number;
  /** The numbers refused last, from one to the other; 0: none. */
  readonly refusedFrom: number;
  readonly refusedTo: number;
}

export interface Shard {
  readonly messages: readonly Message[];
  readonly head: number;
  readonly sources: ReadonlyMap<string, Source>;
  /** Address by instance. */
  readonly interests: ReadonlyMap<string, string>;
  readonly devices: ReadonlyMap<string, Device>;
  /** The newest number that any device has acknowledged. */
  readonly acknowledged: number;
  readonly javaAddress: string | null;
  /** Of a user: the groups to look into. */
  readonly groups: ReadonlySet<string>;
  /** Of a named group; null: there is none. */
  readonly owner: number | null;
  /** By user id, the longest-standing first. */
  readonly members: ReadonlyMap<number, { readonly joined: number; readonly cursor: number }>;
}

const empty: Shard = {
  messages: [],
  head: 0,
  sources: new Map(),
  interests: new Map(),
  devices: new Map(),
  acknowledged: 0,
  javaAddress: null,
  groups: new Set(),
  owner: null,
  members: new Map(),
};

export interface KnownAccount extends Account, Credential {
  readonly pair: KeyPair | null;
  /** Newest first. */
  readonly earlier: readonly string[];
}

export interface KnownSchedule extends PendingSchedule {
  /** Once it was sent or cancelled, only its id is still used. */
  readonly state: 'waiting' | 'sent' | 'cancelled';
  /** Nobody else gets it before this time. */
  readonly leasedUntil: number;
}

/** Every change makes a new shard, so a picture of a moment is the shards of that moment. */
export class MemoryData {
  readonly shards = new Map<TimelineId, Shard>();
  readonly accounts = new Map<number, KnownAccount>();
  readonly apiKeys = new Map<string, ApiKey>();
  readonly schedules = new Map<string, KnownSchedule>();
  readonly requests = new Map<string, RequestClaim>();

  shard(id: TimelineId): Shard {
    return this.shards.get(id) ?? empty;
  }

  change(id: TimelineId, changes: Partial<Shard>): void {
    this.shards.set(id, { ...this.shard(id), ...changes });
  }

  /** A failover to a replica that had not got what came after that moment. */
  setBack(id: TimelineId, shard: Shard): void {
    this.shards.set(id, shard);
  }
}

/** A copy of a map with one entry more, or another one. */
export function withEntry<Key, Value>(
  map: ReadonlyMap<Key, Value>,
  key: Key,
  value: Value,
): ReadonlyMap<Key, Value> {
  return new Map(map).set(key, value);
}

export function withoutEntry<Key, Value>(
  map: ReadonlyMap<Key, Value>,
  key: Key,
): ReadonlyMap<Key, Value> {
  const rest = new Map(map);
  rest.delete(key);
  return rest;
}
