/** POST /history: what a user's timeline and the lobby still keep. */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { groupNameOf } from '../../base/names.ts';
import { type Endpoint, endpoint } from '../../http/endpoint.ts';
import type { RouteOperations } from '../operations.ts';
import { groupName, integer, string, userId } from './fields.ts';

const message = {
  type: 'object',
  description: 'with to or group',
  properties: {
    id: string,
    from: integer,
    fromName: string,
    to: integer,
    group: string,
    text: string,
    seq: integer,
    at: { ...integer, description: 'ms since 1970' },
  },
} as const;

/** Messages where the caller names no limit: about a screen. */
const limitDefault = 20;

export function historyEndpoint(operations: RouteOperations): Endpoint {
  return endpoint({
    method: 'POST',
    path: '/history',
    summary: "The newest of a user's messages that match, oldest first",
    body: {
      type: 'object',
      required: ['userId'],
      properties: {
        userId,
        peer: { ...userId, description: 'only messages exchanged with this user' },
        group: { ...groupName, description: "only this group's messages" },
        keyword: {
          type: 'string',
          minLength: 1,
          description: 'only messages that hold this, ignoring case',
        },
        before: {
          type: 'integer',
          minimum: 0,
          maximum: Number.MAX_SAFE_INTEGER,
          description: 'only messages accepted before this time, ms since 1970',
        },
        limit: {
          type: 'integer',
          minimum: 1,
          maximum: limits.pageMessagesMax,
          description: `${limitDefault} if absent`,
        },
      },
    },
    answer: { type: 'array', items: message },
    handle: async ({ limit = limitDefault, group, ...query }) => {
      if (query.peer !== undefined && group !== undefined) {
        throw new CimError('invalid-argument', 'peer: must not be given together with group');
      }
      const found = await operations.history({
        ...query,
        limit,
        ...(group === undefined ? {} : { group: groupNameOf(group) }),
      });
      return found.map(({ id, from, fromName, to, group, text, seq, at }) => ({
        id,
        from,
        fromName,
        to,
        group,
        text,
        seq,
        at,
      }));
    },
  });
}
