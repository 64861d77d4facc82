/** From what an operator has set to what a store keeps. */
import type { Retention } from './store.ts';

const dayMs = 24 * 3600 * 1000;

export function retentionOf({
  timelineMax,
  timelineDays,
}: {
  readonly timelineMax: number;
  readonly timelineDays: number;
}): Retention {
  return { messagesMax: timelineMax, ageMs: timelineDays * dayMs };
}
