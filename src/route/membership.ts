/** What those are told who are not in a named group: there may be no such group at all. */
import { CimError } from '../base/errors.ts';
import type { Groups } from '../store/groups.ts';

export type OutsiderRefusal = 'not-a-member' | 'unknown-group';

export async function outsiderRefusal(
  groups: Pick<Groups, 'find'>,
  group: string,
): Promise<OutsiderRefusal> {
  return (await groups.find(group)) ? 'not-a-member' : 'unknown-group';
}

/** Throws `not-a-member` or `unknown-group`. */
export async function assertMember(
  groups: Pick<Groups, 'find' | 'areMembers'>,
  group: string,
  userId: number,
): Promise<void> {
  const [isMember] = await groups.areMembers([{ group, userId }]);
  if (!isMember) throw new CimError(await outsiderRefusal(groups, group));
}
