/** What operators ask of the servers. */

import { callOne } from '../../api/batch-call.ts';
import { verifierOf } from '../../auth/verifier.ts';
import { CimError } from '../../base/errors.ts';
import { type LiveServer, pushAddress, type Registry } from '../../registry/registry.ts';
import type { RouteOperations, ServerStatus } from '../operations.ts';
import { endAll, type OperationsContext } from './context.ts';

export function operatorOperations(
  context: OperationsContext,
): Pick<RouteOperations, 'drain' | 'servers' | 'kick' | 'resetSecret'> {
  const { store, registry, servers } = context;

  return {
    async drain(wanted) {
      const found = serverCalled(wanted, [...registry.view.servers.values()]);
      const { instance } = found;
      const { code } = await callOne(servers.at(pushAddress(found)).drain, { instance });
      if (code !== 0) throw new CimError('unavailable', `the server ${wanted} does not answer`);
    },

    servers: () => [...registry.view.servers.values()].map((server) => statusOf(server, registry)),

    async kick(userId) {
      // First, so that no token of before lets anybody in after the last session has ended.
      await store.accounts.revoke(userId);
      return endAll(context, userId, 'kicked');
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

/** By its instance or its `ip:tcpPort`. Throws `not-found`, with what there is. */
function serverCalled(wanted: string, alive: readonly LiveServer[]): LiveServer {
  const found = alive.find((server) => server.instance === wanted || nameOf(server) === wanted);
  if (found) return found;
  const others = alive.length === 0 ? 'none is' : `these are: ${alive.map(nameOf).join(', ')}`;
  throw new CimError('not-found', `server: no ${JSON.stringify(wanted)} is alive; ${others}`);
}

function nameOf({ ip, tcpPort }: LiveServer): string {
  return `${ip}:${tcpPort}`;
}

function statusOf(server: LiveServer, { view }: Registry): ServerStatus {
  const { instance, ip, tcpPort, httpPort, tls, version, connections } = server;
  const choosable = view.choosable.some((choosable) => choosable.instance === instance);
  return { instance, ip, tcpPort, httpPort, tls, version, connections, choosable };
}
