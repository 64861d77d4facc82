/**
 * Tells an application which groups its user has joined or left on another device, or was
 * removed from, and which ones a login shows. It tells nothing that the application has asked for itself.
 */
import type { ClientEvents, LeavingReason } from '../client-events.ts';
import type { GroupChanges } from './timelines.ts';

type Emit = <Name extends 'joined' | 'left'>(name: Name, event: ClientEvents[Name]) => void;

const reasons = { told: 'left', removed: 'removed', 'other-store': 'lost' } as const;

export class GroupNews {
  readonly #whyLeft: (group: string) => Promise<LeavingReason>;
  readonly #emit: Emit;
  /** Groups that are being joined or left from here. */
  readonly #changing = new Set<string>();

  /** `whyLeft`: as far as a route can tell; never rejects. */
  constructor(whyLeft: (group: string) => Promise<LeavingReason>, emit: Emit) {
    this.#whyLeft = whyLeft;
    this.#emit = emit;
  }

  /** While this runs nothing is told of the group. */
  async change<Result>(group: string, run: () => Promise<Result>): Promise<Result> {
    this.#changing.add(group);
    try {
      return await run();
    } finally {
      this.#changing.delete(group);
    }
  }

  tell({ joined, left, how }: GroupChanges): void {
    const isNews = (group: string) => !this.#changing.has(group);
    for (const group of joined.filter(isNews)) this.#emit('joined', { group });
    for (const group of left.filter(isNews)) void this.#tellLeft(group, how);
  }

  /** Of a group that was missing at a login a route has to be asked what became of it. */
  async #tellLeft(group: string, how: GroupChanges['how']): Promise<void> {
    const reason = how === 'missing' ? await this.#whyLeft(group) : reasons[how];
    this.#emit('left', { group, reason });
  }
}
