import { describe, expect, test } from '@jest/globals';
import { type ErrorName, errorTable } from '../../../src/base/errors.ts';
import { limits } from '../../../src/base/limits.ts';
import { anyone } from '../../../src/http/access.ts';
import { endpoint } from '../../../src/http/endpoint.ts';
import { echo, post, testApp } from './test-app.ts';

const json = 'application/json; charset=utf-8';

function envelope(code: string, message: string, dataBody: unknown = null): string {
  return JSON.stringify({ code, message, reqNo: null, dataBody });
}

describe('the envelope', () => {
  test('of a success has four keys in their order', async () => {
    const answer = await post(testApp().app, '/echo', '{"text":"hi","id":1}');
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toBe(json);
    expect(answer.body).toBe(
      '{"code":"9000","message":"Success","reqNo":null,"dataBody":{"id":1,"text":"hi"}}',
    );
  });

  test('of nothing has null', async () => {
    const nothing = endpoint({
      method: 'GET',
      path: '/nothing',
      access: anyone,
      summary: '',
      handle: () => {},
    });
    const answer = await testApp({ endpoints: [nothing] }).app.inject('/nothing');
    expect(answer.body).toBe(envelope('9000', 'Success'));
  });

  test.each(Object.keys(errorTable) as ErrorName[])('of %s', async (kind) => {
    const { app, lines } = testApp();
    const answer = await post(app, '/fail', JSON.stringify({ kind }));
    expect(answer.statusCode).toBe(errorTable[kind].status);
    expect(answer.headers['content-type']).toBe(json);
    expect(answer.body).toBe(envelope(errorTable[kind].code, 'what happened'));
    expect(lines).toEqual([]);
  });

  test('of a bug tells nothing; the log does, but neither headers nor body', async () => {
    const { app, lines } = testApp();
    const headers = { authorization: 'Bearer hunter2', cookie: 'hunter2' };
    const answer = await post(app, '/fail?key=hunter2', '{"secret":"hunter2"}', json, headers);
    expect(answer.statusCode).toBe(500);
    expect(answer.body).toBe(envelope('4000', 'Failure'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('"path":"/fail","error":"an internal detail"');
    expect(lines[0]).not.toContain('hunter2');
  });
});

describe('the header Idempotency-Key', () => {
  const app = () => {
    const caller = endpoint({
      method: 'POST',
      path: '/caller',
      access: anyone,
      summary: '',
      repeatable: true,
      body: { type: 'object', required: [], properties: {} },
      handle: (_, { key }) => ({ key }),
    });
    return testApp({ endpoints: [caller, echo] }).app;
  };
  const send = (path: string, headers: Record<string, string>) =>
    post(app(), path, '{"id":1}', json, headers);

  test.each(['k', 'order 66', '"quoted"', 'x'.repeat(200)])('%s is told', async (key) => {
    const answer = await send('/caller', { 'Idempotency-Key': key });
    expect(answer.json().dataBody).toEqual({ key });
  });

  test('may be missing', async () => {
    expect((await send('/caller', {})).json().dataBody).toEqual({});
  });

  test.each([
    ['', 'must be printable ASCII, and not empty'],
    ['caf\u00e9', 'must be printable ASCII, and not empty'],
    ['x'.repeat(201), 'must have at most 200 characters'],
  ])('%s is refused', async (key, problem) => {
    const answer = await send('/caller', { 'idempotency-key': key });
    expect([answer.statusCode, answer.body]).toEqual([
      400,
      envelope('3000', `Idempotency-Key: ${problem}`),
    ]);
  });

  test('means nothing where requests have none', async () => {
    expect((await send('/echo', { 'idempotency-key': '' })).statusCode).toBe(200);
  });
});

describe('a path or method that is not there', () => {
  test.each(['/', '/Echo', '/echo/', '/echo/1', '/__proto__', '/constructor'])(
    'POST %s is 404, whatever the body',
    async (url) => {
      const answer = await post(testApp().app, url, '{{', 'text/plain');
      expect([answer.statusCode, answer.body]).toEqual([
        404,
        envelope('3404', 'There is nothing at this path'),
      ]);
    },
  );

  test.each(['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'GET', 'HEAD', 'TRACE', 'PROPFIND'] as const)(
    '%s /echo is 405 and says what is allowed',
    async (method) => {
      const answer = await testApp().app.inject({ method: method as 'GET', url: '/echo?x=1' });
      expect([answer.statusCode, answer.headers.allow]).toEqual([405, 'POST']);
      if (method !== 'HEAD') {
        expect(answer.body).toBe(envelope('3405', `${method} is not possible here, but POST is`));
      }
    },
  );

  test('POST /healthz is 405, HEAD is not', async () => {
    const { app } = testApp();
    const answer = await post(app, '/healthz', '{}');
    expect([answer.statusCode, answer.headers.allow]).toEqual([405, 'GET, HEAD']);
    const head = await app.inject({ method: 'HEAD', url: '/healthz' });
    expect([head.statusCode, head.body]).toEqual([200, '']);
  });

  test('a path that is no text is 400', async () => {
    const answer = await testApp().app.inject('/%zz');
    expect([answer.statusCode, answer.body]).toEqual([
      400,
      envelope('3000', 'the path is not well-formed'),
    ]);
  });
});

describe('a body that is not what it should be', () => {
  const media = envelope('3415', 'the header Content-Type must be application/json');
  const charset = envelope('3415', 'the charset in Content-Type must be utf-8');
  const noJson = envelope('3000', 'the body must be JSON in UTF-8');
  const noObject = envelope('3000', 'the body must be a JSON object');

  test.each([
    [415, media, '{"id":1}', null],
    [415, media, '{"id":1}', 'text/plain'],
    [415, media, 'id=1', 'application/x-www-form-urlencoded'],
    [415, media, '{"id":1}', 'application/xml'],
    [415, media, '{"id":1}', 'no type at all'],
    [415, charset, '{"id":1}', 'application/json; charset=iso-8859-1'],
    [415, charset, '{"id":1}', 'application/json;Charset="UTF-16"'],
    [400, noJson, '', json],
    [400, noJson, '{', json],
    [400, noJson, 'id=1', json],
    [400, noJson, "{'id':1}", json],
    [400, noJson, '{"id":1}{"id":1}', json],
    [400, noJson, '{"id":NaN}', json],
    [400, noJson, '['.repeat(20), json],
    [400, noObject, undefined, null],
    [400, noObject, 'null', json],
    [400, noObject, '[{"id":1}]', json],
    [400, noObject, '"id"', json],
    [400, noObject, `${'['.repeat(20)}${']'.repeat(20)}`, json],
    [400, envelope('3000', 'id: must be given'), '{}', json],
  ])('%i %s', async (status, body, given, contentType) => {
    const { app, lines } = testApp();
    const answer = await post(app, '/echo', given, contentType);
    expect([answer.statusCode, answer.body]).toEqual([status, body]);
    expect(answer.headers['content-type']).toBe(json);
    expect(lines).toEqual([]);
  });

  test('bytes that are not UTF-8 are refused, not replaced', async () => {
    const latin1 = Buffer.from('{"id":1,"text":"ä"}', 'latin1');
    const answer = await post(testApp().app, '/echo', latin1);
    expect([answer.statusCode, answer.body]).toEqual([400, noJson]);
  });

  const tooMuch = '3413';
  test.each([
    ['levels of objects', '{"a":'.repeat(100_000) + 1 + '}'.repeat(100_000)],
    ['levels that do not end', '['.repeat(500_000)],
    ['as many levels as there may be, and one', '['.repeat(limits.jsonDepthMax)],
    ['values', `[${'1,'.repeat(limits.jsonValuesMax)}1]`],
    ['lists', `[${'[],'.repeat(limits.jsonValuesMax / 2)}1]`],
    ['levels behind a text', `["\\\\",${'['.repeat(500_000)}`],
  ])(
    'too many %s are refused before they are read, also in a field that nobody reads',
    async (_, other) => {
      const answer = await post(testApp().app, '/echo', `{"id":1,"other":${other}}`);
      expect([answer.statusCode, answer.body]).toEqual([
        413,
        envelope(
          tooMuch,
          `the body may have ${limits.jsonValuesMax} values at most, and ${limits.jsonDepthMax} levels of them`,
        ),
      ]);
    },
  );

  test.each([
    ['as many levels as there may be', '['.repeat(31) + ']'.repeat(31)],
    ['values', JSON.stringify(Array.from({ length: 9_000 }, () => 1))],
    ['brackets and commas in a text', JSON.stringify(`"\\${'[{,'.repeat(20_000)}`)],
  ])('%s in a field that nobody reads are ignored', async (_, other) => {
    const answer = await post(testApp().app, '/echo', `{"id":1,"other":${other}}`);
    expect(answer.statusCode).toBe(200);
  });

  test.each([
    'application/json',
    'application/json;charset=UTF-8',
    'Application/JSON; charset="utf-8"',
  ])('but %s is fine', async (contentType) => {
    const answer = await post(testApp().app, '/echo', '{"id":1,"text":"ä"}', contentType);
    expect(answer.json().dataBody).toEqual({ id: 1, text: 'ä' });
  });

  test('long ones are read one in each turn of the event loop, and all are answered', async () => {
    let turn = 0;
    const takenIn: number[] = [];
    const taking = endpoint({
      method: 'POST',
      path: '/taking',
      access: anyone,
      summary: 'Says in which turn it was called',
      body: {
        type: 'object',
        required: ['text'],
        properties: { text: { type: 'string', maxLength: limits.httpBodyBytesMax } },
      },
      handle: () => takenIn.push(turn),
    });
    const { app } = testApp({ endpoints: [taking] });
    await app.inject('/healthz');
    const body = JSON.stringify({ text: 'x'.repeat(limits.jsonAtOnceBytes) });
    const next = () => {
      turn += 1;
      if (takenIn.length < 20 && turn < 10_000) setImmediate(next);
    };
    next();
    const answers = Array.from({ length: 20 }, () => post(app, '/taking', body));
    for (const { statusCode } of await Promise.all(answers)) expect(statusCode).toBe(200);
    expect(new Set(takenIn).size).toBe(20);
  });

  test('one over the limit is 413, one at the limit is fine', async () => {
    const { app } = testApp();
    const bodyOf = (bytes: number) => JSON.stringify({ id: 1, text: 'x'.repeat(bytes - 18) });
    expect(Buffer.byteLength(bodyOf(limits.httpBodyBytesMax))).toBe(limits.httpBodyBytesMax);
    expect((await post(app, '/echo', bodyOf(limits.httpBodyBytesMax))).statusCode).toBe(200);
    const answer = await post(app, '/echo', bodyOf(limits.httpBodyBytesMax + 1));
    expect([answer.statusCode, answer.body]).toEqual([
      413,
      envelope('3413', 'the body may have 1048576 bytes at most'),
    ]);
  });
});

describe('health', () => {
  test('/healthz tells the version', async () => {
    const answer = await testApp().app.inject('/healthz');
    expect(answer.body).toBe(envelope('9000', 'Success', { version: '9.9.9' }));
  });

  const readyz = async (own: string[], shared: string[], query = '', warnings: string[] = []) => {
    const health = { report: () => ({ own, shared }) };
    const answer = await testApp({ health, warnings }).app.inject(`/readyz${query}`);
    return [answer.statusCode, answer.body];
  };
  const cold = 'its clock is wrong';
  const full = 'the disk of Redis is full';
  const away = 'ZooKeeper is away';

  test.each(['', '?strict', '?strict=1', '?other'])(
    '/readyz%s is 200 when all is well',
    async (query) => {
      expect(await readyz([], [], query)).toEqual([200, envelope('9000', 'Success')]);
      const answer = await testApp().app.inject(`/readyz${query}`);
      expect([answer.statusCode, answer.body]).toEqual([200, envelope('9000', 'Success')]);
    },
  );

  test('/readyz is 503, with all reasons, for what another instance may not have', async () => {
    expect(await readyz([cold], [])).toEqual([503, envelope('9400', cold)]);
    expect(await readyz([cold], [full, away])).toEqual([
      503,
      envelope('9400', `${cold}; ${full}; ${away}`),
    ]);
  });

  test.each(['', '?', '?other', '?stric', '?not=strict'])(
    '/readyz%s is 200, with the reasons, for what all have alike',
    async (query) => {
      const degraded = [full, away];
      expect(await readyz([], degraded, query)).toEqual([
        200,
        envelope('9000', 'Success', { degraded }),
      ]);
      const warnings = ['the door is open'];
      expect(await readyz([], degraded, query, warnings)).toEqual([
        200,
        envelope('9000', 'Success', { degraded, warnings }),
      ]);
    },
  );

  test.each(['?strict', '?strict=', '?strict=true', '?a=b&strict'])(
    '/readyz%s is 503 for both',
    async (query) => {
      expect(await readyz([], [full], query)).toEqual([503, envelope('9400', full)]);
      expect(await readyz([cold], [full], query)).toEqual([
        503,
        envelope('9400', `${cold}; ${full}`),
      ]);
    },
  );
});

describe('endpoints for operators', () => {
  const guarded = endpoint({
    method: 'POST',
    path: '/guarded',
    summary: 'For operators',
    access: { who: 'operators' },
    body: { type: 'object', required: [], properties: {} },
    handle: () => 'done',
  });

  test('serve those who bear the secret', async () => {
    const { app } = testApp({ endpoints: [guarded] });
    const answer = await post(app, '/guarded', '{}', json, { authorization: 'Bearer the secret' });
    expect(answer.body).toBe(envelope('9000', 'Success', 'done'));
  });

  const unknown =
    'the header Authorization holds nothing that is known here: it must be Bearer and a token, a key or the cluster secret';

  test.each([
    [{}, 'this needs the header Authorization: Bearer <cluster secret>'],
    [{ authorization: 'the secret' }, unknown],
    [{ authorization: 'Bearer the secre' }, unknown],
    [{ authorization: 'Basic the secret' }, unknown],
  ])('refuse %j before they look at the body, and say what is needed', async (headers, message) => {
    const { app } = testApp({ endpoints: [guarded] });
    const answer = await post(app, '/guarded', '{{', json, headers as Record<string, string>);
    expect([answer.statusCode, answer.body]).toEqual([401, envelope('9301', message)]);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
  });

  test('refuse everybody while no secret is known', async () => {
    const { app } = testApp({ endpoints: [guarded], proofs: { clusterKeys: () => [] } });
    for (const authorization of ['Bearer undefined', 'Bearer ', 'Bearer']) {
      expect((await post(app, '/guarded', '{}', json, { authorization })).statusCode).toBe(401);
    }
  });
});

test('/openapi.json describes every endpoint as it is checked', async () => {
  const answer = await testApp().app.inject('/openapi.json');
  const { openapi, info, paths } = answer.json();
  expect([openapi, info.title, info.version]).toEqual(['3.1.0', 'test', '9.9.9']);
  expect(Object.keys(paths).sort()).toEqual([
    '/challenge',
    '/echo',
    '/fail',
    '/healthz',
    '/readyz',
  ]);
  const body = paths['/echo'].post.requestBody.content['application/json'].schema;
  expect(body.properties.short).toEqual({ type: 'string', minLength: 1, maxLength: 3 });
  expect(body.required).toEqual(['id']);
});

test('no browser takes an answer for anything but JSON', async () => {
  const { app } = testApp();
  const answers = [
    await post(app, '/echo', '{"id":1,"text":"<script>alert(1)</script>"}'),
    await post(app, '/echo', '{"id":"<script>"}'),
    await post(app, '/fail', '{}'),
    await app.inject('/<script>'),
    await app.inject('/%zz'),
    await app.inject('/openapi.json'),
  ];
  for (const { headers } of answers) {
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect(headers['x-content-type-options']).toBe('nosniff');
  }
});
