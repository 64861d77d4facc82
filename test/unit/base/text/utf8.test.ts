// Goal: bytes of others become text by one rule, wherever they come in. Method: the rule; and a look
// through the sources for other ways, each of which keeps something else of the same bytes.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { decodeUtf8, withoutMark } from '../../../../src/base/text/utf8.ts';
import { com } from '../../../../src/codec/protobuf.ts';

describe('text', () => {
  test.each(['', 'amy', '\ufeff', '\ufefflobby', 'a\ufeffb', '\0', '😀', 'e\u0301', '\u200b'])(
    '%j is what it was',
    (text) => {
      expect(decodeUtf8(Buffer.from(text))).toBe(text);
    },
  );

  test.each([
    ['a byte that begins nothing', [0xff]],
    ['a character that is cut off', [0x61, 0xe2, 0x82]],
    ['a zero in two bytes', [0xc0, 0x80]],
    ['half a surrogate pair', [0xed, 0xa0, 0x80]],
    ['a character beyond the last', [0xf4, 0x90, 0x80, 0x80]],
    ['Latin-1', [0x63, 0x61, 0x66, 0xe9]],
  ])('is not %s', (_, bytes) => {
    expect(decodeUtf8(Uint8Array.from(bytes))).toBeUndefined();
  });

  test('only the mark before a document is none of it', () => {
    expect(withoutMark('\ufeff\ufeff{}')).toBe('\ufeff{}');
    expect(withoutMark('{}\ufeff')).toBe('{}\ufeff');
  });
});

const { Request, Response } = com.crossoverjie.cim.common.protocol;
const texts = [
  ...['reqMsg', 'device', 'group', 'afterIdentity', 'token'].map((name) => ['Request', name]),
  ...['resMsg', 'device', 'group', 'fromName', 'reason'].map((name) => ['Response', name]),
] as const;

test.each(texts)('the generated code reads by the same rule: %s.%s', (type, name = '') => {
  const { encode, decode } = type === 'Request' ? Request : Response;
  const read = (fields: object) => decode(fields as never) as unknown as Record<string, string>;
  for (const text of ['\ufefflobby', '\ufeff', `\ufeff${'x'.repeat(200)}`, '😀\ufeff']) {
    const bytes = encode({ [name]: text }).finish();
    // Of a plain array, and of a buffer, which has another reader.
    expect(read(Uint8Array.from(bytes))[name]).toBe(text);
    expect(read(Buffer.from(bytes))[name]).toBe(text);
    const broken = Buffer.from(bytes);
    broken[bytes.length - 1] = 0xe2;
    expect(() => read(broken)).toThrow();
    expect(() => read(Uint8Array.from(broken))).toThrow();
  }
});

/** Other ways to text. What they are given where they are used is this program's own, or ASCII. */
const otherWays = [
  /TextDecoder|StringDecoder/,
  /utf8Slice/,
  /toString\(['"]utf-?8['"]/,
  /setEncoding\(/,
];
const exceptions = new Set([
  'src/base/text/utf8.ts',
  // What processes of cim's own print.
  'src/cli/workers/worker-process.ts',
  'src/processes/local-process.ts',
]);

test('there is no other way from bytes to text', () => {
  const paths = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.includes('generated'))
    .map((path) => join('src', path));
  const found = paths.filter((path) => {
    const source = readFileSync(path, 'utf8');
    return otherWays.some((way) => way.test(source));
  });
  expect(paths.length).toBeGreaterThan(300);
  expect(new Set(found)).toEqual(exceptions);
});
