/**
 * Who may enter a named group, who owns it when somebody has left, and where a member's cursor is.
 * Pure; list-group.lua, join-group.lua and leave-group.lua say the same in Redis.
 */
import type { GroupHistory } from '../../base/group-history.ts';
import { limits } from '../../base/limits.ts';
import type { CreateResult, Group, JoinRefusal, JoinResult, Membership } from '../groups.ts';

export interface Member {
  readonly joined: number;
  readonly cursor: number;
}

/** What was decided about somebody who is not in the group. */
export type Outsider = 'invited' | 'removed';

export interface EntryFacts {
  /** Undefined if there is none of this name. */
  readonly group: (Omit<Group, 'name'> & { readonly members: number }) | undefined;
  /** Of the group's timeline. */
  readonly head: number;
  /** Of the user, undefined if not in it. */
  readonly member: Member | undefined;
  readonly outsider: Outsider | undefined;
  /** How many groups the user is in. */
  groupsOfUser(): number;
}

export interface Entry<Result extends CreateResult> {
  readonly result: Result;
  /** What the user has from now on in the group that is made if there is none; null: nothing changes. */
  readonly entered: Member | null;
}

export function newGroup(name: string, owner: number, history: GroupHistory): Group {
  return {
    name,
    title: name,
    owner,
    admins: [],
    entry: 'open',
    history,
    sharePercent: null,
    version: 1,
  };
}

export function decideCreate(
  name: string,
  owner: number,
  history: GroupHistory,
  facts: EntryFacts,
): Entry<CreateResult> {
  const group = facts.group ?? { ...newGroup(name, owner, history), members: 0 };
  if (group.owner === owner || hasTooMany(facts)) return decideJoin(name, { ...facts, group });
  return { result: { status: 'group-exists', owner: group.owner }, entered: null };
}

/** What a user hears first is that they are in as many groups as may be. */
export function decideJoin(name: string, facts: EntryFacts): Entry<JoinResult> {
  const { group, head, member = { joined: head, cursor: head } } = facts;
  const already = facts.member !== undefined;
  if (hasTooMany(facts)) return { result: { status: 'too-many' }, entered: null };
  if (!group) return { result: { status: 'unknown-group' }, entered: null };
  const refusal = already ? undefined : refusalOf(group, facts.outsider);
  if (refusal) return { result: { status: refusal }, entered: null };
  if (!already && group.members >= limits.groupMembersMax)
    return { result: { status: 'too-many' }, entered: null };
  const { owner, history } = group;
  const membership = membershipOf(name, member, head, history);
  return {
    result: { status: 'joined', owner, already, membership },
    entered: already ? null : member,
  };
}

/** What a group is when a user has left it; null: it is gone, with its last member. */
export function decideLeave<Known extends Pick<Group, 'owner' | 'admins' | 'version'>>(
  userId: number,
  group: Known,
  /** Who has been in it for longest: of its admins, and of its members. */
  heirs: { readonly admin: number | undefined; readonly member: number | undefined },
): Known | null {
  if (heirs.member === undefined) return null;
  const owner = group.owner === userId ? (heirs.admin ?? heirs.member) : group.owner;
  const admins = group.admins.filter((admin) => admin !== userId && admin !== owner);
  const isSame = owner === group.owner && admins.length === group.admins.length;
  return isSame ? group : { ...group, owner, admins, version: group.version + 1 };
}

function refusalOf(
  { entry }: Pick<Group, 'entry'>,
  outsider: Outsider | undefined,
): JoinRefusal | undefined {
  if (outsider === 'removed') return 'removed-from-group';
  if (entry === 'closed') return 'group-closed';
  return entry === 'invite' && outsider !== 'invited' ? 'not-invited' : undefined;
}

/** After a failover that lost a tail the head may be behind both numbers of a member. */
export function membershipOf(
  group: string,
  { joined, cursor }: Member,
  head: number,
  history: GroupHistory,
): Membership {
  return { group, joined, cursor: Math.max(joined, Math.min(cursor, head)), head, history };
}

function hasTooMany({ member, groupsOfUser }: EntryFacts): boolean {
  return member === undefined && groupsOfUser() >= limits.groupsPerUserMax;
}
