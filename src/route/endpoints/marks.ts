/** POST /marks, /markRead, /ownTrace: how far people have got in conversations, and with one message. */
import { limits } from '../../base/limits.ts';
import { groupNameOf } from '../../base/text/names.ts';
import { type Endpoint, endpoint } from '../../http/endpoint.ts';
import type { RouteOperations } from '../operations.ts';
import { groupName, integer, string, userId } from './fields.ts';

const upTo = { ...integer, description: 'the sendSeq of the newest message; 0: none' } as const;

export function markEndpoints(operations: RouteOperations): readonly Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/marks',
      access: { who: 'users', actor: 'userId', keys: ['read'] },
      summary: 'How far others have got with what a user has sent to them',
      body: {
        type: 'object',
        required: ['userId'],
        properties: {
          userId,
          peers: {
            type: 'array',
            maxItems: limits.clientMarkedConversationsMax,
            items: userId,
            description: 'in private conversations with these users',
          },
          group: { ...groupName, description: 'in this group of theirs, to the message seq' },
          seq: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
        },
      },
      answer: {
        type: 'object',
        properties: {
          peers: {
            type: 'array',
            description: 'in the order asked',
            items: {
              type: 'object',
              properties: {
                peer: integer,
                sources: {
                  type: 'array',
                  description: 'of each epoch of the user, what moved last at the end',
                  items: {
                    type: 'object',
                    properties: { epoch: string, delivered: upTo, read: upTo },
                  },
                },
              },
            },
          },
          group: {
            type: 'object',
            description: 'only if it was asked for',
            properties: {
              group: string,
              seq: integer,
              members: integer,
              delivered: { ...integer, description: 'members who have that message' },
              read: { ...integer, description: 'members who have read it' },
              named: {
                type: ['array', 'null'],
                description: 'up to which number each has got; null: the group is large',
                items: {
                  type: 'object',
                  properties: { userId: integer, delivered: integer, read: integer },
                },
              },
            },
          },
        },
      },
      handle: async ({ userId, peers = [], group: given, seq = 0 }) => {
        const found = { peers: await operations.marksOfPeers(userId, peers) };
        if (given === undefined) return found;
        const group = groupNameOf(given);
        const marks = await operations.marksOfGroup(userId, group, seq);
        return { ...found, group: { group, seq, ...marks } };
      },
    }),

    endpoint({
      method: 'POST',
      path: '/ownTrace',
      access: { who: 'users', actor: 'userId', keys: ['read'] },
      summary:
        'Where a message of a user is: stored, delivered and read, as far as receipts tell it',
      body: {
        type: 'object',
        required: ['userId', 'id'],
        properties: { userId, id: { ...string, maxLength: limits.identityCharactersMax } },
      },
      answer: {
        type: 'object',
        properties: {
          id: string,
          seq: {
            type: ['integer', 'null'],
            description: "its number in the user's timeline or the group's; null: it was not found",
          },
          at: { type: ['integer', 'null'], description: 'when a server took it, ms since 1970' },
          searched: { ...integer, description: 'of the newest messages' },
          reached: {
            type: ['object', 'null'],
            description: 'null: nobody is told of it',
            properties: {
              receivers: { ...integer, description: 'other people who are to get it' },
              delivered: { ...integer, description: 'those who have it' },
              read: {
                type: ['integer', 'null'],
                description: 'those who have read it; null: nobody is told of that',
              },
            },
          },
        },
      },
      handle: async ({ userId, id }, { read }) => {
        const { scannedBytes, ...trace } = await operations.ownTrace(userId, id);
        read(scannedBytes);
        return trace;
      },
    }),

    endpoint({
      method: 'POST',
      path: '/markRead',
      access: { who: 'users', actor: 'userId', keys: ['push'] },
      summary:
        'Says that a user has read a message, and what came before it; its sender is told, and the user has it no longer unread',
      body: {
        type: 'object',
        required: ['userId', 'id', 'seq'],
        properties: {
          userId,
          id: {
            type: 'string',
            maxLength: limits.identityCharactersMax,
            description: 'of a message of somebody else to the user, or in a group of theirs',
          },
          seq: {
            type: 'integer',
            minimum: 1,
            maximum: Number.MAX_SAFE_INTEGER,
            description: 'its number, as /history tells it',
          },
          quietly: { type: 'boolean', description: 'true: the sender is not told' },
        },
      },
      handle: ({ userId, id, seq, quietly = false }) =>
        operations.markRead(userId, { id, seq, quietly }),
    }),
  ];
}
