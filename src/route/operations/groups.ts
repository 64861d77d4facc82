/**
 * Named groups, and telling the connections of whoever joins one, leaves, is removed or invited. Telling is a
 * courtesy: a device that does not hear of it finds its groups at its next login.
 */
import { callOne } from '../../api/batch-call.ts';
import { CimError, errorTable } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { groupTitleOf } from '../../base/text/names.ts';
import type { Account } from '../../store/accounts.ts';
import type {
  ChangeResult,
  CreateResult,
  Group,
  GroupChange,
  Membership,
} from '../../store/groups.ts';
import { javaDevice } from '../../store/sessions.ts';
import { outsiderRefusal, requireMembership } from '../membership.ts';
import type { GroupStatus } from '../operation-shapes.ts';
import type { RouteOperations } from '../operations.ts';
import {
  callerOf,
  hasKey,
  liveSessions,
  type OperationsContext,
  requireUser,
  tellServers,
} from './context.ts';

/** Of somebody who is not in a group. */
const nowhere = { joined: 0, head: 0, keyEpoch: 0 };

/** Why somebody is not in a group. */
const codes = {
  left: Number(errorTable['not-a-member'].code),
  removed: Number(errorTable['removed-from-group'].code),
};

export function groupOperations(
  context: OperationsContext,
): Pick<
  RouteOperations,
  | 'createGroup'
  | 'joinGroup'
  | 'leaveGroup'
  | 'changeGroup'
  | 'groupOf'
  | 'groupsOf'
  | 'invitations'
  | 'groupMembers'
> {
  const { store, accounts, blocks, servers } = context;
  const { groups } = store;

  /**
   * The membership is stored by now, and a login reads it after its session is: of a login at the
   * same time at least one of the two sees the other. `code`: 0, or why the user is not in it.
   * `invitedBy`: who lets them join, 0 if that is not what is new.
   */
  async function tell(
    userId: number,
    code: number,
    membership: Pick<Membership, 'group' | 'joined' | 'head' | 'keyEpoch'>,
    invitedBy = 0,
  ) {
    const { group, joined, head, keyEpoch } = membership;
    const sessions = await liveSessions(context, userId);
    await Promise.all(
      sessions
        .filter(({ device }) => device !== javaDevice)
        .map(({ address, sessionId, instance }) =>
          callOne(servers.at(address).membership, {
            sessionId,
            instance,
            group,
            code,
            joined,
            head,
            invitedBy,
            keyEpoch,
          }),
        ),
    );
  }

  /** Nobody is told by whom they have blocked. */
  async function tellInvited(by: number, group: string, userId: number): Promise<void> {
    const [[membership], blocked] = await Promise.all([
      groups.memberships([{ group, userId }]),
      blocks.by(userId),
    ]);
    if (membership || blocked.has(by)) return;
    await tell(userId, codes.left, { group, ...nowhere }, by);
  }

  /** A member is removed also when the account is gone. Who has no say hears that of the store. */
  async function requireRemovable(by: number, group: string, userId: number): Promise<void> {
    if (!hasSay(await groups.find(group), by)) return;
    const [membership] = await groups.memberships([{ group, userId }]);
    if (!membership) await requireUser(context, userId);
  }

  async function enter(userId: number, group: string, result: CreateResult): Promise<GroupStatus> {
    if (result.status === 'encrypted-group' && !(await hasKey(context, userId))) throw noKey();
    if (result.status !== 'joined') throw refusalOf(group, userId, result);
    const { already, membership } = result;
    await tell(userId, 0, membership);
    if (!already && membership.keyEpoch > 0) await tellServers(context, group);
    return statusOf(result.membership);
  }

  async function statusOf(membership: Membership): Promise<GroupStatus> {
    const found = await groups.find(membership.group);
    if (!found) throw new CimError('unknown-group');
    const { name: _, ...group } = found;
    return { ...group, ...membership };
  }

  return {
    async createGroup(userId, group, { history, e2ee = false } = {}) {
      await callerOf(context, userId);
      if (e2ee && !(await hasKey(context, userId))) throw noKey();
      return enter(userId, group, await groups.create(group, userId, history, e2ee));
    },

    async joinGroup(userId, group, e2ee = false) {
      await callerOf(context, userId);
      const canRead = e2ee && (await hasKey(context, userId));
      return enter(userId, group, await groups.join(group, userId, canRead));
    },

    async leaveGroup(userId, group) {
      const found = await groups.find(group);
      const hadSay = hasSay(found, userId);
      await groups.leave(group, userId);
      // Also when the user was not in it: the answer to an attempt before may have been lost.
      await tell(userId, codes.left, { group, ...nowhere });
      if (hadSay || (found && found.keyEpoch > 0)) await tellServers(context, group);
      if (!found) throw new CimError('unknown-group');
    },

    async changeGroup(userId, group, asked) {
      const change = checked(group, asked);
      if (change.kind === 'invite') await requireUser(context, change.userId);
      if (change.kind === 'remove') await requireRemovable(userId, group, change.userId);
      const result = await groups.change(group, userId, change);
      if (result !== 'changed') throw changeRefusalOf(change, result);
      // Also when it is a repeat: the first may have been stored, and told to nobody.
      if (change.kind === 'remove') await tell(change.userId, codes.removed, { group, ...nowhere });
      if (change.kind === 'invite') await tellInvited(userId, group, change.userId);
      else await tellServers(context, group);
    },

    async groupOf(userId, group) {
      const [membership] = await groups.memberships([{ group, userId }]);
      if (membership) return statusOf(membership);
      const isRemoved = (await groups.removed(group)).includes(userId);
      throw new CimError(isRemoved ? 'removed-from-group' : await outsiderRefusal(groups, group));
    },

    async groupsOf(userId) {
      const memberships = await groups.of(userId);
      const found = await Promise.all(memberships.map(({ group }) => groups.find(group)));
      return memberships.flatMap((membership, index) => {
        const { name: _, ...group } = found[index] ?? {};
        return 'owner' in group ? [{ ...group, ...membership }] : [];
      });
    },

    async invitations(userId) {
      const [found, blocked] = await Promise.all([groups.invitations(userId), blocks.by(userId)]);
      return found.filter(({ by }) => !blocked.has(by));
    },

    async groupMembers({ userId, group, after, limit }) {
      await requireMembership(groups, group, userId);
      const ids = await groups.members(group, after, Math.min(limit, limits.membersPageMax));
      const known = await accounts.findAll(ids);
      return ids.flatMap((id): Account[] => {
        const account = known.get(id);
        return account ? [account] : [];
      });
    },
  };
}

