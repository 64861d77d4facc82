// Goal: whatever a caller sends to whatever endpoint, the answer is the envelope of four keys and
// never a failure of ours. Method: the endpoints of both roles as their own tables tell them
// (/openapi.json), a real route over a real store, and bodies that are right, nearly right, or made
// to break what reads them.
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { HttpApp } from '../../src/http/app.ts';
import { createLocalRegistry } from '../../src/registry/open-registry.ts';
import { buildRouteApp } from '../../src/route/app.ts';
import { buildServerApp } from '../../src/server/app.ts';
import { createServerOperations } from '../../src/server/server-operations.ts';
import { fuzz, fuzzTimeoutMs } from '../support/fuzz.ts';
import { RouteHarness } from '../support/route-harness.ts';
import { onTeardown } from '../support/teardown.ts';
import { recordingLog } from '../unit/http/recording-log.ts';
import { GatewayHarness } from '../unit/server/support/gateway-harness.ts';

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly maxLength?: number;
}

interface Endpoint {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body: Schema | undefined;
}

interface Operation {
  readonly requestBody?: {
    readonly content: { readonly 'application/json': { readonly schema: Schema } };
  };
}

/** All that an app has, by its own documentation. */
async function endpointsOf(app: HttpApp): Promise<readonly Endpoint[]> {
  const { paths } = (await app.inject('/openapi.json')).json<{
    paths: Record<string, Record<string, Operation>>;
  }>();
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      method: method.toUpperCase() as 'GET' | 'POST',
      path,
      body: operation.requestBody?.content['application/json'].schema,
    })),
  );
}

// ---- bodies, as the very text that is sent ------------------------------------------------------

const nastyNumber = fc.constantFrom(
  ...['0', '-1', '-0', '1.5', '1e400', '-1e400', '9007199254740991', '9007199254740993'],
  ...['99999999999999999999', '1e-400', '"12"', '"١٢"', '"0x10"', '""', '" 1"'],
);
const nastyText = fc.oneof(
  fc.constantFrom(
    ...['""', '" "', '"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"', '"\\u202e"', '"\\n"', '"#"'],
    ...['";;"', '"lobby"', '"LOBBY"', '"__proto__"', '"constructor"', '"cim:u:1"', '"{1}:s"'],
    ...['"7"', '"١"', '"a:b"', '"../../x"', '"\\u001b[2J"', JSON.stringify('x'.repeat(70_000))],
  ),
  fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
);
const deep = fc
  .record({ depth: fc.constantFrom(10, 1_000, 20_000), open: fc.constantFrom('[', '{"a":') })
  .map(({ depth, open }) =>
    open === '['
      ? '['.repeat(depth) + ']'.repeat(depth)
      : `${open.repeat(depth)}1${'}'.repeat(depth)}`,
  );
const polluted = fc.constantFrom(
  '{"polluted":true}',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"prototype":{"polluted":true},"toString":1,"hasOwnProperty":1,"length":1e9}',
);
const anyValue = fc.oneof(
  { weight: 3, arbitrary: nastyNumber },
  { weight: 3, arbitrary: nastyText },
  { weight: 2, arbitrary: fc.constantFrom('null', 'true', 'false', '[]', '{}', '[[]]', '[null]') },
  { weight: 1, arbitrary: deep },
  { weight: 1, arbitrary: polluted },
  { weight: 2, arbitrary: fc.json({ maxDepth: 3 }) },
);

/** What an endpoint takes: ids that exist and ids that do not, words that are names of something. */
function goodValue(schema: Schema): fc.Arbitrary<string> {
  switch (schema.type) {
    case 'integer':
      return fc.oneof(
        fc.constantFrom('1', '2', '"1"', '999'),
        fc
          .integer({ min: schema.minimum ?? 0, max: Math.min(schema.maximum ?? 100, 10_000) })
          .map(String),
      );
    case 'boolean':
      return fc.constantFrom('true', 'false');
    case 'array':
      return fc
        .array(goodValue(schema.items ?? { type: 'string' }), { maxLength: 4 })
        .map((items) => `[${items.join(',')}]`);
    case 'object':
      return fc
        .dictionary(fc.constantFrom('a', 'sendUserId', '__proto__'), fc.string())
        .map((map) => JSON.stringify(map));
    default:
      return fc
        .constantFrom(
          ...(schema.enum ?? [
            'amy',
            'bob',
            'cooks',
            'hi',
            'server-1',
            'a name',
            '10.0.0.1:9000:8081',
          ]),
        )
        .map((text) => JSON.stringify(text));
  }
}

function objectOf(schema: Schema): fc.Arbitrary<string> {
  const properties = Object.entries(schema.properties ?? {});
  const given = properties.map(([name, property]) =>
    fc.option(
      fc
        .oneof({ weight: 6, arbitrary: goodValue(property) }, { weight: 1, arbitrary: anyValue })
        .map((value) => `${JSON.stringify(name)}:${value}`),
      { freq: 8 },
    ),
  );
  const surplus = fc
    .tuple(
      fc.constantFrom(
        '__proto__',
        'constructor',
        'prototype',
        'reqNo',
        ...properties.map(([name]) => name),
      ),
      fc.oneof(anyValue, polluted),
    )
    .map(([name, value]) => `${JSON.stringify(name)}:${value}`);
  return fc
    .tuple(fc.tuple(...given), fc.array(surplus, { maxLength: 2 }), fc.boolean())
    .map(([fields, more, isFirst]) => {
      const present = fields.filter((field) => field !== null);
      // The same key twice, in either order.
      const all = isFirst ? [...more, ...present] : [...present, ...more];
      return `{${all.join(',')}}`;
    });
}

