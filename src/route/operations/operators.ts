/** What operators ask of the servers. */
import { callOne } from '../../api/batch-call.ts';
import { CimError } from '../../base/errors.ts';
import { type LiveServer, pushAddress, type Registry } from '../../registry/registry.ts';
import type { RouteOperations, ServerStatus } from '../operations.ts';
import { endSessions, liveSessions, type OperationsContext } from './context.ts';

export function operatorOperations(
  context: OperationsContext,
): Pick<RouteOperations, 'drain' | 'servers' | 'kick'> {
  const { registry, servers } = context;

  return {
    async drain(wanted) {
      const found = serverCalled(wanted, [...registry.view.servers.values()]);
      const { instance } = found;
      const { code } = await callOne(servers.at(pushAddress(found)).drain, { instance });
      if (code !== 0) throw new CimError('unavailable', `the server ${wanted} does not answer`);
    },

    servers: () => [...registry.view.servers.values()].map((server) => statusOf(server, registry)),

    async kick(userId) {
      const sessions = await liveSessions(context, userId);
      await endSessions(context, sessions);
      return sessions.length;
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
