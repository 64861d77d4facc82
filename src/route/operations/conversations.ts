/** What users decide about each other: whom they have blocked. */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { RouteOperations } from '../operations.ts';
import { callerOf, type OperationsContext, requireUser } from './context.ts';

export function conversationOperations(
  context: OperationsContext,
): Pick<RouteOperations, 'block' | 'unblock' | 'blocked'> {
  const { accounts, blocks } = context;
  const { conversations } = context.store;

  return {
    async block(userId, peer) {
      await callerOf(context, userId);
      if (peer === userId)
        throw new CimError('invalid-argument', 'peer: nobody can block themselves');
      await requireUser(context, peer);
      if ((await conversations.block(userId, peer)) === 'too-many') {
        throw new CimError('too-many', `a user may block ${limits.blockedPerUserMax} others`);
      }
      blocks.forget(userId);
    },

    async unblock(userId, peer) {
      await conversations.unblock(userId, peer);
      blocks.forget(userId);
    },

    async blocked(userId) {
      const ids = await conversations.blockedBy(userId);
      const known = await accounts.findAll(ids);
      return ids.map((id) => known.get(id) ?? { userId: id, name: '' });
    },
  };
}
