/** What operators ask of the servers. */

import { callOne } from '../../api/batch-call.ts';
import { verifierOf } from '../../auth/verifier.ts';
import { CimError } from '../../base/errors.ts';
import { type LiveServer, pushAddress, serverName } from '../../registry/registry.ts';
import type { RouteOperations } from '../operations.ts';
import { canonicalName } from '../servers/server-choice.ts';
import { choosableServers, endAll, type OperationsContext } from './context.ts';

export function operatorOperations(
  context: OperationsContext,
): Pick<
  RouteOperations,
  'drain' | 'renewStoreId' | 'backUp' | 'servers' | 'kick' | 'setAccountBlocked' | 'resetSecret'
> {
  const { store, registry, servers, authentication } = context;

  return {
    async drain(wanted) {
      const found = serverCalled(wanted, [...registry.view.servers.values()]);
      const { instance } = found;
      const { code } = await callOne(servers.at(pushAddress(found)).drain, { instance });
      if (code !== 0) throw new CimError('unavailable', `the server ${wanted} does not answer`);
    },

    renewStoreId: () => store.identity.renew(),

    async backUp() {
      if (store.backUp) return store.backUp();
      throw new CimError(
        'not-found',
        'the store is a Redis, which has means of its own (docs/guides/backup.md)',
      );
    },

    servers({ after, limit }) {
      const choosable = new Set(choosableServers(context).map(({ instance }) => instance));
      return [...registry.view.servers.values()]
        .filter(({ instance }) => instance > after)
        .sort((a, b) => (a.instance < b.instance ? -1 : 1))
        .slice(0, limit)
        .map((server) => ({ ...server, choosable: choosable.has(server.instance) }));
    },

    async kick(userId) {
      // First, so that no token of before lets anybody in after the last session has ended.
      const revoked = await store.accounts.revoke(userId);
      const ended = await endAll(context, userId, 'kicked');
      if (revoked === null && ended === 0)
        throw new CimError('not-found', 'userId: there is no such account');
      return ended;
    },

    async setAccountBlocked(userId, isBlocked) {
      if (authentication.mode === 'open')
        throw new CimError('not-allowed', 'anybody may be anybody here: see --auth');
      if ((await store.accounts.setBlocked(userId, isBlocked)) === null)
        throw new CimError('not-found', 'userId: there is no such account');
      if (isBlocked) return endAll(context, userId, 'blocked');
      context.callers.forget(userId);
      return 0;
    },

    async resetSecret(userId, loginKey) {
      const change = {
        userId,
        expected: null,
        verifier: verifierOf(loginKey),
        // Nobody has the old secret, so nobody can open the private key that it seals.
        wrappedKey: null,
      };
      if ((await store.accounts.replaceSecret(change)) === null) {
        throw new CimError('not-found', 'userId: there is no such account');
      }
      await endAll(context, userId, 'secret-changed');
    },
  };
}

/** By its instance or its `host:port`. Throws `not-found`, with what there is. */
function serverCalled(wanted: string, alive: readonly LiveServer[]): LiveServer {
  const name = canonicalName(wanted);
  const found = alive.find((server) => server.instance === wanted || serverName(server) === name);
  if (found) return found;
  const others = alive.length === 0 ? 'none is' : `these are: ${alive.map(serverName).join(', ')}`;
  throw new CimError('not-found', `server: no ${JSON.stringify(wanted)} is alive; ${others}`);
}
