import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CimError } from '../../../src/base/errors.ts';
import { readBody } from '../../../src/http/schema.ts';
import { echo } from './test-app.ts';

const schema = echo.body!;

function refusal(body: unknown): string {
  try {
    readBody(schema, body);
  } catch (error) {
    if (error instanceof CimError) return error.message;
    throw error;
  }
  throw new Error('it was taken');
}

describe('a body is taken', () => {
  test('with every type of field, and without fields that the schema does not name', () => {
    const body = { id: 7, text: '', short: 'äöü', kind: 'b', list: ['', 'x'], map: { k: 'v' } };
    expect(readBody(schema, { ...body, reqNo: '1', timeStamp: 0, other: [] })).toEqual(body);
  });

  test.each([
    ['5', 5],
    ['1547028929407', 1547028929407],
    [1.0, 1],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    [String(Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER],
  ])('with the number %p', (given, id) => {
    expect(readBody(schema, { id: given })).toEqual({ id });
  });

  test('with null for what may be absent', () => {
    expect(readBody(schema, { id: 1, text: null, list: null, map: null })).toEqual({ id: 1 });
  });

  test('counting characters, not UTF-16 units', () => {
    expect(readBody(schema, { id: 1, short: '😀😀😀' })).toEqual({ id: 1, short: '😀😀😀' });
  });

  test('without touching prototypes', () => {
    const hostile =
      '{"id":1,"__proto__":{"text":"x"},"constructor":{"prototype":{"text":"x"}},"map":{"__proto__":"v"}}';
    const body = readBody(schema, JSON.parse(hostile)) as { text?: string; map: object };
    expect(body.text).toBeUndefined();
    expect(Object.getPrototypeOf(body.map)).toBe(Object.prototype);
    expect(Object.entries(body.map)).toEqual([['__proto__', 'v']]);
    expect(({} as { text?: string }).text).toBeUndefined();
  });

  test('not with a field of its prototype', () => {
    expect(refusal(Object.create({ id: 1 }))).toBe('id: must be given');
  });
});

describe('a body is refused, naming the field', () => {
  test.each([[undefined], [null], [1], ['text'], [true], [[]], [[{ id: 1 }]]])(
    '%j: not an object',
    (body) => {
      expect(refusal(body)).toBe('the body must be a JSON object');
    },
  );

  const notIds: unknown[] = [
    ...[-1, 0, 1.5, 2 ** 53, 1e300, Number.NaN, true, [], [1], {}, { valueOf: 1 }],
    ...['', ' 1', '-1', '+1', '1.0', '1e3', '0x1', '١', '9007199254740992', '9'.repeat(20)],
  ];
  test.each(notIds.map((id) => ({ id })))('%j', (body) => {
    expect(refusal(body)).toBe('id: must be a whole number from 1 to 9007199254740991');
  });

  test.each([
    [{}, 'id: must be given'],
    [{ id: null }, 'id: must be given'],
    [{ id: 1, text: 5 }, 'text: must be a string'],
    [{ id: 1, text: ['x'] }, 'text: must be a string'],
    [{ id: 1, text: { length: 1 } }, 'text: must be a string'],
    [{ id: 1, text: 'half \ud83d' }, 'text: must be well-formed Unicode'],
    [{ id: 1, short: '' }, 'short: must not be empty'],
    [{ id: 1, short: '1234' }, 'short: must have at most 3 characters'],
    [{ id: 1, short: '😀😀😀x' }, 'short: must have at most 3 characters'],
    [{ id: 1, short: '\ud83d'.repeat(7) }, 'short: must have at most 3 characters'],
    [{ id: 1, list: ['x'.repeat(101)] }, 'list[0]: must have at most 100 characters'],
    [{ id: 1, map: { ['k'.repeat(11)]: '' } }, 'a key of map: must have at most 10 characters'],
    [{ id: 1, map: { k: 'v'.repeat(11) } }, 'a value of map: must have at most 10 characters'],
    [{ id: 1, kind: 'c' }, 'kind: must be one of a, b'],
    [{ id: 1, list: 'abc' }, 'list: must be an array'],
    [{ id: 1, list: { length: 0 } }, 'list: must be an array'],
    [{ id: 1, list: ['a', null] }, 'list[1]: must be a string'],
    [{ id: 1, list: ['a', 'b', 'c', 'd'] }, 'list: must have at most 3 elements'],
    [{ id: 1, map: 'x' }, 'map: must be an object'],
    [{ id: 1, map: ['x'] }, 'map: must be an object'],
    [{ id: 1, map: { a: '', b: '', c: '', d: '' } }, 'map: must have at most 3 keys'],
    [{ id: 1, map: { k: null } }, 'a value of map: must be a string'],
    [{ id: 1, map: { '\udc00': 'v' } }, 'a key of map: must be well-formed Unicode'],
  ])('%j', (body, message) => {
    expect(refusal(body)).toBe(message);
  });
});

test('whatever the body is, the answer is the fields of the schema in their types, or a refusal', () => {
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.integer(),
    fc.string({ unit: 'binary' }),
  );
  const fields = Object.fromEntries(Object.keys(schema.properties).map((name) => [name, value]));
  const body = fc.oneof(fc.record(fields, { requiredKeys: [] }), fc.jsonValue({ maxDepth: 2 }));
  fc.assert(
    fc.property(body, (given) => {
      try {
        const read = readBody(schema, given) as Record<string, unknown>;
        expect(Number.isSafeInteger(read['id'])).toBe(true);
        expect(typeof (read['text'] ?? '')).toBe('string');
        expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining(Object.keys(read)));
      } catch (error) {
        if (!(error instanceof CimError)) throw error;
        expect(['invalid-argument', 'too-long']).toContain(error.kind);
      }
    }),
  );
});
