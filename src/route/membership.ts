/** What those are told who are not in a named group: there may be no such group at all. */
import { CimError } from '../base/errors.ts';
import type { Groups, Membership } from '../store/groups.ts';

export type OutsiderRefusal = 'not-a-member' | 'unknown-group';

export async function outsiderRefusal(
  groups: Pick<Groups, 'find'>,
  group: string,
): Promise<OutsiderRefusal> {
  return (await groups.find(group)) ? 'not-a-member' : 'unknown-group';
}

/** The user's membership. Throws `not-a-member` or `unknown-group`. */
export async function requireMembership(
  groups: Pick<Groups, 'find' | 'memberships'>,
  group: string,
  userId: number,
): Promise<Membership> {
  const [membership] = await groups.memberships([{ group, userId }]);
  if (!membership) throw new CimError(await outsiderRefusal(groups, group));
  return membership;
}
