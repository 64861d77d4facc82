/**
 * What the owner and the admins of a named group may change, and what becomes of it. Pure;
 * change-group.lua says the same in Redis.
 */
import { limits } from '../../base/limits.ts';
import type { ChangeResult, Group, GroupChange } from '../groups.ts';
import { nextKeyEpoch } from './group-keys.ts';
import type { Outsider } from './membership.ts';

export interface ChangeFacts {
  /** Undefined if there is none of this name. */
  readonly group: Group | undefined;
  /** Of the user whom it is about, if it is about one. */
  readonly isMember: boolean;
  readonly outsider: Outsider | undefined;
  /** Invitations to the group that were not used. */
  readonly invited: () => number;
}

export interface Changed {
  readonly result: ChangeResult;
  /** What the group is from now on; absent: as it was. */
  readonly group?: Group;
  /** What the user is from now on, and no member; absent: as they were. */
  readonly outsider?: Outsider;
}

export function decideChange(by: number, change: GroupChange, facts: ChangeFacts): Changed {
  const { group, isMember } = facts;
  if (!group) return { result: 'unknown-group' };
  const refusal = refusalOf(by, change, group, facts);
  if (refusal) return { result: refusal };
  if (change.kind === 'set') {
    const { kind: _, ...settings } = change;
    return changedTo(group, settings);
  }
  const { kind, userId } = change;
  const others = group.admins.filter((admin) => admin !== userId);
  switch (kind) {
    case 'admin':
      return userId === group.owner
        ? { result: 'changed' }
        : changedTo(group, { admins: [...others, userId].toSorted((one, other) => one - other) });
    case 'unadmin':
      return changedTo(group, { admins: others });
    case 'hand-over':
      return changedTo(group, { owner: userId, admins: others });
    case 'invite':
      return { result: 'changed', ...(!isMember && { outsider: 'invited' }) };
    case 'remove': {
      const keyEpoch = nextKeyEpoch(group.keyEpoch);
      const changed = { ...group, admins: others, keyEpoch, version: group.version + 1 };
      return { result: 'changed', outsider: 'removed', ...(isMember && { group: changed }) };
    }
  }
}

/** A repeat changes nothing. */
function changedTo(group: Group, changes: Partial<Group>): Changed {
  const changed = { ...group, ...changes };
  const isSame =
    changed.title === group.title &&
    changed.entry === group.entry &&
    changed.sharePercent === group.sharePercent &&
    changed.owner === group.owner &&
    `${changed.admins}` === `${group.admins}`;
  return {
    result: 'changed',
    ...(!isSame && { group: { ...changed, version: group.version + 1 } }),
  };
}

function refusalOf(
  by: number,
  change: GroupChange,
  { owner, admins }: Group,
  { isMember, outsider, invited }: ChangeFacts,
): Exclude<ChangeResult, 'changed'> | undefined {
  const isOwner = by === owner;
  const isAllowed = isOwner || admins.includes(by);
  switch (change.kind) {
    case 'set':
      if (!isOwner && (change.entry !== undefined || change.sharePercent !== undefined))
        return 'not-the-owner';
      return isAllowed ? undefined : 'not-an-admin';
    case 'admin':
    case 'unadmin':
    case 'hand-over':
      if (!isOwner) return 'not-the-owner';
      if (!isMember) return 'no-such-member';
      return change.kind === 'admin' && isOneTooMany(change.userId, owner, admins)
        ? 'too-many'
        : undefined;
    case 'invite':
      if (!isAllowed) return 'not-an-admin';
      return !isMember && outsider !== 'invited' && invited() >= limits.groupInvitedMax
        ? 'too-many'
        : undefined;
    case 'remove':
      if (!isAllowed) return 'not-an-admin';
      if (change.userId === owner) return 'is-the-owner';
      return admins.includes(change.userId) && !isOwner ? 'not-the-owner' : undefined;
  }
}

function isOneTooMany(userId: number, owner: number, admins: readonly number[]): boolean {
  return userId !== owner && !admins.includes(userId) && admins.length >= limits.groupAdminsMax;
}
