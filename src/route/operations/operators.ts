/** What operators ask of the servers. */
import { CimError } from '../../base/errors.ts';
import type { LiveServer, Registry } from '../../registry/registry.ts';
import type { RouteOperations, ServerStatus } from '../operations.ts';
import { endSessions, liveSessions, type OperationsContext } from './context.ts';

export function operatorOperations(
  context: OperationsContext,
): Pick<RouteOperations, 'drain' | 'servers' | 'kick'> {
  const { registry } = context;

  return {
    drain: () => Promise.reject(new CimError('internal', 'draining: not built yet')),

    servers: () => [...registry.view.servers.values()].map((server) => statusOf(server, registry)),

    async kick(userId) {
      const sessions = await liveSessions(context, userId);
      await endSessions(context, sessions);
      return sessions.length;
    },
  };
}

function statusOf(server: LiveServer, { view }: Registry): ServerStatus {
  const { instance, ip, tcpPort, httpPort, version, connections } = server;
  const choosable = view.choosable.some((choosable) => choosable.instance === instance);
  return { instance, ip, tcpPort, httpPort, version, connections, choosable };
}
