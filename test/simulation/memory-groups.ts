/** Named groups in memory, as src/store/groups.ts says it, and nothing besides. */
import type { GroupHistory } from '../../src/base/group-history.ts';
import {
  decideCreate,
  decideJoin,
  decideShareChange,
  type Entry,
  type EntryFacts,
  membershipOf,
  ownerWithout,
} from '../../src/store/decisions/membership.ts';
import { movedCursor } from '../../src/store/decisions/session.ts';
import type {
  CreateResult,
  Group,
  GroupAcknowledgement,
  Groups,
  JoinResult,
  Membership,
  MembershipQuestion,
} from '../../src/store/groups.ts';
import { groupTimeline, userTimeline } from '../../src/store/timelines.ts';
import { type MemoryData, type Shard, withEntry, withoutEntry } from './memory-shard.ts';

export class MemoryGroups implements Groups {
  readonly #data: MemoryData;

  constructor(data: MemoryData) {
    this.#data = data;
  }

  async create(
    name: string,
    owner: number,
    history: GroupHistory = 'joined',
  ): Promise<CreateResult> {
    return this.#enter(name, owner, history, (facts) => decideCreate(name, owner, history, facts));
  }

  async join(name: string, userId: number): Promise<JoinResult> {
    return this.#enter(name, userId, 'joined', (facts) => decideJoin(name, facts));
  }

  async leave(name: string, userId: number): Promise<boolean> {
    const { members, owner } = this.#shard(name);
    const wasMember = owner !== null && members.has(userId);
    if (wasMember) {
      const rest = withoutEntry(members, userId);
      const [heir] = rest.keys();
      const next = ownerWithout(userId, owner, heir);
      this.#data.change(groupTimeline(name), {
        members: rest,
        owner: next,
        ...(next === null && { sharePercent: null, messages: [] }),
      });
    }
    const groups = new Set(this.#listOf(userId));
    groups.delete(name);
    this.#data.change(userTimeline(userId), { groups });
    return wasMember;
  }

  async of(userId: number): Promise<Membership[]> {
    return [...this.#listOf(userId)]
      .toSorted()
      .map((name) => this.#place(name, userId))
      .filter((place) => place !== undefined);
  }

  async setShare(
    name: string,
    owner: number,
    sharePercent: number | null,
  ): Promise<'set' | 'unknown-group' | 'not-the-owner'> {
    const result = decideShareChange(owner, this.#shard(name).owner ?? undefined);
    if (result === 'set') this.#data.change(groupTimeline(name), { sharePercent });
    return result;
  }

  async find(name: string): Promise<Group | null> {
    const { owner, history, sharePercent } = this.#shard(name);
    return owner === null ? null : { name, owner, history, sharePercent };
  }

  async members(name: string, after: number, limit: number): Promise<number[]> {
    return [...this.#shard(name).members.keys()]
      .filter((userId) => userId > after)
      .toSorted((one, other) => one - other)
      .slice(0, limit);
  }

  async memberships(questions: readonly MembershipQuestion[]): Promise<(Membership | null)[]> {
    return questions.map(({ group, userId }) => this.#place(group, userId) ?? null);
  }

  async acknowledge(batch: readonly GroupAcknowledgement[]): Promise<void> {
    for (const { userId, group, seq } of batch) {
      const { members, head } = this.#shard(group);
      const known = members.get(userId);
      if (!known) continue;
      const cursor = movedCursor(known.cursor, seq, head);
      this.#data.change(groupTimeline(group), {
        members: withEntry(members, userId, { ...known, cursor }),
      });
    }
  }

  #enter<Result extends CreateResult>(
    name: string,
    userId: number,
    madeWith: GroupHistory,
    decide: (facts: EntryFacts) => Entry<Result>,
  ): Result {
    const { owner, history, sharePercent, members, head } = this.#shard(name);
    const list = this.#listOf(userId);
    const { result, entered } = decide({
      group: owner === null ? undefined : { owner, history, sharePercent, members: members.size },
      head,
      member: members.get(userId),
      // The list may name the group already: only the group's shard was set back.
      groupsOfUser: () => (list.has(name) ? list.size - 1 : list.size),
    });
    if (entered)
      this.#data.change(groupTimeline(name), {
        ...(owner === null && { owner: userId, history: madeWith }),
        members: withEntry(members, userId, entered),
      });
    if (result.status === 'joined')
      this.#data.change(userTimeline(userId), { groups: new Set(list).add(name) });
    return result;
  }

  #shard(name: string): Shard {
    return this.#data.shard(groupTimeline(name));
  }

  #listOf(userId: number): ReadonlySet<string> {
    return this.#data.shard(userTimeline(userId)).groups;
  }

  #place(group: string, userId: number): Membership | undefined {
    const { members, head, history } = this.#shard(group);
    const place = members.get(userId);
    return place && membershipOf(group, place, head, history);
  }
}
