/** Registering, logging in and out. */
import { CimError } from '../../base/errors.ts';
import { type LiveServer, pushAddress, serverAddress } from '../../registry/registry.ts';
import { javaDevice } from '../../store/sessions.ts';
import type { RouteOperations } from '../operations.ts';
import { onlineUsers } from '../presence.ts';
import { type ServerCandidate, ServerChoice } from '../server-choice.ts';
import { endSessions, liveSessions, type OperationsContext } from './context.ts';

export function accountOperations(
  context: OperationsContext,
): Pick<RouteOperations, 'register' | 'login' | 'offLine' | 'onlineUsers'> {
  const { store, registry, accounts, servers, strategy } = context;
  const choice = new ServerChoice(() => registry.view.choosable.map(candidateOf), strategy);

  return {
    async register(registration) {
      const result = await store.accounts.register(registration);
      if (result.status === 'registered') return result;
      const { account } = result;
      throw result.status === 'name-taken'
        ? new CimError(
            'name-taken',
            `the name ${JSON.stringify(account.name)} belongs to user ${account.userId}`,
          )
        : new CimError('id-taken', `user ${account.userId} bears another name`);
    },

    async login({ userId, userName, java, avoid }) {
      const account = await accounts.find(userId);
      if (account?.name !== userName) throw new CimError('account-mismatch');
      if (!java) return choice.choose(userId, avoid);
      const sessions = await liveSessions(context, userId);
      if (sessions.some(({ device }) => device === javaDevice)) throw new CimError('repeat-login');
      const chosen = await choice.chooseReachable(userId);
      await store.sessions.assignJava(userId, pushAddress(chosen));
      return chosen;
    },

    async offLine(userId) {
      const session = await store.sessions.endJava(userId, await store.sessions.now());
      if (session) await endSessions(context, [session]);
    },

    onlineUsers: () => onlineUsers(servers, [...registry.view.servers.values()].map(pushAddress)),
  };
}

function candidateOf(server: LiveServer): ServerCandidate {
  const { ip, tcpPort, httpPort, tls, connections } = server;
  return { key: serverAddress(server), ip, tcpPort, httpPort, tls, connections };
}
