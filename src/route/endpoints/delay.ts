/** POST /delay, /delayed, /cancelDelayed: messages for later, stored and sent by the routes. */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { groupNameOf } from '../../base/text/names.ts';
import { isExempt } from '../../http/access.ts';
import { type Endpoint, endpoint } from '../../http/endpoint.ts';
import type { DelayedMessage } from '../operation-shapes.ts';
import type { RouteOperations } from '../operations.ts';
import {
  encodedBytes,
  groupName,
  integer,
  sealed,
  sealedBytesOf,
  string,
  text,
  userId,
} from './fields.ts';

const scheduleId = {
  type: 'string',
  minLength: 1,
  maxLength: limits.scheduleIdCharactersMax,
} as const;

const delayed = {
  type: 'object',
  description: 'with to or group',
  properties: {
    id: string,
    to: integer,
    group: string,
    text: string,
    sealed,
    dueAt: { ...integer, description: 'ms since 1970' },
  },
} as const;

export function delayEndpoints(operations: RouteOperations): readonly Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/delay',
      keeps: 'schedule',
      sends: ({ from, text = '', sealed = '' }) => ({
        userId: from,
        count: 1,
        bytes: Buffer.byteLength(text) + sealed.length,
      }),
      access: {
        who: 'users',
        actor: 'from',
        keys: ['push', 'group'],
        group: ({ group }) => (group === undefined ? undefined : groupNameOf(group)),
      },
      summary: 'Sends to one user or one group later',
      body: {
        type: 'object',
        required: ['id', 'from', 'delaySeconds'],
        properties: {
          id: {
            ...scheduleId,
            description: 'chosen by the sender: creating the same one again is harmless',
          },
          from: { ...userId, description: 'the sender' },
          to: { ...userId, description: 'either this or group' },
          group: { ...groupName, description: 'either this or to' },
          text: { ...text, description: `either this or sealed; ${text.description}` },
          sealed,
          delaySeconds: { type: 'integer', minimum: 0, maximum: limits.delaySecondsMax },
        },
      },
      handle: ({ group, text, sealed, ...message }, { identity }) => {
        if ((message.to === undefined) === (group === undefined)) {
          throw new CimError('invalid-argument', 'to: must be given, or group, and not both');
        }
        if ((text === undefined) === (sealed === undefined)) {
          throw new CimError('invalid-argument', 'text: must be given, or sealed, and not both');
        }
        if (text === '') throw new CimError('invalid-argument', 'text: must not be empty');
        if (group !== undefined && sealed !== undefined) {
          throw new CimError('invalid-argument', 'sealed: must not be given together with group');
        }
        const bytes = sealedBytesOf(sealed);
        return operations.schedule({
          ...message,
          ...(isExempt(identity) && { isExempt: true }),
          text: text ?? '',
          ...(bytes && { sealed: bytes }),
          ...(group === undefined ? {} : { group: groupNameOf(group) }),
        });
      },
    }),

    endpoint({
      method: 'POST',
      path: '/delayed',
      access: { who: 'users', actor: 'userId', keys: ['read'] },
      summary:
        'A page of the messages of a user that wait to be sent, in the order in which they are due',
      body: {
        type: 'object',
        required: ['userId'],
        properties: {
          userId,
          after: {
            type: 'string',
            minLength: 1,
            // A time, a dot, and an id.
            maxLength: 17 + limits.scheduleIdCharactersMax,
            description: 'the next of the page before: only messages that are due later',
          },
        },
      },
      answer: {
        type: 'object',
        properties: {
          messages: { type: 'array', items: delayed },
          next: {
            type: ['string', 'null'],
            description: 'those that are due later: ask again with after; null: there are none',
          },
        },
      },
      handle: async ({ userId, after }) => {
        const { messages, next } = await operations.delayed(userId, after);
        return { messages: messages.map(delayedOf), next };
      },
    }),

    endpoint({
      method: 'POST',
      path: '/cancelDelayed',
      access: { who: 'users', actor: 'userId', keys: ['push'] },
      summary: 'Takes back a message that waits to be sent; again, it is the same answer',
      body: {
        type: 'object',
        required: ['userId', 'id'],
        properties: { userId, id: scheduleId },
      },
      handle: ({ userId, id }) => operations.cancelDelayed(userId, id),
    }),
  ];
}

function delayedOf({ id, to, group, text, sealed, dueAt }: DelayedMessage) {
  return { id, to, group, text, sealed: encodedBytes(sealed), dueAt };
}
