/** Named groups in memory, as src/store/groups.ts says it, and nothing besides. */
import type { GroupHistory } from '../../src/base/group-history.ts';
import { limits } from '../../src/base/limits.ts';
import { nothingSaid } from '../../src/store/decisions/conversation.ts';
import { decideChange } from '../../src/store/decisions/group-change.ts';
import {
  decideCreate,
  decideJoin,
  decideLeave,
  type Entry,
  type EntryFacts,
  membershipOf,
  newGroup,
  type Outsider,
} from '../../src/store/decisions/membership.ts';
import { movedCursor } from '../../src/store/decisions/session.ts';
import type {
  ChangeResult,
  CreateResult,
  Group,
  GroupAcknowledgement,
  GroupChange,
  Groups,
  Invitation,
  JoinResult,
  Membership,
  MembershipQuestion,
} from '../../src/store/groups.ts';
import { groupTimeline, userTimeline } from '../../src/store/timelines.ts';
import { withMember, withoutMember } from './memory-group-keys.ts';
import {
  emptyRegister,
  type MemoryData,
  type Register,
  type Shard,
  withEntry,
  withoutEntry,
} from './memory-shard.ts';

export class MemoryGroups implements Groups {
  readonly #data: MemoryData;

  readonly #now: () => number;

  constructor(data: MemoryData, now: () => number) {
    this.#data = data;
    this.#now = now;
  }

  async create(
    name: string,
    owner: number,
    history: GroupHistory = 'joined',
    e2ee = false,
  ): Promise<CreateResult> {
    const made = newGroup(name, owner, history, e2ee);
    return this.#enter(made, owner, e2ee, (facts) =>
      decideCreate(name, owner, { history, e2ee }, facts),
    );
  }

  async join(name: string, userId: number, canRead = false): Promise<JoinResult> {
    const made = newGroup(name, userId, 'joined', false);
    return this.#enter(made, userId, canRead, (facts) => decideJoin(name, facts));
  }

  async leave(name: string, userId: number): Promise<boolean> {
    const { members, group, register } = this.#shard(name);
    const wasMember = group !== null && members.has(userId);
    if (wasMember) {
      const rest = withoutEntry(members, userId);
      const [member] = rest.keys();
      const admin = [...rest.keys()].find((each) => group.admins.includes(each));
      const next = decideLeave(userId, group, { admin, member });
      this.#data.change(groupTimeline(name), {
        members: rest,
        group: next,
        ...(next !== null &&
          next.keyEpoch > 0 && { register: this.#without(register, next, userId, userId, 'left') }),
        ...(next === null && {
          outsiders: new Map(),
          messages: [],
          said: nothingSaid,
          register: emptyRegister,
        }),
      });
    }
    this.#unlist(name, userId);
    return wasMember;
  }

  async of(userId: number): Promise<Membership[]> {
    return [...this.#listOf(userId)]
      .toSorted()
      .map((name) => this.#place(name, userId))
      .filter((place) => place !== undefined && place !== null);
  }

  async change(name: string, by: number, change: GroupChange): Promise<ChangeResult> {
    const { group: known, members, outsiders, register } = this.#shard(name);
    const userId = 'userId' in change ? change.userId : 0;
    const { result, group, outsider } = decideChange(by, change, {
      group: known ?? undefined,
      isMember: members.has(userId),
      outsider: outsiders.get(userId),
      invited: () => these(outsiders, 'invited').length,
    });
    this.#data.change(groupTimeline(name), {
      ...(group && { group }),
      ...(group &&
        group.keyEpoch !== known?.keyEpoch && {
          register: this.#without(register, group, userId, by, 'removed'),
        }),
      ...(outsider && {
        members: withoutEntry(members, userId),
        outsiders: withOutsider(outsiders, userId, outsider),
      }),
    });
    if (outsider) this.#unlist(name, userId);
    if (outsider === 'invited') this.#listInvitation(name, userId, by);
    return result;
  }

  async find(name: string): Promise<Group | null> {
    return this.#shard(name).group;
  }

  async removed(name: string): Promise<number[]> {
    return these(this.#shard(name).outsiders, 'removed');
  }

  async invitations(userId: number): Promise<Invitation[]> {
    const { invitations } = this.#data.shard(userTimeline(userId));
    return [...invitations]
      .filter(([group]) => this.#shard(group).outsiders.get(userId) === 'invited')
      .map(([group, by]) => ({ group, by }))
      .toReversed();
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

  #without(
    register: Register,
    { keyEpoch: epoch }: Group,
    userId: number,
    by: number,
    kind: 'left' | 'removed',
  ): Register {
    return withoutMember(register, { epoch, kind, userId, by, at: this.#now() });
  }

  #enter<Result extends CreateResult>(
    made: Group,
    userId: number,
    canRead: boolean,
    decide: (facts: EntryFacts) => Entry<Result>,
  ): Result {
    const { name } = made;
    const { group, members, outsiders, head, register } = this.#shard(name);
    const list = this.#listOf(userId);
    const {
      result,
      entered,
      group: changes,
    } = decide({
      canRead,
      group: group ? { ...group, members: members.size } : undefined,
      head,
      member: members.get(userId),
      outsider: outsiders.get(userId),
      // The list may name the group already: only the group's shard was set back.
      groupsOfUser: () => (list.has(name) ? list.size - 1 : list.size),
    });
    if (entered) {
      const { joined } = entered;
      const place = { delivered: joined, read: joined, seen: joined };
      const now = { ...(group ?? made), ...changes };
      this.#data.change(groupTimeline(name), {
        group: now,
        // Lists of conversations have it among those in which something was said now.
        ...(!group && { said: { ...nothingSaid, at: this.#now() } }),
        ...(now.keyEpoch > 0 && {
          register: withMember(register, userId, now.keyEpoch, this.#now()),
        }),
        members: withEntry(members, userId, { ...entered, ...place }),
        outsiders: withoutEntry(outsiders, userId),
      });
    }
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

  #place(group: string, userId: number): Membership | null | undefined {
    const { members, head, group: known } = this.#shard(group);
    const place = members.get(userId);
    return known && place && membershipOf(group, place, head, known);
  }

  #listInvitation(name: string, userId: number, by: number): void {
    const timeline = userTimeline(userId);
    const { invitations } = this.#data.shard(timeline);
    const listed = withEntry(withoutEntry(invitations, name), name, by);
    const newest = [...listed].slice(-limits.invitationsPerUserMax);
    this.#data.change(timeline, { invitations: new Map(newest) });
  }

  #unlist(name: string, userId: number): void {
    const groups = new Set(this.#listOf(userId));
    groups.delete(name);
    this.#data.change(userTimeline(userId), { groups });
  }
}

function these(outsiders: Shard['outsiders'], which: Outsider): number[] {
  return [...outsiders].flatMap(([userId, outsider]) => (outsider === which ? [userId] : []));
}

/** Who is removed, or invited, once more keeps their place. */
function withOutsider(outsiders: Shard['outsiders'], userId: number, outsider: Outsider) {
  if (outsiders.get(userId) === outsider) return outsiders;
  const changed = withEntry(withoutEntry(outsiders, userId), userId, outsider);
  const removed = these(changed, 'removed');
  const [first = 0] = removed;
  return removed.length > limits.groupRemovedMax ? withoutEntry(changed, first) : changed;
}
