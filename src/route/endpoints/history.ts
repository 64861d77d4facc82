/** POST /history: pages back through what is kept of a user's messages. */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { groupNameOf } from '../../base/text/names.ts';
import { type Endpoint, endpoint } from '../../http/endpoint.ts';
import type { HistoryMessage } from '../operation-shapes.ts';
import type { RouteOperations } from '../operations.ts';
import { boolean, encodedBytes, groupName, integer, sealed, string, userId } from './fields.ts';

export const message = {
  type: 'object',
  description: 'with to or group',
  properties: {
    id: string,
    from: integer,
    fromName: string,
    to: integer,
    group: string,
    text: string,
    sealed,
    keyEpoch: {
      ...integer,
      description: 'in a group: the epoch of the key under which it is sealed',
    },
    content: { ...string, description: 'base64url; sealed if the text is' },
    silent: { ...boolean, description: 'true: it is not counted as unread' },
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
    access: { who: 'users', actor: 'userId', keys: ['read'] },
    summary: "A page of a user's messages: private ones, the lobby's and those of their groups",
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
          maxLength: limits.keywordCharactersMax,
          description: 'only messages that hold this, ignoring case; nothing that is sealed',
        },
        before: {
          type: 'string',
          minLength: 1,
          maxLength: limits.historyPositionCharactersMax,
          description: 'the next of the page before, for the same query: only older messages',
        },
        limit: {
          type: 'integer',
          minimum: 1,
          maximum: limits.pageMessagesMax,
          description: `${limitDefault} if absent`,
        },
      },
    },
    answer: {
      type: 'object',
      properties: {
        messages: { type: 'array', items: message, description: 'oldest first' },
        next: {
          type: ['string', 'null'],
          description: 'older ones: ask again with before, also after an empty page; null: none',
        },
        expired: {
          ...boolean,
          description: 'no older ones are kept, but there were some',
        },
      },
    },
    handle: async ({ limit = limitDefault, group, ...query }, { read }) => {
      if (query.peer !== undefined && group !== undefined) {
        throw new CimError('invalid-argument', 'peer: must not be given together with group');
      }
      const { messages, next, expired, scannedBytes } = await operations.history({
        ...query,
        limit,
        ...(group === undefined ? {} : { group: groupNameOf(group) }),
      });
      read(scannedBytes);
      return { messages: messages.map(messageOf), next, expired };
    },
  });
}

export function messageOf(message: HistoryMessage) {
  const { id, from, fromName, to, group, text, keyEpoch, silent, seq, at } = message;
  const sealed = encodedBytes(message.sealed);
  const content = encodedBytes(message.content);
  return { id, from, fromName, to, group, text, sealed, keyEpoch, content, silent, seq, at };
}
