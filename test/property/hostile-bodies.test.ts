// Goal: whatever a caller sends to whatever endpoint, the answer is the envelope of four keys and
// never a failure of ours. Method: the endpoints of both roles as their own tables tell them
// (/openapi.json), a real route over a real store, and bodies that are right, nearly right, or made
// to break what reads them.
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { errorTable } from '../../src/base/errors.ts';
import type { HttpApp } from '../../src/http/app.ts';
import { fuzz, fuzzTimeoutMs } from '../support/fuzz.ts';
import {
  type Endpoint,
  endpointsOf,
  goodValue,
  openRouteApp,
  openServerApp,
  type Schema,
} from '../support/http-endpoints.ts';
import { onTeardown } from '../support/teardown.ts';
import { recordingLog } from '../unit/http/recording-log.ts';

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
const busy = errorTable.busy.code;
const operator = { authorization: 'Bearer cluster' };
const headers = fc
  .tuple(
    more,
    fc.constantFrom({}, operator, operator),
    fc.constantFrom({}, { 'x-cim-version': '1' }),
  )
  .map((parts): Record<string, string> => Object.assign({}, ...parts));

// -------------------------------------------------------------------------------------------------

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
        expect(headers['content-type']).toBe('application/json; charset=utf-8');
        const answer = JSON.parse(text) as { code: string };
        // A mailbox may be full by now.
        if (answer.code !== busy) expect(statusCode).toBeLessThan(500);
        expect(Object.keys(answer)).toEqual(['code', 'message', 'reqNo', 'dataBody']);
        expect(Reflect.get({}, 'polluted')).toBeUndefined();
        expect(lines).toEqual([]);
        if (answer.code === '9000') done.add(path);
      });
      const isWhole = await fuzz(`bodies for a ${role}`, property, 1_500);
      // Not only refusals: bodies do get through, by chance at 24 to 28 of 55 endpoints of a route.
      if (isWhole) expect(done.size).toBeGreaterThanOrEqual(Math.floor(endpoints.length / 4));
    },
    fuzzTimeoutMs,
  );
});
