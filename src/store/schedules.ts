/**
 * Messages to be sent later. pending → leased → gone. All times are the store's own clock, so
 * routes need not agree on theirs. A lease that its holder did not finish is taken over; sending
 * twice is harmless, since the message's identity is the schedule's.
 */

export interface Schedule {
  /** Chosen by the client, so that creating twice is harmless. Unique per owner. */
  readonly id: string;
  readonly owner: number;
  /** Opaque: what to send (src/route/messages/scheduler.ts). */
  readonly payload: Uint8Array;
}

export interface PendingSchedule extends Schedule {
  /** ms since 1970 */
  readonly dueAt: number;
}

/** One that waits, or waited: where a list goes on, also when it is gone. */
export type SchedulePosition = Pick<PendingSchedule, 'dueAt' | 'id'>;

export interface SchedulePage {
  readonly schedules: readonly PendingSchedule[];
  /** More of them wait, after the last one of these. */
  readonly hasMore: boolean;
}

export interface Schedules {
  /**
   * Stores a schedule that is due `delayMs` from now. `known`: the owner has one with this id
   * already (pending, leased, just sent or cancelled). `too-many`: `limits.schedulesPerUserMax` of
   * the owner's wait.
   */
  create(schedule: Schedule, delayMs: number): Promise<'created' | 'known' | 'too-many'>;

  /**
   * Those of the owner that wait, also leased ones; in the order in which they are due, those after
   * a place: up to `limits.pageMessagesMax` and `limits.pageBytesMax` of payloads, but one as long as
   * any is left.
   */
  listOf(owner: number, after?: SchedulePosition): Promise<SchedulePage>;

  /**
   * `cancelled`: it will not be sent; its id stays used like that of one that was sent, and
   * cancelling it again gives the same answer. `leased`: somebody is about to send it, or was, and
   * may have sent it before they died.
   */
  cancel(schedule: Pick<Schedule, 'id' | 'owner'>): Promise<'cancelled' | 'leased' | 'unknown'>;

  /**
   * Takes up to `limit` due schedules for `leaseMs`; nobody else gets them until then. Oldest due
   * first; fewer when their payloads are large, none when none is due.
   */
  lease(limit: number, leaseMs: number): Promise<Schedule[]>;

  /** Sent: forget these. The id stays used for `limits.sourceStateMs`. */
  finish(schedules: readonly Pick<Schedule, 'id' | 'owner'>[]): Promise<void>;
}
