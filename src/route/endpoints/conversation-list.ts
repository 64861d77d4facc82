/** POST /conversations, /setConversation: a user's list of conversations. */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { groupNameOf } from '../../base/text/names.ts';
import { type Endpoint, endpoint } from '../../http/endpoint.ts';
import type { RouteOperations } from '../operations.ts';
import { boolean, groupName, integer, string, userId } from './fields.ts';
import { message, messageOf } from './history.ts';

const limitDefault = 20;
const positionCharactersMax = 256;

export function conversationListEndpoints(operations: RouteOperations): readonly Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/conversations',
      access: { who: 'users', actor: 'userId', keys: ['read'] },
      summary: "A page of a user's conversations, pinned ones first and then the newest",
      body: {
        type: 'object',
        required: ['userId'],
        properties: {
          userId,
          before: {
            type: 'string',
            maxLength: positionCharactersMax,
            description: 'the next of the page before',
          },
          limit: {
            type: 'integer',
            minimum: 1,
            maximum: limits.conversationsPageMax,
            description: `${limitDefault} if absent`,
          },
        },
      },
      answer: {
        type: 'object',
        properties: {
          conversations: {
            type: 'array',
            items: {
              type: 'object',
              properties: {
                peer: { ...integer, description: 'a user, or' },
                group: string,
                at: { ...integer, description: 'of the newest message, ms since 1970' },
                unread: integer,
                muted: boolean,
                pinned: boolean,
                last: message,
              },
            },
          },
          next: {
            type: ['string', 'null'],
            description: 'older ones: ask with before; null: none',
          },
        },
      },
      handle: async ({ userId, before, limit = limitDefault }, { read }) => {
        const page = { limit, ...(before !== undefined && { before }) };
        const { conversations, next, scannedBytes } = await operations.conversations(userId, page);
        read(scannedBytes);
        return {
          conversations: conversations.map(({ peer, group, isMuted, isPinned, last, ...rest }) => ({
            ...(group === '' ? { peer } : { group }),
            ...rest,
            muted: isMuted,
            pinned: isPinned,
            ...(last && { last: messageOf(last) }),
          })),
          next,
        };
      },
    }),

    endpoint({
      method: 'POST',
      path: '/setConversation',
      access: { who: 'users', actor: 'userId' },
      summary: "What a user's account keeps of a conversation, for all devices",
      body: {
        type: 'object',
        required: ['userId'],
        properties: {
          userId,
          peer: { ...userId, description: 'with this user, or' },
          group: { ...groupName, description: 'in this group' },
          muted: boolean,
          pinned: boolean,
        },
      },
      handle: ({ userId, peer, group, muted, pinned }) => {
        if ((peer === undefined) === (group === undefined))
          throw new CimError('invalid-argument', 'peer: either this or group must be given');
        const name = { peer: peer ?? 0, group: group === undefined ? '' : groupNameOf(group) };
        return operations.setConversation(userId, name, {
          ...(muted !== undefined && { muted }),
          ...(pinned !== undefined && { pinned }),
        });
      },
    }),
  ];
}
