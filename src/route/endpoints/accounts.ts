/** POST /registerAccount, /login, /offLine; GET /onlineUser [J2.4]. */
import { assertUserName } from '../../base/names.ts';
import { type Endpoint, endpoint } from '../../http/endpoint.ts';
import type { RouteOperations } from '../operations.ts';
import { account, integer, string, userId } from './fields.ts';

/**
 * Servers that one login may avoid: a client names those that failed it within the last minute or
 * so.
 */
const avoidedMax = 32;

export function accountEndpoints(operations: RouteOperations): readonly Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/registerAccount',
      summary: 'Makes an account, or finds it: a name has one id for ever',
      body: {
        type: 'object',
        required: ['userName'],
        properties: {
          userName: { type: 'string' },
          userId: { ...userId, description: 'with X-Cim-Version only: the id wanted' },
        },
      },
      answer: account,
      handle: async ({ userName, userId }, { java }) => {
        assertUserName(userName);
        const registration =
          java || userId === undefined ? { name: userName } : { name: userName, userId };
        const { account } = await operations.register(registration);
        return { userId: account.userId, userName: account.name };
      },
    }),

    endpoint({
      method: 'POST',
      path: '/login',
      summary: 'Chooses the server that the user is to connect to',
      body: {
        type: 'object',
        required: ['userId', 'userName'],
        properties: {
          userId,
          userName: { type: 'string' },
          avoid: {
            type: 'array',
            items: { type: 'string' },
            maxItems: avoidedMax,
            description: 'with X-Cim-Version only: ip:port of servers that have just failed',
          },
        },
      },
      answer: {
        type: 'object',
        properties: {
          ip: string,
          cimServerPort: integer,
          httpPort: integer,
          tls: {
            type: 'boolean',
            description: 'with X-Cim-Version only: whether its ports speak TLS',
          },
        },
      },
      handle: async ({ userId, userName, avoid = [] }, { java }) => {
        const login = { userId, userName, java, avoid: java ? [] : avoid };
        const { ip, tcpPort, httpPort, tls } = await operations.login(login);
        const server = { ip, cimServerPort: tcpPort, httpPort };
        return java ? server : { ...server, tls };
      },
    }),

    endpoint({
      method: 'POST',
      path: '/offLine',
      summary: "Ends the user's session of a Java client, never of a cim device",
      body: { type: 'object', required: ['userId'], properties: { userId } },
      handle: ({ userId }) => operations.offLine(userId),
    }),

    endpoint({
      method: 'GET',
      path: '/onlineUser',
      summary: 'Everybody online; null if nobody is',
      answer: { type: 'array', items: account },
      handle: async () => {
        const users = await operations.onlineUsers();
        if (users.length === 0) return null;
        return users.map(({ userId, name }) => ({ userId, userName: name }));
      },
    }),
  ];
}