function hasSay(group: Pick<Group, 'owner' | 'admins'> | null, userId: number): boolean {
  return group !== null && (group.owner === userId || group.admins.includes(userId));
}

function checked(group: string, change: GroupChange): GroupChange {
  if (change.kind !== 'set' || change.title === undefined) return change;
  return { ...change, title: groupTitleOf(change.title) || group };
}

function changeRefusalOf(
  { kind }: GroupChange,
  result: Exclude<ChangeResult, 'changed'>,
): CimError {
  if (result === 'is-the-owner')
    return new CimError('invalid-argument', 'peer: the owner of a group cannot be removed from it');
  if (result !== 'too-many') return new CimError(result);
  return new CimError(
    result,
    kind === 'admin'
      ? `a group may have ${limits.groupAdminsMax} admins`
      : `${limits.groupInvitedMax} are invited to the group and have not joined: remove some of them`,
  );
}

function noKey(): CimError {
  return new CimError(
    'no-key',
    'an encrypted group is for accounts with a key pair: this one has none (docs/guides/encryption.md)',
  );
}

function refusalOf(
  group: string,
  userId: number,
  result: Exclude<CreateResult, { status: 'joined' }>,
): CimError {
  if (result.status === 'too-many') {
    return new CimError(
      'too-many',
      `a user may be in ${limits.groupsPerUserMax} groups, and a group may have ${limits.groupMembersMax} members, an encrypted one ${limits.encryptedGroupMembersMax}`,
    );
  }
  if (result.status === 'encrypted-group')
    return new CimError(
      result.status,
      'the group is encrypted: it is joined by a client that can read it, which says e2ee',
    );
  if (result.status !== 'group-exists') return new CimError(result.status);
  if (result.owner === userId)
    return new CimError(
      'group-exists',
      `the group ${JSON.stringify(group)} is there and not encrypted, which stays so: choose another name`,
    );
  return new CimError(
    'group-exists',
    `the group ${JSON.stringify(group)} was created by user ${result.owner}: join it, or choose another name`,
  );
}
