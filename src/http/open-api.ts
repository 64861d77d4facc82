/** The documentation at /openapi.json, made of what the endpoints declare. */
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import type { FastifySchema } from 'fastify';
import { successCode } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { AnswerSchema, Endpoint } from './endpoint.ts';
import { idempotencyKeyHeader } from './idempotency-key.ts';

const hourMs = 3_600_000;

const description = `Every answer has the same four keys. A caller without the header \`X-Cim-Version\` gets exactly what the Java system answers; with it,
\`dataBody\` may hold more. Wherever a number is expected it may be a string of digits; fields that are not listed are ignored, and null is as good as absent.`;

export function openApiOptions({
  title,
  version,
}: {
  readonly title: string;
  readonly version: string;
}): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.1.0',
      info: { title, version, description },
      components: {
        securitySchemes: {
          clusterSecret: {
            type: 'http',
            scheme: 'bearer',
            description: '--cluster-secret: may call everything, for every user',
          },
          token: {
            type: 'http',
            scheme: 'bearer',
            bearerFormat: 'JWT',
            description:
              'what /login gave or, with --auth jwt, what the application signed; for this user only',
          },
          apiKey: {
            type: 'http',
            scheme: 'bearer',
            description: 'what /createApiKey gave; for every user, within its scope',
          },
        },
      },
    },
  };
}

/** An endpoint's own page; its body's schema is also what requests are checked against. */
export function documentationOf(endpoint: Endpoint, open: boolean): FastifySchema {
  const { summary, body, answer, access, repeatable, flags, contentType } = endpoint;
  return {
    summary,
    ...(repeatable ? { headers: repeatableHeaders } : {}),
    security: securityOf(access, open),
    ...(flags ? { querystring: flagsSchema(flags) } : {}),
    ...(body ? { body } : {}),
    response: {
      200: contentType
        ? { content: { [contentType.split(';', 1)[0] as string]: { schema: answer } } }
        : envelopeSchema(answer ?? { type: 'null' }),
    },
  };
}

/** Each of the list is enough; the empty one is nothing at all. Scopes are those of API keys. */
function securityOf(
  access: Endpoint['access'],
  open: boolean,
): Readonly<Record<string, readonly string[]>>[] {
  if (access.who === 'anyone') return [];
  if (access.who === 'operators') return [{ clusterSecret: [] }];
  if (access.who === 'applications') return [{ apiKey: access.keys }, { clusterSecret: [] }];
  return [
    ...(open ? [{}] : []),
    { token: [] },
    ...(access.keys ? [{ apiKey: access.keys }] : []),
    { clusterSecret: [] },
  ];
}

const repeatableHeaders = {
  type: 'object',
  properties: {
    [idempotencyKeyHeader]: {
      type: 'string',
      maxLength: limits.idempotencyKeyCharactersMax,
      description: `the caller's name for this request: whoever repeats it within ${limits.idempotencyKeyMs / hourMs} hours stores nothing twice; for another request it is refused`,
    },
  },
} as const;

function flagsSchema(flags: Readonly<Record<string, string>>): AnswerSchema {
  const described = Object.entries(flags).map(([name, description]) => [
    name,
    { type: 'string', description },
  ]);
  return { type: 'object', properties: Object.fromEntries(described) };
}

function envelopeSchema(dataBody: AnswerSchema): AnswerSchema {
  return {
    type: 'object',
    description: `code ${successCode}: done; any other is an outcome that docs/reference/errors.md explains, and dataBody is null`,
    required: ['code', 'message', 'reqNo', 'dataBody'],
    properties: {
      code: { type: 'string' },
      message: { type: 'string' },
      reqNo: { type: 'null' },
      dataBody: { anyOf: [dataBody, { type: 'null' }] },
    },
  };
}
