// Text of others cannot control a terminal, a log, or whatever else it is printed to.
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { safeJson, safeLine, safeText } from '../../../src/base/safe-text.ts';
import { nastyTexts, unsafePattern } from '../../support/nasty-text.ts';

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
    expect(safeText('\u202eabc\u2066\u200f\u2028')).toBe('\ufffdabc\ufffd\ufffd\ufffd');
    expect(safeText('a\r\nb\rc\td')).toBe('a\nb␍c    d');
    expect(safeText('half \ud800')).toBe('half \ufffd');
    expect(safeLine('two\nlines')).toBe('two␊lines');
  });

  test('leaves what people write', () => {
    for (const text of ['naïve', '你好', 'שלום', 'مرحبا', '👩‍👩‍👧', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', 'क्‍ष', '❤️', 'e\u0301']) {
      expect(safeText(text)).toBe(text);
    }
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
