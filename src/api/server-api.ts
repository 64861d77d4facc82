/**
 * What a route asks of a server. Implemented by src/server/server-service.ts; reached over a link
 * or, in `cim dev`, directly.
 */
import type { Run } from '../codec/run.ts';
import type { BatchCall, Done } from './batch-call.ts';

/**
 * A run of stored messages for connections of one user; an empty one is a hint that the timeline has
 * something new, to be read.
 */
export interface PushEntry extends Run {
  readonly sessionIds: readonly number[];
  /** Whose session ids these are: another process may live at the address by now. */
  readonly instance: string;
  /** Number of the first body. */
  readonly seq: number;
}

export interface PushResult {
  /** Those that are not connections of that instance (any more). */
  readonly missing: readonly number[];
}

/** A run of stored messages for every member of a group on the server. */
export interface PushGroupEntry extends Run {
  readonly group: string;
  readonly instance: string;
  readonly seq: number;
}

export interface PushGroupResult {
  /** Another instance than the one named lives here. */
  readonly foreign: boolean;
}

/**
 * A message that is not stored, for connections of one user, or (none named) for every member of a
 * group on the server. Dropped where there is no room for it.
 */
export interface TransientEntry {
  readonly sessionIds: readonly number[];
  /** Empty = the connections named. */
  readonly group: string;
  readonly instance: string;
  readonly body: Uint8Array;
}

/** The user of a connection has joined a group, or is no longer in it. */
export interface MembershipEntry {
  readonly sessionId: number;
  readonly instance: string;
  readonly group: string;
  readonly member: boolean;
  /** The newest number of the group when the user joined. */
  readonly joined: number;
  readonly head: number;
}

/** Take no more logins, and let everybody go elsewhere. */
export interface DrainEntry {
  readonly instance: string;
}

/** End a connection, with this close code. */
export interface EndEntry {
  readonly sessionId: number;
  readonly instance: string;
  readonly code: number;
  readonly reason: string;
}

/** `/fetchOfflineMsgs`: let the reader of a Java peer look into its timeline now. */
export interface WakeEntry {
  readonly sessionId: number;
  readonly instance: string;
}

/** Asks for the connections after a session id, 0 = from the first. */
export interface OnlineEntry {
  readonly after: number;
}

export interface OnlineResult {
  /** Parallel; one entry per connection, so a user with two devices is there twice. */
  readonly userIds: readonly number[];
  readonly userNames: readonly string[];
  /** Ask again after this one; 0 = that was all. */
  readonly next: number;
}

export interface ServerApi {
  readonly push: BatchCall<PushEntry, PushResult>;
  readonly pushGroup: BatchCall<PushGroupEntry, PushGroupResult>;
  readonly transient: BatchCall<TransientEntry, Done>;
  readonly membership: BatchCall<MembershipEntry, Done>;
  readonly drain: BatchCall<DrainEntry, Done>;
  readonly end: BatchCall<EndEntry, Done>;
  readonly wake: BatchCall<WakeEntry, Done>;
  readonly online: BatchCall<OnlineEntry, OnlineResult>;
}
