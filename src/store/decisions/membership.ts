/**
 * Who may enter a named group, who owns it when somebody has left, and where a member's cursor is.
 * Pure; list-group.lua, join-group.lua and leave-group.lua say the same in Redis.
 */
import type { GroupHistory } from '../../base/group-history.ts';
import { limits } from '../../base/limits.ts';
import type { CreateResult, Group, JoinRefusal, JoinResult, Membership } from '../groups.ts';
import { firstState, nextKeyEpoch } from './group-keys.ts';

export interface Member {
  readonly joined: number;
  readonly cursor: number;
}

/** What was decided about somebody who is not in the group. */
export type Outsider = 'invited' | 'removed';

export interface EntryFacts {
  /** Can read what is encrypted. */
  readonly canRead: boolean;
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
  /** What changes of a group that was there; absent: nothing. */
  readonly group?: Pick<Group, 'version' | 'keyEpoch'>;
}

export function newGroup(name: string, owner: number, history: GroupHistory, e2ee: boolean): Group {
  return {
    name,
    title: name,
    owner,
    admins: [],
    entry: 'open',
    history,
    sharePercent: null,
    version: 1,
    keyEpoch: e2ee ? firstState.keyEpoch : 0,
  };
}

export function decideCreate(
  name: string,
  owner: number,
  { history, e2ee }: { readonly history: GroupHistory; readonly e2ee: boolean },
  facts: EntryFacts,
): Entry<CreateResult> {
  if (hasTooMany(facts)) return { result: { status: 'too-many' }, entered: null };
  const { group, head } = facts;
  if (!group) {
    const entered = { joined: head, cursor: head };
    const membership = membershipOf(name, entered, head, newGroup(name, owner, history, e2ee));
    return { result: { status: 'joined', owner, already: false, membership }, entered };
  }
  const isAsAsked = group.owner === owner && (!e2ee || group.keyEpoch > 0);
  if (isAsAsked) return decideJoin(name, facts);
  return { result: { status: 'group-exists', owner: group.owner }, entered: null };
}

/** What a user hears first is that they are in as many groups as may be. */
export function decideJoin(name: string, facts: EntryFacts): Entry<JoinResult> {
  const { group, head, member = { joined: head, cursor: head } } = facts;
  const already = facts.member !== undefined;
  if (hasTooMany(facts)) return { result: { status: 'too-many' }, entered: null };
  if (!group) return { result: { status: 'unknown-group' }, entered: null };
  const refusal = already ? undefined : refusalOf(group, facts);
  if (refusal) return { result: { status: refusal }, entered: null };
  const isEncrypted = group.keyEpoch > 0;
  const membersMax = isEncrypted ? limits.encryptedGroupMembersMax : limits.groupMembersMax;
  if (!already && group.members >= membersMax)
    return { result: { status: 'too-many' }, entered: null };
  const { owner } = group;
  const changes = isEncrypted && !already;
  const version = group.version + 1;
  const changed = changes ? { ...group, version, keyEpoch: nextKeyEpoch(group.keyEpoch) } : group;
  const membership = membershipOf(name, member, head, changed);
  return {
    result: { status: 'joined', owner, already, membership },
    entered: already ? null : member,
    ...(changes && { group: { version, keyEpoch: changed.keyEpoch } }),
  };
}

/** What a group is when a user has left it; null: it is gone, with its last member. */
export function decideLeave<Known extends Pick<Group, 'owner' | 'admins' | 'version' | 'keyEpoch'>>(
  userId: number,
  group: Known,
  /** Who has been in it for longest: of its admins, and of its members. */
  heirs: { readonly admin: number | undefined; readonly member: number | undefined },
): Known | null {
  if (heirs.member === undefined) return null;
  const owner = group.owner === userId ? (heirs.admin ?? heirs.member) : group.owner;
  const admins = group.admins.filter((admin) => admin !== userId && admin !== owner);
  const keyEpoch = nextKeyEpoch(group.keyEpoch);
  const isSame =
    owner === group.owner && admins.length === group.admins.length && keyEpoch === group.keyEpoch;
  return isSame ? group : { ...group, owner, admins, keyEpoch, version: group.version + 1 };
}

function refusalOf(
  { entry, keyEpoch }: Pick<Group, 'entry' | 'keyEpoch'>,
  { outsider, canRead }: EntryFacts,
): JoinRefusal | undefined {
  if (outsider === 'removed') return 'removed-from-group';
  if (entry === 'closed') return 'group-closed';
  if (entry === 'invite' && outsider !== 'invited') return 'not-invited';
  return keyEpoch > 0 && !canRead ? 'encrypted-group' : undefined;
}

/** After a failover that lost a tail the head may be behind both numbers of a member. */
export function membershipOf(
  group: string,
  { joined, cursor }: Member,
  head: number,
  { history, keyEpoch }: Pick<Group, 'history' | 'keyEpoch'>,
): Membership {
  const shown = Math.max(joined, Math.min(cursor, head));
  return { group, joined, cursor: shown, head, history, keyEpoch };
}

function hasTooMany({ member, groupsOfUser }: EntryFacts): boolean {
  return member === undefined && groupsOfUser() >= limits.groupsPerUserMax;
}
