/**
 * What the store of a simulation holds in the end, and what failovers took from it: beside what people
 * saw (src/witness/ledger.ts). Every text is sent once only, and has the number of its message.
 */
import { groupTimeline, type TimelineId, userTimeline } from '../../src/store/timelines.ts';
import type { Losses, SentRecord, Timeline } from '../../src/witness/ledger.ts';

export interface StoredMessage {
  readonly seq: number;
  readonly text: string;
}

export interface Loss {
  /** They may have come back since. */
  readonly texts: Set<string>;
  /** The newest number that was lost, and given out anew since. */
  newest: number;
}

export class StoreRecord implements Losses {
  readonly stored = new Map<TimelineId, readonly StoredMessage[]>();
  /** The newest number of each timeline, and how many messages one keeps. */
  readonly heads = new Map<TimelineId, number>();
  messagesMax = Infinity;
  /** What is refused for want of room may be in its sender's own timeline all the same. */
  refusesPrivate = false;
  /** What failovers took from a timeline. */
  readonly lost = new Map<TimelineId, Loss>();

  addLost(timeline: TimelineId, messages: Iterable<StoredMessage>): void {
    const loss = this.lost.get(timeline) ?? { texts: new Set(), newest: 0 };
    for (const { text, seq } of messages) {
      loss.texts.add(text);
      loss.newest = Math.max(loss.newest, seq);
    }
    if (loss.newest > 0) this.lost.set(timeline, loss);
  }

  has(timeline: Timeline): boolean {
    return this.lost.has(timelineIdOf(timeline));
  }

  /**
   * A failover took it, or it bears a number that had been given out before: whoever has seen that
   * number cannot tell, if the push of the new one is lost.
   */
  excuse({ number }: SentRecord, timeline: Timeline): boolean {
    const id = timelineIdOf(timeline);
    const loss = this.lost.get(id);
    if (!loss) return false;
    const message = this.stored.get(id)?.find(({ text }) => text === textOf(number));
    return message ? message.seq <= loss.newest : loss.texts.has(textOf(number));
  }
}

export function textOf(number: number): string {
  return `m${number}`;
}

export function numberOf(text: string): number {
  return Number(text.slice(1));
}

export function timelineIdOf(timeline: Timeline): TimelineId {
  return typeof timeline === 'number' ? userTimeline(timeline) : groupTimeline(timeline);
}
