/** Deleting accounts: for their holders, for operators, and again by every route until it has settled. */
import { CimError } from '../../base/errors.ts';
import type { DeletionBegin } from '../../store/deletions.ts';
import type { RouteOperations } from '../operations.ts';
import { assertLoginKey } from './accounts.ts';
import { endSessions, type OperationsContext } from './context.ts';

/**
 * Both steps of a deletion; with how many connections ended. A server that cannot be told finds no record of
 * the session when it next checks, and none is opened: so the connection ends there then.
 */
export async function eraseAccount(
  context: OperationsContext,
  userId: number,
): Promise<{ readonly status: DeletionBegin['status']; readonly ended: number }> {
  const { store, registry } = context;
  const begun = await store.deletions.begin(userId);
  forgetAccount(context, userId);
  const sessions = begun.status === 'begun' ? begun.sessions : [];
  const live = sessions.filter(({ instance }) => !registry.isGone(instance));
  if (sessions.length > 0) context.presenceHints.changed(userId, false);
  await endSessions(context, live, 'account-deleted');
  await store.deletions.finish(userId);
  return { status: begun.status, ended: live.length };
}

/** What this route remembers. */
export function forgetAccount(
  { accounts, callers, blocks }: Pick<OperationsContext, 'accounts' | 'callers' | 'blocks'>,
  userId: number,
): void {
  accounts.forget(userId);
  callers.forgetAccount(userId);
  blocks.forget(userId);
}

export function deletionOperations(
  context: OperationsContext,
): Pick<RouteOperations, 'deleteAccount'> {
  const { store, authentication } = context;

  return {
    async deleteAccount(userId, proof) {
      if (proof && authentication.mode === 'secret') {
        const credential = await store.accounts.credential(userId);
        if (!credential && (await store.deletions.isDeleted(userId)))
          throw new CimError('account-deleted');
        await assertLoginKey(credential, userId, proof.loginKey, proof.guess);
      }
      const { status, ended } = await eraseAccount(context, userId);
      if (status === 'unknown') throw new CimError('not-found', 'userId: there is no such account');
      return ended;
    },
  };
}
