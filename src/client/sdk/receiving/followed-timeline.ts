/**
 * A timeline that is followed. It knows how much the application has taken of it, and how much of
 * that the server and the device's state know.
 */
import type { SavedCursor } from '../device-state.ts';
import type { Received } from './received.ts';
import { type Position, TimelineCursor, type TimelineCursorOptions } from './timeline-cursor.ts';

export interface FollowedTimelineOptions
  extends Omit<TimelineCursorOptions<Received>, 'emit' | 'random' | 'untakenCount'> {
  /** Empty: one's own. */
  readonly group: string;
}

/** What all timelines of a client have in common. */
export type Surroundings = Pick<TimelineCursorOptions<Received>, 'random' | 'untakenCount'> & {
  readonly emit: (
    timeline: FollowedTimeline,
    entry: Parameters<TimelineCursorOptions<Received>['emit']>[0],
  ) => void;
};

export class FollowedTimeline {
  readonly group: string;
  readonly cursor: TimelineCursor<Received>;
  #acknowledgedSeq = 0;
  #saved: Position | null = null;

  constructor(options: FollowedTimelineOptions, { emit, ...surroundings }: Surroundings) {
    this.group = options.group;
    this.cursor = new TimelineCursor<Received>({
      ...options,
      ...surroundings,
      emit: (entry) => emit(this, entry),
    });
  }

  /** What the server was told to be taken. */
  get acknowledgedSeq(): number {
    return this.#acknowledgedSeq;
  }

  /** Logged in: what the server knows to be taken. */
  acknowledgedUpTo(seq: number): void {
    this.#acknowledgedSeq = seq;
  }

  /** The number to acknowledge now; null: the server knows. */
  acknowledge(): number | null {
    const { seq } = this.cursor.position;
    if (seq === this.#acknowledgedSeq) return null;
    this.#acknowledgedSeq = seq;
    return seq;
  }

  /** What to save now; null: it is saved. */
  save(): SavedCursor | null {
    const { position } = this.cursor;
    if (position === this.#saved) return null;
    this.#saved = position;
    return { position, window: this.cursor.saveWindow() };
  }
}
