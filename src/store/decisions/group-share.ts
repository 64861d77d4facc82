/**
 * How much of a run one account may still add to what a group keeps. Pure; append.lua says the same
 * in Redis.
 */
import type { Quotas } from '../quotas.ts';

export interface ShareFacts {
  /** Messages of the run, and places of each. */
  readonly count: number;
  readonly each: number;
  /** Places that the account has taken since the period began. */
  readonly used: number;
  /** Places that one account may take in a period. */
  readonly shareMax: number;
}

/** What is counted of the accounts that write to one group. */
export interface ShareCounts {
  /** When the period began, in ms. */
  readonly since: number;
  /** Accounts counted since. */
  readonly accounts: number;
}

/** Whether a new period begins: the last one is over, or all of what was kept then has passed. */
export function isPeriodOver(
  { since, accounts }: ShareCounts,
  now: number,
  messagesMax: number,
  { groupShareMs }: Quotas,
): boolean {
  return since + groupShareMs <= now || accounts > messagesMax;
}

/** What one account may take of a group; `percent`: as its owner has set it. */
export function shareOf(isLobby: boolean, percent: number | null, quotas: Quotas): number {
  if (isLobby) return quotas.lobbyShare;
  return percent === null ? quotas.groupShare : percent / 100;
}

/** Places that one account may take, of a timeline that keeps so many messages; null: any. */
export function shareMaxOf(messagesMax: number, share: number): number | null {
  return share >= 1 ? null : Math.max(1, Math.floor(messagesMax * share));
}

/** How many messages are stored; the others are refused. */
export function decideShare({ count, each, used, shareMax }: ShareFacts): number {
  return Math.min(count, Math.max(0, Math.floor((shareMax - used) / each)));
}
