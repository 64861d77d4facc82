/**
 * Who may enter a named group, who owns it, and where a member's cursor is. Pure; list-group.lua,
 * join-group.lua, leave-group.lua and set-share.lua say the same in Redis.
 */
import type { GroupHistory } from '../../base/group-history.ts';
import { limits } from '../../base/limits.ts';
import type { CreateResult, Group, JoinResult, Membership } from '../groups.ts';

export interface Member {
  readonly joined: number;
  readonly cursor: number;
}

export interface EntryFacts {
  /** Undefined if there is none of this name. */
  readonly group: (Omit<Group, 'name'> & { readonly members: number }) | undefined;
  /** Of the group's timeline. */
  readonly head: number;
  /** Of the user, undefined if not in it. */
  readonly member: Member | undefined;
  /** How many groups the user is in. */
  groupsOfUser(): number;
}

export interface Entry<Result extends CreateResult> {
  readonly result: Result;
  /** What the user has from now on in the group that is made if there is none; null: nothing changes. */
  readonly entered: Member | null;
}

export function decideCreate(
  name: string,
  owner: number,
  history: GroupHistory,
  facts: EntryFacts,
): Entry<CreateResult> {
  const group = facts.group ?? { owner, history, sharePercent: null, members: 0 };
  if (group.owner === owner || hasTooMany(facts)) return decideJoin(name, { ...facts, group });
  return { result: { status: 'group-exists', owner: group.owner }, entered: null };
}

/** What a user hears first is that they are in as many groups as may be. */
export function decideJoin(name: string, facts: EntryFacts): Entry<JoinResult> {
  const { group, head, member = { joined: head, cursor: head } } = facts;
  const already = facts.member !== undefined;
  if (hasTooMany(facts)) return { result: { status: 'too-many' }, entered: null };
  if (!group) return { result: { status: 'unknown-group' }, entered: null };
  if (!already && group.members >= limits.groupMembersMax)
    return { result: { status: 'too-many' }, entered: null };
  const { owner, history } = group;
  const membership = membershipOf(name, member, head, history);
  return {
    result: { status: 'joined', owner, already, membership },
    entered: already ? null : member,
  };
}

/** Who owns a group that a user has left; `heir`: the longest-standing member. Null: the group is gone. */
export function ownerWithout(
  userId: number,
  owner: number,
  heir: number | undefined,
): number | null {
  return heir !== undefined && owner !== userId ? owner : (heir ?? null);
}

export function decideShareChange(
  userId: number,
  owner: number | undefined,
): 'set' | 'unknown-group' | 'not-the-owner' {
  if (owner === undefined) return 'unknown-group';
  return owner === userId ? 'set' : 'not-the-owner';
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
