/** POST /createDeviceKey, /deviceKeys, /revokeDeviceKey: keys of devices, for operators. */
import { limits } from '../../base/limits.ts';
import { type Endpoint, endpoint } from '../../http/endpoint.ts';
import type { RouteOperations } from '../operations.ts';
import { integer, string } from './fields.ts';

/** `pub ` and a pattern. */
const rightCharactersMax = 4 + limits.topicBytesMax;

const keyId = { type: 'string', maxLength: limits.apiKeyIdCharactersMax } as const;

const listed = {
  id: string,
  name: string,
  allow: { type: 'array', items: string, description: 'pub PATTERN or sub PATTERN' },
  createdAt: { ...integer, description: 'ms since 1970' },
} as const;

export function deviceKeyEndpoints(operations: RouteOperations): readonly Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/createDeviceKey',
      access: { who: 'operators' },
      summary: 'Makes a key for a device, or for many of one kind; it is told this once',
      audited: ({ name }) => name,
      body: {
        type: 'object',
        required: ['name', 'allow'],
        properties: {
          name: {
            type: 'string',
            minLength: 1,
            maxLength: limits.deviceNameCharactersMax,
            description: 'what %u stands for: letters, digits and . _ - @',
          },
          allow: {
            type: 'array',
            minItems: 1,
            maxItems: limits.deviceRightsMax,
            items: { type: 'string', maxLength: rightCharactersMax },
            description:
              'what it may do: pub PATTERN or sub PATTERN each, where PATTERN is a filter in which %u stands for the name and %c for the client id',
          },
        },
      },
      answer: { type: 'object', properties: { ...listed, key: string } },
      handle: ({ name, allow }) => operations.createDeviceKey(name, allow),
    }),

    endpoint({
      method: 'POST',
      path: '/deviceKeys',
      access: { who: 'operators' },
      summary: 'The keys of devices, by id, a page of them; not the keys themselves',
      body: {
        type: 'object',
        required: [],
        properties: { after: { ...keyId, description: 'the next of the page before' } },
      },
      answer: {
        type: 'object',
        properties: {
          keys: { type: 'array', items: { type: 'object', properties: listed } },
          next: { type: ['string', 'null'], description: 'null: there are no more' },
        },
      },
      handle: ({ after }) => operations.deviceKeys(after),
    }),

    endpoint({
      method: 'POST',
      path: '/revokeDeviceKey',
      access: { who: 'operators' },
      summary: 'Makes the key of a device void',
      audited: ({ id }) => id,
      body: { type: 'object', required: ['id'], properties: { id: keyId } },
      handle: ({ id }) => operations.revokeDeviceKey(id),
    }),
  ];
}
