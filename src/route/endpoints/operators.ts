/** GET /servers, POST /kick, /resetSecret, /drain: for operators, who bear the cluster secret. */
import { type Endpoint, endpoint } from '../../http/endpoint.ts';
import type { RouteOperations } from '../operations.ts';
import { boolean, integer, loginKey, string, userId } from './fields.ts';

const server = {
  type: 'object',
  properties: {
    instance: string,
    ip: string,
    cimServerPort: integer,
    httpPort: integer,
    version: string,
    connections: integer,
    choosable: { ...boolean, description: 'whether logins are sent there' },
  },
} as const;

export function operatorEndpoints(operations: RouteOperations): readonly Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/servers',
      summary: 'The live servers',
      access: { who: 'operators' },
      answer: { type: 'array', items: server },
      handle: () =>
        operations
          .servers()
          .map(({ instance, ip, tcpPort, httpPort, version, connections, choosable }) => ({
            instance,
            ip,
            cimServerPort: tcpPort,
            httpPort,
            version,
            connections,
            choosable,
          })),
    }),

    endpoint({
      method: 'POST',
      path: '/kick',
      summary: 'Ends every connection of a user, and makes their tokens void',
      access: { who: 'operators' },
      body: { type: 'object', required: ['userId'], properties: { userId } },
      answer: { type: 'object', properties: { ended: integer } },
      handle: async ({ userId }) => ({ ended: await operations.kick(userId) }),
    }),

    endpoint({
      method: 'POST',
      path: '/resetSecret',
      access: { who: 'operators' },
      summary: 'Gives an account another secret; what was encrypted for it becomes unreadable',
      body: {
        type: 'object',
        required: ['userId', 'loginKey'],
        properties: { userId, loginKey },
      },
      handle: ({ userId, loginKey }) => operations.resetSecret(userId, loginKey),
    }),

    endpoint({
      method: 'POST',
      path: '/drain',
      summary: 'Takes a server out of choice for good, and sends everybody there elsewhere',
      access: { who: 'operators' },
      body: {
        type: 'object',
        required: ['server'],
        properties: {
          server: { type: 'string', description: 'ip:cimServerPort of /servers, or its instance' },
        },
      },
      handle: ({ server }) => operations.drain(server),
    }),
  ];
}
