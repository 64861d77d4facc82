/**
 * The data of the store in memory. A shard is what belongs to one user or one group: it is kept
 * together, and a failover of its node sets all of it back together.
 */

import type { Account, Credential, KeyPair } from '../../src/store/accounts.ts';
import type { ApiKey } from '../../src/store/api-keys.ts';
import type { AuditEntry } from '../../src/store/audit.ts';
import type { SourceRecord } from '../../src/store/decisions/append.ts';
import {
  type ConversationRecord,
  type Flags,
  nothingSaid,
  type PlaceCount,
  type Said,
} from '../../src/store/decisions/conversation.ts';
import { firstState, type KnownDraw, type Staged } from '../../src/store/decisions/group-keys.ts';
import type { MemberPlace, ReaderMarks } from '../../src/store/decisions/marks.ts';
import type { Member, Outsider } from '../../src/store/decisions/membership.ts';
import { noLeases, type ObserverLease } from '../../src/store/decisions/presence.ts';
import { type Heavy, noHeavy } from '../../src/store/decisions/retention.ts';
import type { ScheduleState } from '../../src/store/decisions/schedule.ts';
import type { Device } from '../../src/store/decisions/session.ts';
import type { DeviceKey } from '../../src/store/device-keys.ts';
import type { StoredFile } from '../../src/store/files.ts';
import type { GroupKeyChange, KeySlot, KeyState } from '../../src/store/group-keys.ts';
import type { Group } from '../../src/store/groups.ts';
import type { Operator } from '../../src/store/operators.ts';
import type { RequestClaim } from '../../src/store/requests.ts';
import type { RetainedValue } from '../../src/store/retained.ts';
import type { Schedule } from '../../src/store/schedules.ts';
import type { TimelineId } from '../../src/store/timelines.ts';
import type { FilterChange, ShardFilter } from '../../src/store/topic-filters.ts';

export interface Message {
  readonly seq: number;
  readonly body: Uint8Array;
  /** In the timeline of who has sent it. */
  readonly isOwn: boolean;
  readonly places: number;
  /** The total of its conversation, with it. */
  readonly total: number;
  readonly silent: boolean;
}

/** By user: what is sealed for them. */
export type Sealed = ReadonlyMap<number, string>;

/** What a group has of its keys, beside its epoch. */
export interface Register extends Pick<KeyState, 'freshFrom' | 'drawn'> {
  readonly draws: readonly (KnownDraw & { readonly slots: Sealed })[];
  /** By who draws. */
  readonly staged: ReadonlyMap<number, Staged & { readonly slots: Sealed; readonly until: number }>;
  readonly given: ReadonlyMap<number, readonly KeySlot[]>;
  /** The epochs with which members have joined. */
  readonly since: ReadonlyMap<number, number>;
  /** Members who have no key of that epoch or later. */
  readonly keyless: ReadonlySet<number>;
  /** Of the group, empty before it is made. */
  readonly groupId: string;
  readonly memberChanges: readonly GroupKeyChange[];
  readonly keyChanges: readonly GroupKeyChange[];
}

export const emptyRegister: Register = {
  freshFrom: firstState.freshFrom,
  drawn: firstState.drawn,
  draws: [],
  staged: new Map(),
  given: new Map(),
  since: new Map(),
  keyless: new Set(),
  groupId: '',
  memberChanges: [],
  keyChanges: [],
};

export interface Shard {
  readonly messages: readonly Message[];
  readonly head: number;
  readonly sources: ReadonlyMap<string, SourceRecord>;
  /** Address by instance. */
  readonly interests: ReadonlyMap<string, string>;
  readonly devices: ReadonlyMap<string, Device>;
  /** The newest number that any device has acknowledged. */
  readonly acknowledged: number;
  readonly javaAddress: string | null;
  /** Servers that want to hear when the user comes or goes. */
  readonly observers: readonly ObserverLease[];
  /** Null: the user does not show it. */
  readonly lastSeen: number | null;
  /** Of a user: the groups to look into. */
  readonly groups: ReadonlySet<string>;
  /** Of a user: where to look for invitations, and who has made them; the oldest first. */
  readonly invitations: ReadonlyMap<string, number>;
  /** Of a user: what there is to know of peers. */
  readonly conversations: ReadonlyMap<number, ConversationRecord>;
  readonly groupFlags: ReadonlyMap<string, Flags>;
  /** Of a user: how far others have got with what the user has sent. */
  readonly marks: ReadonlyMap<number, ReaderMarks>;
  readonly marksVersion: number;
  readonly heavy: Heavy;
  /** Of all strangers together. */
  readonly strangers: PlaceCount;
  /** Places of strangers in a user's timeline, of accounts in a group's: since when (ms). */
  readonly counts: ReadonlyMap<number, number>;
  readonly countsSince: number;
  /** Of a named group; null: there is none. */
  readonly group: Group | null;
  readonly said: Said;
  /** By user id, the longest-standing first. */
  readonly members: ReadonlyMap<number, Member & MemberPlace>;
  /** Who was invited or removed, and is no member; the first removed first. */
  readonly outsiders: ReadonlyMap<number, Outsider>;
  /** Of an encrypted group. */
  readonly register: Register;
}

const empty: Shard = {
  messages: [],
  head: 0,
  sources: new Map(),
  interests: new Map(),
  devices: new Map(),
  acknowledged: 0,
  javaAddress: null,
  observers: noLeases,
  lastSeen: null,
  groups: new Set(),
  invitations: new Map(),
  conversations: new Map(),
  groupFlags: new Map(),
  marks: new Map(),
  marksVersion: 0,
  heavy: noHeavy,
  strangers: { count: 0, last: 0 },
  counts: new Map(),
  countsSince: 0,
  group: null,
  said: nothingSaid,
  members: new Map(),
  outsiders: new Map(),
  register: emptyRegister,
};

export interface KnownAccount extends Account, Credential {
  readonly pair: KeyPair | null;
  /** Newest first. */
  readonly earlier: readonly string[];
}

export type KnownSchedule = Schedule & ScheduleState;

/** `removeAt`: when its bytes may be taken away. */
export type KnownFile = StoredFile & {
  readonly isCancelled?: boolean;
  readonly removeAt: number;
};

/** Of a shard of filters. */
export interface NumberedChange extends FilterChange {
  readonly shard: number;
  readonly number: number;
}

/** Every change makes a new shard, so a picture of a moment is the shards of that moment. */
export class MemoryData {
  /** Grows when the store is made another one. */
  storeNumber = 1;
  readonly shards = new Map<TimelineId, Shard>();
  readonly accounts = new Map<number, KnownAccount>();
  /** When it settles (ms); null: it has. */
  readonly deletions = new Map<number, number | null>();
  readonly apiKeys = new Map<string, ApiKey>();
  readonly operators = new Map<string, Operator>();
  readonly audit: AuditEntry[] = [];
  readonly schedules = new Map<string, KnownSchedule>();
  readonly requests = new Map<string, RequestClaim>();
  readonly files = new Map<string, KnownFile>();
  readonly deviceKeys = new Map<string, DeviceKey>();
  readonly retained = new Map<string, RetainedValue>();
  retainedNumber = 0;
  readonly topicFilters = new Map<string, ShardFilter>();
  topicChanges: readonly NumberedChange[] = [];
  readonly topicVersions = new Map<number, number>();

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
