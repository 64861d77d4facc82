/**
 * What is kept of a user and one peer (docs/decisions/0006-conversations.md). Pure; block.lua and
 * append.lua say the same in Redis.
 */
import { limits } from '../../base/limits.ts';

export interface ConversationRecord {
  /** The user has written to the peer, who is no stranger then. */
  readonly hasWritten: boolean;
  readonly isBlocked: boolean;
  /** Places that the peer has taken while room was short. */
  readonly count: number;
  /** The newest number that was counted: once it is acknowledged, the count is over. */
  readonly last: number;
}

export const unknownPeer: ConversationRecord = {
  hasWritten: false,
  isBlocked: false,
  count: 0,
  last: 0,
};

/** Of a record that says nothing nothing is kept. */
export function saysSomething({ hasWritten, isBlocked }: ConversationRecord): boolean {
  return hasWritten || isBlocked;
}

/** `blocked`: how many the user has blocked. */
export function decideBlock(known: ConversationRecord, blocked: number): 'blocked' | 'too-many' {
  return known.isBlocked || blocked < limits.blockedPerUserMax ? 'blocked' : 'too-many';
}

/** The record of a peer to whom the user writes now; `records`: of how many peers there is one. */
export function afterWriting(known: ConversationRecord, records: () => number): ConversationRecord {
  const isKept = saysSomething(known) || records() < limits.contactsPerUserMax;
  return isKept ? { ...known, hasWritten: true } : known;
}

/** Places that were counted up to a number: of a peer, or of all strangers together. */
export interface PlaceCount {
  readonly count: number;
  readonly last: number;
}

/** What still counts of it, when everything up to this number is acknowledged. */
export function countOf({ count, last }: PlaceCount, acknowledged: number): number {
  return last > acknowledged ? count : 0;
}
