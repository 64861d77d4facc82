/** Named groups in memory, as src/store/groups.ts says it, and nothing besides. */
import { limits } from '../../src/base/limits.ts';
import type {
  CreateResult,
  Group,
  GroupAcknowledgement,
  Groups,
  JoinResult,
  Membership,
} from '../../src/store/groups.ts';
import { groupTimeline, userTimeline } from '../../src/store/timelines.ts';
import { type MemoryData, type Shard, withEntry, withoutEntry } from './memory-shard.ts';

export class MemoryGroups implements Groups {
  readonly #data: MemoryData;

  constructor(data: MemoryData) {
    this.#data = data;
  }

  async create(name: string, owner: number): Promise<CreateResult> {
    const known = this.#shard(name).owner;
    if (known !== null && known !== owner) return { status: 'group-exists', owner: known };
    if (known === null && this.#listOf(owner).size >= limits.groupsPerUserMax)
      return { status: 'too-many' };
    if (known === null) this.#data.change(groupTimeline(name), { owner });
    return this.join(name, owner);
  }

  async join(name: string, userId: number): Promise<JoinResult> {
    const { owner, members, head } = this.#shard(name);
    if (owner === null) return { status: 'unknown-group' };
    const already = members.has(userId);
    if (!already) {
      const isFull = members.size >= limits.groupMembersMax;
      const list = this.#listOf(userId);
      if (isFull || (!list.has(name) && list.size >= limits.groupsPerUserMax))
        return { status: 'too-many' };
      this.#data.change(groupTimeline(name), {
        members: withEntry(members, userId, { joined: head, cursor: head }),
      });
    }
    this.#data.change(userTimeline(userId), {
      groups: new Set(this.#listOf(userId)).add(name),
    });
    return { status: 'joined', owner, already, membership: this.#place(name, userId)! };
  }

  async leave(name: string, userId: number): Promise<boolean> {
    const { members, owner } = this.#shard(name);
    const wasMember = members.has(userId);
    if (wasMember) {
      const rest = withoutEntry(members, userId);
      const [longestStanding] = rest.keys();
      this.#data.change(groupTimeline(name), {
        members: rest,
        owner: owner === userId ? (longestStanding ?? null) : owner,
        ...(rest.size === 0 && { owner: null, messages: [] }),
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

  async find(name: string): Promise<Group | null> {
    const { owner } = this.#shard(name);
    return owner === null ? null : { name, owner };
  }

  async members(name: string, after: number, limit: number): Promise<number[]> {
    return [...this.#shard(name).members.keys()]
      .filter((userId) => userId > after)
      .toSorted((one, other) => one - other)
      .slice(0, limit);
  }

  async areMembers(
    questions: readonly { readonly group: string; readonly userId: number }[],
  ): Promise<boolean[]> {
    return questions.map(({ group, userId }) => this.#shard(group).members.has(userId));
  }

  async acknowledge(batch: readonly GroupAcknowledgement[]): Promise<void> {
    for (const { userId, group, seq } of batch) {
      const { members, head } = this.#shard(group);
      const known = members.get(userId);
      if (!known) continue;
      const cursor = Math.max(known.cursor, Math.min(seq, head));
      this.#data.change(groupTimeline(group), {
        members: withEntry(members, userId, { ...known, cursor }),
      });
    }
  }

  #shard(name: string): Shard {
    return this.#data.shard(groupTimeline(name));
  }

  #listOf(userId: number): ReadonlySet<string> {
    return this.#data.shard(userTimeline(userId)).groups;
  }

  #place(group: string, userId: number): Membership | undefined {
    const { members, head } = this.#shard(group);
    const place = members.get(userId);
    return place && { group, ...place, head };
  }
}
