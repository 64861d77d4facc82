/** POST /publish, /retained: topics of devices, for applications. */
import { limits } from '../../base/limits.ts';
import { decodeUtf8 } from '../../base/text/utf8.ts';
import { type Endpoint, endpoint } from '../../http/endpoint.ts';
import type { RetainedTopic } from '../operation-shapes.ts';
import type { RouteOperations } from '../operations.ts';
import { integer, string } from './fields.ts';

const topic = { type: 'string', maxLength: limits.topicBytesMax } as const;
const access = { who: 'applications', keys: ['topics'] } as const;

export function topicEndpoints(operations: RouteOperations): readonly Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/publish',
      access,
      summary: 'Publishes to a topic: at most once, to whoever is connected and has subscribed',
      body: {
        type: 'object',
        required: ['topic', 'text'],
        properties: {
          topic: { ...topic, description: 'neither below cim/, nor one that begins with $' },
          text: { type: 'string', maxLength: limits.publicationBytesMax },
          retain: {
            type: 'boolean',
            description: 'new subscribers get it first; an empty text removes what they get',
          },
          contentType: { type: 'string', maxLength: limits.customTypeCharactersMax },
          lifeSeconds: {
            type: 'integer',
            minimum: 1,
            maximum: limits.retainedLifeSecondsMax,
            description: 'for so long it is retained; absent: until it is replaced',
          },
        },
      },
      answer: {
        type: 'object',
        properties: {
          number: {
            ...integer,
            description: 'of what is retained, or was removed: it grows; 0: nothing is, or was',
          },
        },
      },
      handle: async ({ topic: to, text, retain = false, contentType, lifeSeconds }) => ({
        number: await operations.publish({
          ...{ topic: to, text, isRetained: retain },
          ...(contentType !== undefined && { contentType }),
          ...(lifeSeconds !== undefined && { lifeMs: lifeSeconds * 1_000 }),
        }),
      }),
    }),

    endpoint({
      method: 'POST',
      path: '/retained',
      access,
      summary: 'What is retained of the topics that a filter matches, a page of it by topic',
      body: {
        type: 'object',
        required: ['filter'],
        properties: {
          filter: { ...topic, description: 'with + for a level, and # for all below' },
          after: { ...topic, description: 'the next of the page before' },
        },
      },
      answer: {
        type: 'object',
        properties: {
          values: {
            type: 'array',
            items: {
              type: 'object',
              properties: {
                topic: string,
                number: integer,
                text: { type: 'string', description: 'absent: it is none' },
                base64: { type: 'string', description: 'of what is no text' },
                contentType: string,
                at: { ...integer, description: 'when it was published, ms since 1970' },
                expiresAt: { ...integer, description: 'ms since 1970; 0: never' },
              },
            },
          },
          next: {
            type: ['string', 'null'],
            description: 'null: there are no more; a page may be empty, and not the last',
          },
        },
      },
      handle: async ({ filter, after }) => {
        const { values, next } = await operations.retained(filter, after);
        return { values: values.map(shown), next };
      },
    }),
  ];
}

function shown({ payload, ...value }: RetainedTopic) {
  const text = decodeUtf8(payload);
  return { ...value, ...(text === undefined ? { base64: toBase64(payload) } : { text }) };
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
