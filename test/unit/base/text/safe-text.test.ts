// Text of others cannot control a terminal, a log, or whatever else it is printed to.
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { safeJson, safeLine, safeText } from '../../../../src/base/text/safe-text.ts';
import { nastyTexts, unsafePattern } from '../../../support/nasty-text.ts';

const anyText = fc
  .array(
    fc.oneof(
      fc.constantFrom('a', ' ', '\n', '\r\n', '\t', '你', '👩‍👩‍👧'),
      fc.constantFrom(...nastyTexts.map(([, text]) => text)),
      fc.string({ unit: 'binary' }),
      // Halves of pairs, too.
      fc.uint16Array({ maxLength: 4 }).map((units) => String.fromCharCode(...units)),
    ),
    { maxLength: 20 },
  )
  .map((parts) => parts.join(''));

describe('safe text', () => {
  test('shows what would have had an effect', () => {
    expect(safeText('\u001b[31mred\u0007\u007f\u009b')).toBe('␛[31mred␇␡\ufffd');
    expect(safeText('\u202eabc\u2028\u206a\ufff9')).toBe('\ufffdabc\ufffd\ufffd\ufffd');
    expect(safeText('a\r\nb\rc\td')).toBe('a\nb␍c    d');
    expect(safeText('half \ud800')).toBe('half \ufffd');
    expect(safeLine('two\nlines')).toBe('two␊lines');
  });

  test('leaves what people write', () => {
    for (const text of ['naïve', '你好', 'שלום', 'مرحبا', '👩‍👩‍👧', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', 'क्‍ष', '❤️', 'e\u0301']) {
      expect(safeText(text)).toBe(text);
    }
  });

  test.each([
    ['a mark of direction', 'שלום\u200f!'],
    ['another one', 'a\u200eb\u061cc'],
    ['isolates', 'user \u2068عمر\u2069 said'],
    ['a soft hyphen', 'Donau\u00addampf'],
    ['a word joiner', '10\u2060km'],
    ['places to break a word', 'super\u200bcali'],
    ['a mark of byte order within', 'a\ufeffb'],
    ['operators not seen', 'f\u2061(x)\u2062y\u2063z\u2064'],
    ['a Mongolian vowel separator', 'ᠠ\u180eᠠ'],
    ['the end of an Arabic verse', '\u06dd٢٥'],
    ['the signs around Arabic numbers', '\u0600١\u0601٢\u0605٣\u08e2٤'],
    ['a Syriac abbreviation', '\u070fܐ'],
    ['a Kaithi number', '\u{110bd}𑁦'],
    ['hieroglyphs', '𓀀\u{13430}𓀁'],
  ])('leaves %s', (_, text) => {
    expect(safeText(text)).toBe(text);
    expect(safeLine(text)).toBe(text);
  });

  test('what is turned round in a line ends with it', () => {
    expect(safeText('a\u2067b\n\u2069c\u2066d\u2069')).toBe('a\u2067b\u2069\nc\u2066d\u2069');
    expect(safeText('\u2066\u2067')).toBe('\u2066\u2067\u2069\u2069');
  });

  test.each(nastyTexts)('takes the effect of %s', (_, text) => {
    expect(safeLine(text)).not.toMatch(unsafePattern);
    expect(safeText(text).replaceAll('\n', '')).not.toMatch(unsafePattern);
  });

  test('never lets a control or direction character through', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(safeLine(text)).not.toMatch(unsafePattern);
      }),
    );
  });
});

describe('safe JSON', () => {
  test.each(nastyTexts)('is one line without the effect of %s, and loses nothing', (_, text) => {
    const json = safeJson({ [text]: text });
    expect(json).not.toMatch(/[^ -~\p{L}\p{M}\p{N}\p{P}\p{S}]/u);
    expect(JSON.parse(json)).toEqual({ [text]: text });
  });

  test('is the same value, whatever the text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const json = safeJson([text]);
        expect(json).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]|\p{Cs}/u);
        expect(JSON.parse(json)).toEqual([text]);
      }),
    );
  });
});

test('a log has a line for each entry, whatever is in it', () => {
  const texts = nastyTexts.map(([, text]) => text);
  const script = `import('./src/base/log.ts').then(({ createLogger }) => {
    const log = createLogger('test', 'info');
    for (const text of ${JSON.stringify(texts)}) log.warn({ [text]: text, error: text }, 'said');
  });`;
  const { stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  const lines = stderr.trimEnd().split('\n');
  expect(lines).toHaveLength(texts.length);
  for (const [index, line] of lines.entries()) {
    expect(line).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
    expect(JSON.parse(line).error).toBe(texts[index]);
  }
});
