/** POST /delay: a message for later, stored and sent by the routes. */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { groupNameOf } from '../../base/names.ts';
import { type Endpoint, endpoint } from '../../http/endpoint.ts';
import type { RouteOperations } from '../operations.ts';
import { groupName, text, userId } from './fields.ts';

export function delayEndpoint(operations: RouteOperations): Endpoint {
  return endpoint({
    method: 'POST',
    path: '/delay',
    summary: 'Sends to one user or one group later',
    body: {
      type: 'object',
      required: ['id', 'from', 'text', 'delaySeconds'],
      properties: {
        id: {
          type: 'string',
          minLength: 1,
          maxLength: limits.scheduleIdCharactersMax,
          description: 'chosen by the sender: creating the same one again is harmless',
        },
        from: { ...userId, description: 'the sender' },
        to: { ...userId, description: 'either this or group' },
        group: { ...groupName, description: 'either this or to' },
        text,
        delaySeconds: { type: 'integer', minimum: 0, maximum: limits.delaySecondsMax },
      },
    },
    handle: ({ group, ...message }) => {
      if ((message.to === undefined) === (group === undefined)) {
        throw new CimError('invalid-argument', 'to: must be given, or group, and not both');
      }
      return operations.schedule({
        ...message,
        ...(group === undefined ? {} : { group: groupNameOf(group) }),
      });
    },
  });
}
