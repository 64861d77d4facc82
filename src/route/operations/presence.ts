/** Who is there, and what others may know of it. */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { RouteOperations } from '../operations.ts';
import type { OperationsContext } from './context.ts';

export function presenceOperations({
  store,
  registry,
}: OperationsContext): Pick<RouteOperations, 'presence' | 'showLastSeen'> {
  return {
    async presence(userIds, caller) {
      const watchers = caller === null ? [] : [caller];
      const questions = userIds.map((userId) => ({ userId, observer: null, watchers }));
      const records = await store.presence.look(questions, limits.presenceLeaseMs);
      return records.map(({ instances, lastSeen, blocked }, index) => {
        const userId = userIds[index] as number;
        if (blocked.length > 0) return { userId, online: false };
        const online = instances.some((instance) => !registry.isGone(instance));
        return { userId, online, ...(!online && lastSeen > 0 && { lastSeen }) };
      });
    },

    async showLastSeen(userId, isShown) {
      if (!(await store.presence.showLastSeen(userId, isShown)))
        throw new CimError('account-mismatch', 'userId: there is no such account');
    },
  };
}
