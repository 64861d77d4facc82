/**
 * What is kept of a user and one peer (docs/decisions/0006-conversations.md). Pure; block.lua,
 * set-flag.lua, read-conversation.lua and append.lua say the same in Redis.
 */
import { limits } from '../../base/limits.ts';
import type { Flag } from '../conversations.ts';

export interface Flags {
  readonly isMuted: boolean;
  readonly isPinned: boolean;
}

export const noFlags: Flags = { isMuted: false, isPinned: false };

/** What a conversation has had that is not silent. */
export interface Said {
  /** Messages of others than the user, ever; of a group all. */
  readonly total: number;
  /** When the newest message was stored, of either side (ms; 0: there is none), and its number. */
  readonly at: number;
  readonly seq: number;
}

export const nothingSaid: Said = { total: 0, at: 0, seq: 0 };

export interface ConversationRecord extends Flags, Said {
  /** The user has written to the peer, who is no stranger then. */
  readonly hasWritten: boolean;
  readonly isBlocked: boolean;
  /** Places that the peer has taken while room was short. */
  readonly count: number;
  /** The newest number that was counted: once it is acknowledged, the count is over. */
  readonly last: number;
  /** The total as of what was read. */
  readonly read: number;
}

export const unknownPeer: ConversationRecord = {
  ...noFlags,
  ...nothingSaid,
  hasWritten: false,
  isBlocked: false,
  count: 0,
  last: 0,
  read: 0,
};

/** Of a record that says nothing nothing is kept. */
export function saysSomething(record: ConversationRecord): boolean {
  return record.at > 0 || !isForgettable(record);
}

/** The user has done nothing to keep it: of such there may be `limits.strangersListedMax`. */
export function isForgettable(record: ConversationRecord): boolean {
  return !isContact(record) && !hasFlag(record);
}

function isContact({ hasWritten, isBlocked }: ConversationRecord): boolean {
  return hasWritten || isBlocked;
}

function hasFlag({ isMuted, isPinned }: Flags): boolean {
  return isMuted || isPinned;
}

/** `blocked`: how many the user has blocked. */
export function decideBlock(known: ConversationRecord, blocked: number): 'blocked' | 'too-many' {
  return known.isBlocked || blocked < limits.blockedPerUserMax ? 'blocked' : 'too-many';
}

/** The record of a peer to whom the user writes now; `contacts`: to how many so far, blocked ones too. */
export function afterWriting(
  known: ConversationRecord,
  contacts: () => number,
): ConversationRecord {
  const isKept = isContact(known) || contacts() < limits.contactsPerUserMax;
  return isKept ? { ...known, hasWritten: true } : known;
}

/** `flagged`: how many conversations of the user have a flag. Null: there may be no more. */
export function withFlag<Known extends Flags>(
  known: Known,
  flag: Flag,
  isSet: boolean,
  flagged: () => number,
): Known | null {
  if (isSet && !hasFlag(known) && flagged() >= limits.flaggedPerUserMax) return null;
  return flag === 'muted' ? { ...known, isMuted: isSet } : { ...known, isPinned: isSet };
}

/** Messages that were stored, up to the number `seq`. */
export interface Stored {
  readonly count: number;
  readonly seq: number;
  readonly silent: boolean;
  /** They are the user's own copies. */
  readonly isOwn: boolean;
}

export function afterStored<Known extends Said>(
  known: Known,
  { count, seq, silent, isOwn }: Stored,
  at: number,
): Known {
  return silent ? known : { ...known, at, seq, total: known.total + (isOwn ? 0 : count) };
}

/** Of a run that is kept: its last number, and the total of its conversation then. */
export interface KeptRun {
  readonly last: number;
  readonly count: number;
  readonly total: number;
  readonly silent: boolean;
}

/** The total at a number within a run, or right before it. */
export function totalAt({ last, count, total, silent }: KeptRun, seq: number): number {
  return silent ? total : total - Math.min(last - seq, count);
}

/** `reached`: the total at the read mark. */
export function afterReading(record: ConversationRecord, reached: number): ConversationRecord {
  return { ...record, read: Math.min(record.total, Math.max(record.read, reached)) };
}

export function unreadOf({ total, read }: Pick<ConversationRecord, 'total' | 'read'>): number {
  return Math.max(0, total - read);
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