const noJson = fc.oneof(
  fc.constantFrom('', '{', '{"a":}', "{'a':1}", '[1,]', 'NaN', '\ufeff{}', '{}{}', '{"a":1}\0'),
  fc.string({ unit: 'binary' }),
  fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
);

function bodyFor(schema: Schema): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 8, arbitrary: objectOf(schema) },
    { weight: 1, arbitrary: anyValue },
    { weight: 1, arbitrary: noJson },
  );
}

const contentType = fc.oneof(
  { weight: 8, arbitrary: fc.constant('application/json; charset=utf-8') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      ...[
        'application/json',
        'APPLICATION/JSON;CHARSET="UTF-8"',
        'application/json; charset=utf-16',
      ],
      ...[
        'text/plain',
        'application/x-www-form-urlencoded',
        'multipart/form-data',
        'json',
        ';',
        '',
      ],
      ...['application/json; charset=', 'application/vnd.api+json', 'application/json\u00e9'],
    ),
  },
);
const more = fc.constantFrom<Record<string, string>>(
  {},
  { 'content-encoding': 'gzip' },
  { 'idempotency-key': 'k' },
  { 'idempotency-key': '' },
  { 'idempotency-key': 'x'.repeat(300) },
  { 'x-forwarded-for': '10.0.0.1, unknown, ::1' },
  { authorization: 'Bearer ' },
  { authorization: 'Basic YTpi' },
  { authorization: `Bearer ${'a.'.repeat(400)}` },
  { authorization: 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.' },
  { authorization: 'Bearer cimk_1_x' },
);
const operator = { authorization: 'Bearer cluster' };
const headers = fc
  .tuple(
    more,
    fc.constantFrom({}, operator, operator),
    fc.constantFrom({}, { 'x-cim-version': '1' }),
  )
  .map((parts): Record<string, string> => Object.assign({}, ...parts));

// -------------------------------------------------------------------------------------------------

const clusterSecrets = () => ['cluster'];
const version = '9.9.9';

async function openRouteApp(lines: {
  log: ReturnType<typeof recordingLog>['log'];
}): Promise<HttpApp> {
  const route = await RouteHarness.start();
  const { operations, callers, counters } = route.core;
  const proofs = { clusterSecrets, users: callers };
  const options = { mode: 'open', proofs, warnings: [], version } as const;
  return buildRouteApp(operations, { ...options, ...lines, counters });
}

async function openServerApp(lines: {
  log: ReturnType<typeof recordingLog>['log'];
}): Promise<HttpApp> {
  const { gateway, counters } = new GatewayHarness();
  onTeardown(() => gateway.stop());
  const registry = (await createLocalRegistry()).join();
  const operations = createServerOperations({ gateway, registry, usableRoutes: () => 1 });
  return buildServerApp(operations, { clusterSecrets, version, ...lines, counters });
}

describe.each([
  ['route', openRouteApp, 10],
  ['server', openServerApp, 2],
] as const)('a %s', (role, open, endpointsMin) => {
  const { log, lines } = recordingLog();
  let app: HttpApp;
  let endpoints: readonly Endpoint[];

  beforeAll(async () => {
    app = await open({ log });
    onTeardown(() => app.close());
    endpoints = await endpointsOf(app);
  });

  test(
    'answers whatever is sent to whatever endpoint with an envelope, and never fails',
    async () => {
      expect(endpoints.length).toBeGreaterThan(endpointsMin);
      const done = new Set<string>();
      const request = fc.constantFrom(...endpoints).chain((endpoint) =>
        fc.record({
          endpoint: fc.constant(endpoint),
          body: bodyFor(endpoint.body ?? {}),
          type: contentType,
          given: headers,
        }),
      );
      const property = fc.asyncProperty(request, async ({ endpoint, body, type, given }) => {
        const { method, path } = endpoint;
        const {
          statusCode,
          headers,
          body: text,
        } = await app.inject({
          method,
          url: path,
          headers: { ...(type === '' ? {} : { 'content-type': type }), ...given },
          ...(method === 'POST' ? { body } : {}),
        });
        expect(statusCode).toBeLessThan(500);
        expect(headers['content-type']).toBe('application/json; charset=utf-8');
        const answer = JSON.parse(text) as { code: string };
        expect(Object.keys(answer)).toEqual(['code', 'message', 'reqNo', 'dataBody']);
        expect(Reflect.get({}, 'polluted')).toBeUndefined();
        expect(lines).toEqual([]);
        if (answer.code === '9000') done.add(path);
      });
      await fuzz(`bodies for a ${role}`, property, 1_500);
      // Not only refusals: the bodies do get through.
      expect(done.size).toBeGreaterThanOrEqual(Math.floor(endpoints.length / 2));
    },
    fuzzTimeoutMs,
  );
});
