/**
 * Tells an application which groups its user has joined or left on another device, was removed from
 * or invited to, which ones a login shows, and what changes about them. It tells nothing that the application has asked for itself.
 */
import type { ClientEvents, GroupFacts, GroupMembership, LeavingReason } from '../client-events.ts';
import type { GroupEncryption } from '../e2ee/groups/group-encryption.ts';
import { readFacts, type ToldFacts } from './group-facts.ts';
import type { GroupChanges } from './timelines.ts';

type Emit = <Name extends 'joined' | 'left' | 'groupChanged' | 'invited'>(
  name: Name,
  event: ClientEvents[Name],
) => void;

const reasons = { told: 'left', removed: 'removed', 'other-store': 'lost' } as const;

export class GroupNews {
  readonly #whyLeft: (group: string) => Promise<LeavingReason>;
  readonly #encryption: Pick<GroupEncryption, 'learn' | 'forget'>;
  readonly #emit: Emit;
  /** Groups that are being joined or left from here. */
  readonly #changing = new Set<string>();
  /** What the application has been told of the groups that the user is in, or could know. */
  readonly #known = new Map<string, { readonly version: number; readonly facts: GroupFacts }>();

  /** `whyLeft`: as far as a route can tell; never rejects. `encryption` is told which are encrypted. */
  constructor(
    whyLeft: (group: string) => Promise<LeavingReason>,
    encryption: Pick<GroupEncryption, 'learn' | 'forget'>,
    emit: Emit,
  ) {
    this.#whyLeft = whyLeft;
    this.#encryption = encryption;
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

  /** The application is about to be told this. */
  learn(membership: GroupMembership): GroupMembership {
    const { group, version } = membership;
    this.#encryption.learn(group, membership.keyEpoch);
    const known = this.#known.get(group);
    if (known === undefined || version >= known.version)
      this.#known.set(group, { version, facts: factsOf(membership) });
    return membership;
  }

  /** A server tells what a group is: when the client begins to follow it, and at every change. */
  changed(group: string, told: ToldFacts): void {
    const [facts, version] = readFacts(group, told);
    this.#encryption.learn(group, told.keyEpoch ?? 0);
    const known = this.#known.get(group);
    this.#known.set(group, { version, facts });
    if (known && !isSame(known.facts, facts)) this.#emit('groupChanged', facts);
  }

  invited(group: string, by: number): void {
    this.#emit('invited', { group, by });
  }

  tell({ joined, left, how }: GroupChanges): void {
    const isNews = (group: string) => !this.#changing.has(group);
    for (const group of joined.filter(isNews)) this.#emit('joined', { group });
    for (const group of left) this.#known.delete(group);
    for (const group of left) this.#encryption.forget(group);
    for (const group of left.filter(isNews)) void this.#tellLeft(group, how);
  }

  /** Of a group that was missing at a login a route has to be asked what became of it. */
  async #tellLeft(group: string, how: GroupChanges['how']): Promise<void> {
    const reason = how === 'missing' ? await this.#whyLeft(group) : reasons[how];
    this.#emit('left', { group, reason });
  }
}

function factsOf(facts: GroupFacts): GroupFacts {
  const { group, title, owner, admins, entry, sharePercent, e2ee } = facts;
  // Routes of 0.2 do not say it.
  return { group, title, owner, admins, entry, sharePercent, e2ee: e2ee === true };
}

function isSame(one: GroupFacts, other: GroupFacts): boolean {
  return JSON.stringify(factsOf(one)) === JSON.stringify(factsOf(other));
}
