/** POST /presence, /lastSeen: who is there, and what others may know of it. */
import { limits } from '../../base/limits.ts';
import { type Endpoint, endpoint } from '../../http/endpoint.ts';
import type { RouteOperations } from '../operations.ts';
import { boolean, integer, userId } from './fields.ts';

export function presenceEndpoints(operations: RouteOperations): readonly Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/presence',
      access: { who: 'users', keys: ['read'] },
      summary:
        'Which of some users are online now, in the order asked; whom one of them has blocked is told that they are not',
      body: {
        type: 'object',
        required: ['userIds'],
        properties: {
          userIds: { type: 'array', items: userId, maxItems: limits.presencePageMax },
        },
      },
      answer: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            userId: integer,
            online: boolean,
            lastSeen: {
              ...integer,
              description: 'ms since 1970; only of those who are offline and show it',
            },
          },
        },
      },
      handle: ({ userIds }, { identity }) =>
        operations.presence(userIds, identity.kind === 'user' ? identity.userId : null),
    }),

    endpoint({
      method: 'POST',
      path: '/lastSeen',
      access: { who: 'users', actor: 'userId' },
      summary:
        'Whether others may know when the user was last seen: from now on it is kept, or forgotten and not kept',
      body: {
        type: 'object',
        required: ['userId', 'isShown'],
        properties: { userId, isShown: boolean },
      },
      handle: ({ userId, isShown }) => operations.showLastSeen(userId, isShown),
    }),
  ];
}
