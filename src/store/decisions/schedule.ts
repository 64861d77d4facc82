/**
 * What becomes of messages that are to be sent later. Pure; create-schedule.lua, list-schedules.lua,
 * cancel-schedule.lua and finish-schedule.lua say the same in Redis.
 */
import { limits } from '../../base/limits.ts';
import type { PendingSchedule, SchedulePage } from '../schedules.ts';

export interface ScheduleState {
  /** Once it was sent or cancelled, only its id is still used. */
  readonly state: 'waiting' | 'sent' | 'cancelled';
  readonly dueAt: number;
  /** When it may be leased: when it is due, or when its lease runs out. */
  readonly freeAt: number;
}

/** `waiting`: how many of the owner's wait. */
export function decideCreate(
  known: ScheduleState | undefined,
  waiting: () => number,
): 'created' | 'known' | 'too-many' {
  if (known) return 'known';
  return waiting() < limits.schedulesPerUserMax ? 'created' : 'too-many';
}

export function decideCancel(known: ScheduleState | undefined): 'cancelled' | 'leased' | 'unknown' {
  if (!known || known.state === 'sent') return 'unknown';
  return known.state === 'waiting' && known.freeAt !== known.dueAt ? 'leased' : 'cancelled';
}

/** Of what is free, the first free first, what one call leases. */
export function leasedTogether<Schedule extends { readonly payload: Uint8Array }>(
  free: Iterable<Schedule>,
  limit: number,
): Schedule[] {
  const leased: Schedule[] = [];
  let bytes = 0;
  for (const schedule of free) {
    if (leased.length === limit || bytes >= limits.storeBatchBytesMax) break;
    leased.push(schedule);
    bytes += schedule.payload.length;
  }
  return leased;
}

/** A page of what waits, in the order in which it is due. */
export function pageOf(waiting: Iterable<PendingSchedule>): SchedulePage {
  const schedules: PendingSchedule[] = [];
  let bytes = 0;
  for (const schedule of waiting) {
    bytes += schedule.payload.length;
    const isFull = schedules.length === limits.pageMessagesMax || bytes > limits.pageBytesMax;
    if (isFull && schedules.length > 0) return { schedules, hasMore: true };
    schedules.push(schedule);
  }
  return { schedules, hasMore: false };
}
