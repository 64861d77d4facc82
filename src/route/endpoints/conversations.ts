/** POST /block, /unblock, /blocked: what users decide about each other. */
import { type Endpoint, endpoint } from '../../http/endpoint.ts';
import type { RouteOperations } from '../operations.ts';
import { account, userId } from './fields.ts';

const pair = {
  type: 'object',
  required: ['userId', 'peer'],
  properties: { userId, peer: { ...userId, description: 'the other one' } },
} as const;

export function conversationEndpoints(operations: RouteOperations): readonly Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/block',
      access: { who: 'users', actor: 'userId' },
      summary: 'From now on nothing private of the peer arrives, and the peer hears nothing of it',
      body: pair,
      handle: ({ userId, peer }) => operations.block(userId, peer),
    }),

    endpoint({
      method: 'POST',
      path: '/unblock',
      access: { who: 'users', actor: 'userId' },
      summary: 'Ends a block; what was sent meanwhile does not come',
      body: pair,
      handle: ({ userId, peer }) => operations.unblock(userId, peer),
    }),

    endpoint({
      method: 'POST',
      path: '/blocked',
      access: { who: 'users', actor: 'userId' },
      summary: 'Whom a user has blocked, by id',
      body: { type: 'object', required: ['userId'], properties: { userId } },
      answer: { type: 'array', items: account },
      handle: async ({ userId }) =>
        (await operations.blocked(userId)).map((each) => ({
          userId: each.userId,
          userName: each.name,
        })),
    }),
  ];
}
