/**
 * Named groups, and telling the connections of whoever joins or leaves one. Telling is a courtesy:
 * a device that does not hear of it finds its groups at its next login.
 */
import { callOne } from '../../api/batch-call.ts';
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Account } from '../../store/accounts.ts';
import type { CreateResult, Membership } from '../../store/groups.ts';
import { javaDevice } from '../../store/sessions.ts';
import { requireMembership } from '../membership.ts';
import type { GroupStatus, RouteOperations } from '../operations.ts';
import { callerOf, liveSessions, type OperationsContext } from './context.ts';

export function groupOperations(
  context: OperationsContext,
): Pick<
  RouteOperations,
  'createGroup' | 'joinGroup' | 'leaveGroup' | 'setGroupShare' | 'groupsOf' | 'groupMembers'
> {
  const { store, accounts, servers } = context;
  const { groups } = store;

  /**
   * The membership is stored by now, and a login reads it after its session is: of a login at the
   * same time at least one of the two sees the other.
   */
  async function tell(
    userId: number,
    member: boolean,
    membership: Pick<Membership, 'group' | 'joined' | 'head'>,
  ) {
    const { group, joined, head } = membership;
    const sessions = await liveSessions(context, userId);
    await Promise.all(
      sessions
        .filter(({ device }) => device !== javaDevice)
        .map(({ address, sessionId, instance }) =>
          callOne(servers.at(address).membership, {
            sessionId,
            instance,
            group,
            member,
            joined,
            head,
          }),
        ),
    );
  }

  async function enter(userId: number, group: string, result: CreateResult): Promise<GroupStatus> {
    if (result.status !== 'joined') throw refusalOf(group, result);
    const { owner, membership } = result;
    await tell(userId, true, membership);
    return { ...membership, owner };
  }

  return {
    async createGroup(userId, group, history) {
      await callerOf(context, userId);
      return enter(userId, group, await groups.create(group, userId, history));
    },

    async joinGroup(userId, group) {
      await callerOf(context, userId);
      return enter(userId, group, await groups.join(group, userId));
    },

    async leaveGroup(userId, group) {
      const isThere = (await groups.find(group)) !== null;
      await groups.leave(group, userId);
      // Also when the user was not in it: the answer to an attempt before may have been lost.
      await tell(userId, false, { group, joined: 0, head: 0 });
      if (!isThere) throw new CimError('unknown-group');
    },

    async setGroupShare(userId, group, sharePercent) {
      const result = await groups.change(group, userId, { kind: 'set', sharePercent });
      if (result !== 'changed') throw new CimError(result);
    },

    async groupsOf(userId) {
      const memberships = await groups.of(userId);
      const found = await Promise.all(memberships.map(({ group }) => groups.find(group)));
      return memberships.flatMap((membership, index) => {
        const owner = found[index]?.owner;
        return owner === undefined ? [] : [{ ...membership, owner }];
      });
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

function refusalOf(group: string, result: Exclude<CreateResult, { status: 'joined' }>): CimError {
  if (result.status === 'too-many') {
    return new CimError(
      'too-many',
      `a user may be in ${limits.groupsPerUserMax} groups, and a group may have ${limits.groupMembersMax} members`,
    );
  }
  if (result.status !== 'group-exists') return new CimError(result.status);
  return new CimError(
    'group-exists',
    `the group ${JSON.stringify(group)} was created by user ${result.owner}: join it, or choose another name`,
  );
}
