/** The register of an encrypted group's keys, for its members. Nobody here can open any of it. */
import { CimError } from '../../base/errors.ts';
import type { NoRegister } from '../../store/group-keys.ts';
import { outsiderRefusal } from '../membership.ts';
import type { RouteOperations } from '../operations.ts';
import { type OperationsContext, tellServers } from './context.ts';

export function groupKeyOperations(
  context: OperationsContext,
): Pick<
  RouteOperations,
  'readGroupKeys' | 'drawGroupKey' | 'giveGroupKeys' | 'forgetGroupKeys' | 'groupChanges'
> {
  const { groups, groupKeys } = context.store;

  /** What was found. Throws `not-a-member`, `unknown-group` or `not-encrypted`. */
  async function found<Result>(group: string, asked: Promise<Result | NoRegister>) {
    const result = await asked;
    if (result === 'not-a-member') throw new CimError(await outsiderRefusal(groups, group));
    if (result === 'not-encrypted')
      throw new CimError('not-encrypted', 'group: it is not encrypted, and has no keys');
    return result as Exclude<Result, NoRegister>;
  }

  return {
    readGroupKeys: (userId, group, after) => found(group, groupKeys.read(group, userId, after)),

    async drawGroupKey(draw) {
      const drawn = await found(draw.group, groupKeys.draw(draw));
      // Also when it is a repeat: the first may have counted, and told nobody.
      if (drawn.status === 'committed') await tellServers(context, draw.group);
      return drawn;
    },

    giveGroupKeys: (userId, group, slots) => found(group, groupKeys.give(group, userId, slots)),

    async forgetGroupKeys(userId, group) {
      await found(group, groupKeys.forget(group, userId));
    },

    groupChanges: (userId, group, after) => found(group, groupKeys.changes(group, userId, after)),
  };
}
