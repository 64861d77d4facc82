/** POST /deleteAccount: for its holder, and for operators. */
import { type Endpoint, endpoint } from '../../http/endpoint.ts';
import type { RouteOperations } from '../operations.ts';
import { integer, loginKey, userId } from './fields.ts';

export function deletionEndpoints(operations: RouteOperations): readonly Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/deleteAccount',
      access: { who: 'users', actor: 'userId' },
      rate: 'login',
      summary: 'Deletes an account for good: its keys, sessions, messages and memberships',
      body: {
        type: 'object',
        required: ['userId'],
        properties: {
          userId,
          loginKey: {
            ...loginKey,
            description: `--auth secret: ${loginKey.description}; beside the token, and not for operators`,
          },
        },
      },
      answer: {
        type: 'object',
        properties: { ended: { ...integer, description: 'connections that this ended' } },
      },
      handle: async ({ userId, loginKey }, { identity, guess }) => {
        const proof = { guess, ...(loginKey !== undefined && { loginKey }) };
        const isOperator = identity.kind === 'operator';
        return {
          ended: await operations.deleteAccount(userId, ...(isOperator ? [] : [proof])),
        };
      },
    }),
  ];
}
