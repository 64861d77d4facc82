/** POST /createApiKey, /revokeApiKey; GET /apiKeys: keys of applications, for operators. */

import { limits } from '../../base/limits.ts';
import { formatScope, parseScope, scopeForms } from '../../base/secrets/api-key-scope.ts';
import { writtenMax } from '../../base/text/normal-form.ts';
import { type Endpoint, endpoint } from '../../http/endpoint.ts';
import type { ApiKeyInfo } from '../operation-shapes.ts';
import type { RouteOperations } from '../operations.ts';
import { integer, string } from './fields.ts';

/** `group:` and a name. */
const scopeCharactersMax = 6 + writtenMax(limits.groupNameCharactersMax);

const keyId = { type: 'string', maxLength: limits.apiKeyIdCharactersMax } as const;

const listed = {
  id: string,
  label: string,
  scope: { ...string, description: scopeForms },
  createdAt: { ...integer, description: 'ms since 1970' },
} as const;

export function apiKeyEndpoints(operations: RouteOperations): readonly Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/createApiKey',
      access: { who: 'operators', accounts: 'manage' },
      summary: 'Makes a key for an application; it is told this once',
      audited: ({ label, scope }) => `${label} (${scope})`,
      body: {
        type: 'object',
        required: ['label', 'scope'],
        properties: {
          label: {
            type: 'string',
            minLength: 1,
            maxLength: limits.labelCharactersMax,
            description: 'what it is for',
          },
          scope: {
            type: 'string',
            maxLength: scopeCharactersMax,
            description:
              'push: send as any user; group:NAME: the same, to this group only; read: who is online, history, groups; groups: make, join, leave and change groups as any user; topics: publish to topics of devices, and read what is retained',
          },
        },
      },
      answer: { type: 'object', properties: { ...listed, key: string } },
      handle: async ({ label, scope }) => {
        const created = await operations.createApiKey(label, parseScope(scope));
        return { ...infoOf(created), key: created.key };
      },
    }),

    endpoint({
      method: 'GET',
      path: '/apiKeys',
      access: { who: 'operators', accounts: 'view' },
      summary: 'The keys of applications, oldest first; not the keys themselves',
      answer: { type: 'array', items: { type: 'object', properties: listed } },
      handle: async () => (await operations.apiKeys()).map(infoOf),
    }),

    endpoint({
      method: 'POST',
      path: '/revokeApiKey',
      access: { who: 'operators', accounts: 'manage' },
      summary: 'Makes a key void',
      audited: ({ id }) => id,
      body: { type: 'object', required: ['id'], properties: { id: keyId } },
      handle: ({ id }) => operations.revokeApiKey(id),
    }),
  ];
}

function infoOf({ id, label, scope, createdAt }: ApiKeyInfo) {
  return { id, label, scope: formatScope(scope), createdAt };
}
