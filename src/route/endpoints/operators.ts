/** POST /servers, /kick, /blockAccount, /unblockAccount, /resetSecret, /newStoreId, /backup, /drain: for operators, who bear the cluster secret. */
import { limits } from '../../base/limits.ts';
import { type Endpoint, endpoint } from '../../http/endpoint.ts';
import type { RouteOperations } from '../operations.ts';
import { boolean, endpoints, integer, loginKey, serverName, string, userId } from './fields.ts';

const instance = { type: 'string', maxLength: limits.instanceCharactersMax } as const;

const server = {
  type: 'object',
  properties: {
    instance: string,
    endpoints,
    version: string,
    connections: integer,
    choosable: { ...boolean, description: 'whether logins are sent there' },
  },
} as const;

export function operatorEndpoints(operations: RouteOperations): readonly Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/servers',
      summary: 'A page of the live servers, by instance',
      access: { who: 'operators', accounts: 'view' },
      body: {
        type: 'object',
        required: [],
        properties: {
          after: {
            ...instance,
            description: 'only servers with instances above this; the last one of the page before',
          },
          limit: {
            type: 'integer',
            minimum: 1,
            maximum: limits.serversPageMax,
            description: `${limits.serversPageMax} if absent; a shorter page is the last one`,
          },
        },
      },
      answer: { type: 'array', items: server },
      handle: ({ after = '', limit = limits.serversPageMax }) =>
        operations
          .servers({ after, limit })
          .map(({ instance, address, version, connections, choosable }) => ({
            instance,
            endpoints: address,
            version,
            connections,
            choosable,
          })),
    }),

    endpoint({
      method: 'POST',
      path: '/kick',
      summary: 'Ends every connection of a user, and makes their tokens void',
      access: { who: 'operators', accounts: 'manage' },
      audited: ({ userId }) => String(userId),
      body: { type: 'object', required: ['userId'], properties: { userId } },
      answer: { type: 'object', properties: { ended: integer } },
      handle: async ({ userId }) => ({ ended: await operations.kick(userId) }),
    }),

    endpoint({
      method: 'POST',
      path: '/blockAccount',
      summary: 'Ends every connection of a user, and lets nobody in with that account',
      access: { who: 'operators', accounts: 'manage' },
      audited: ({ userId }) => String(userId),
      body: { type: 'object', required: ['userId'], properties: { userId } },
      answer: { type: 'object', properties: { ended: integer } },
      handle: async ({ userId }) => ({ ended: await operations.setAccountBlocked(userId, true) }),
    }),

    endpoint({
      method: 'POST',
      path: '/unblockAccount',
      summary: 'Lets a user in again who was blocked',
      access: { who: 'operators', accounts: 'manage' },
      audited: ({ userId }) => String(userId),
      body: { type: 'object', required: ['userId'], properties: { userId } },
      handle: async ({ userId }) => {
        await operations.setAccountBlocked(userId, false);
      },
    }),

    endpoint({
      method: 'POST',
      path: '/resetSecret',
      access: { who: 'operators', accounts: 'manage' },
      summary: 'Gives an account another secret; what was encrypted for it becomes unreadable',
      audited: ({ userId }) => String(userId),
      body: {
        type: 'object',
        required: ['userId', 'loginKey'],
        properties: { userId, loginKey },
      },
      handle: ({ userId, loginKey }) => operations.resetSecret(userId, loginKey),
    }),

    endpoint({
      method: 'POST',
      path: '/newStoreId',
      audited: () => '',
      summary: 'Has every client read anew and publish its key again: a backup was put back',
      access: { who: 'operators' },
      answer: { type: 'object', properties: { storeId: string } },
      handle: async () => ({ storeId: await operations.renewStoreId() }),
    }),

    endpoint({
      method: 'POST',
      path: '/backup',
      audited: () => '',
      summary: 'Copies the embedded store into a file in its folder, and says where that is',
      access: { who: 'operators' },
      answer: { type: 'object', properties: { file: string } },
      handle: async () => ({ file: await operations.backUp() }),
    }),

    endpoint({
      method: 'POST',
      path: '/drain',
      audited: ({ server }) => server,
      summary: 'Takes a server out of choice for good, and sends everybody there elsewhere',
      access: { who: 'operators', accounts: 'manage' },
      body: {
        type: 'object',
        required: ['server'],
        properties: {
          server: {
            ...serverName,
            description: 'host:port of its endpoint of kind tcp, or its instance',
          },
        },
      },
      handle: ({ server }) => operations.drain(server),
    }),
  ];
}
