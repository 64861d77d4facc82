/**
 * What a server asks of a route. Implemented by src/route/route-service.ts; reached over a link or,
 * in `cim dev`, directly.
 */
import type { Run } from '../codec/run.ts';
import type { BatchCall, Done } from './batch-call.ts';

/**
 * A connection has logged in over TCP. It counts as logged in only when this was answered with code
 * 0.
 */
export interface OpenEntry {
  readonly userId: number;
  readonly userName: string;
  /** Empty = a Java peer. */
  readonly device: string;
  /** The device's own; 0 for a Java peer. */
  readonly connectionNumber: number;
  readonly ephemeral: boolean;
  /** The server process, and its pushAddress (src/registry/registry.ts). */
  readonly instance: string;
  readonly address: string;
  /** The connection, within the instance. */
  readonly sessionId: number;
  /** The account's, as the token says that the server has verified; 0 = none was shown. */
  readonly generation: number;
}

export interface OpenResult {
  /** 0, or the close code (src/codec/close-codes.ts) with which to end the connection. */
  readonly code: number;
  readonly reason: string;
  readonly connectionNumber: number;
  readonly cursor: number;
  readonly head: number;
  /** Of the lobby. */
  readonly groupHead: number;
  /** The named groups that the user is in. */
  readonly groups: readonly Membership[];
}

/** A user's place in a named group. */
export interface Membership {
  readonly group: string;
  /** The newest number of the group when the user joined: nothing up to it is theirs. */
  readonly joined: number;
  /** Where a device that was never seen before starts reading. */
  readonly cursor: number;
  readonly head: number;
}

export interface CloseEntry {
  readonly userId: number;
  readonly device: string;
  readonly connectionNumber: number;
  readonly instance: string;
}

/** Whose connection a message came from. */
export interface Sender {
  readonly from: number;
  readonly fromName: string;
  /** 16 hex digits. */
  readonly epochHex: string;
  readonly instance: string;
  readonly sessionId: number;
}

/**
 * MESSAGEs of one conversation of a cim client with consecutive numbers, as they came: a route
 * needs no more of them than what is said here.
 */
export interface SubmitEntry extends Sender, Run {
  /** A user, or (`group` not empty) a group. */
  readonly to: number;
  readonly group: string;
  /** Of the first. */
  readonly sendSeq: number;
  readonly restart: boolean;
  /** Not 0: the code of why they may never be stored; their bodies are then left out. */
  readonly refusal: number;
}

export interface SubmitResult {
  /** 0 = stored; otherwise a code of src/base/errors.ts, of all but the first `duplicates`. */
  readonly code: number;
  /**
   * Number, in the sender's own timeline (for a group message: the group's), of the first that was
   * stored now; if all were before, of the last. 0 = not known.
   */
  readonly seq: number;
  /** Out of order: the number that would be taken. */
  readonly expected: number;
  /** The first so many were stored before. */
  readonly duplicates: number;
}

/** One MESSAGE that is not stored, as it came. */
export interface PassEntry extends Sender {
  readonly body: Uint8Array;
}

export interface ReadEntry {
  readonly userId: number;
  /** Empty = the user's own timeline. */
  readonly group: string;
  readonly after: number;
  readonly afterIdentity: string;
  readonly limit: number;
}

export interface ReadResult {
  readonly code: number;
  /** Parallel: the numbers and bodies of the page. */
  readonly seqs: readonly number[];
  readonly bodies: readonly Uint8Array[];
  readonly head: number;
  readonly first: number;
  readonly rewound: boolean;
}

export interface AcknowledgeEntry {
  readonly userId: number;
  readonly device: string;
  readonly seq: number;
  /** Empty = the user's own timeline. */
  readonly group: string;
}

/** A server has, or is about to have, members of a group; `gone`: it has none any more. */
export interface InterestEntry {
  readonly group: string;
  readonly instance: string;
  readonly address: string;
  readonly gone: boolean;
}

export interface InterestResult {
  readonly code: number;
  /** Of the group: what a server was told less of has got lost on the way. */
  readonly head: number;
}

/** Is this session still on record, and what is the newest message of its user? */
export interface CheckEntry {
  readonly userId: number;
  /** Empty = a Java peer. */
  readonly device: string;
  readonly connectionNumber: number;
  readonly instance: string;
  readonly sessionId: number;
}

export interface CheckResult {
  readonly code: number;
  /** False: the store has lost this session, or has a newer one; opening it again tells. */
  readonly known: boolean;
  readonly head: number;
}

/** Where are the connections of a user? Asked by a server about itself. */
export interface LocateEntry {
  readonly userId: number;
  readonly instance: string;
}

export interface LocateResult {
  readonly code: number;
  /** All of them, none maybe, are on that server; false also when it could not be told. */
  readonly here: boolean;
  /** Those, if so. */
  readonly sessionIds: readonly number[];
}

export interface RouteApi {
  readonly open: BatchCall<OpenEntry, OpenResult>;
  readonly close: BatchCall<CloseEntry, Done>;
  readonly submit: BatchCall<SubmitEntry, SubmitResult>;
  readonly read: BatchCall<ReadEntry, ReadResult>;
  readonly acknowledge: BatchCall<AcknowledgeEntry, Done>;
  readonly interest: BatchCall<InterestEntry, InterestResult>;
  readonly check: BatchCall<CheckEntry, CheckResult>;
  readonly locate: BatchCall<LocateEntry, LocateResult>;
  /**
   * Messages that are not stored: each goes at most once to whoever is connected. The answer says
   * only that the route has seen them, or (`busy`) dropped them.
   */
  readonly transient: BatchCall<PassEntry, Done>;
}
