// Text of others on a terminal: it cannot look like a line of somebody else.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { safeText } from '../../../src/base/safe-text.ts';
import { displayWidth, truncate, wrap } from '../../../src/client/terminal/display-width.ts';
import { layOut } from '../../../src/client/terminal/layout.ts';

/** Letters, wide and combining ones, spaces, emoji, and what is dangerous. */
const anyText = fc
  .array(
    fc.constantFrom(
      ...[
        'a',
        'b',
        ' ',
        '  ',
        '\n',
        '\t',
        '\r',
        '\u001b[2J',
        '\u0007',
        '\u009b',
        '你',
        'é',
        'e\u0301',
        '👩‍👩‍👧',
        '❤️',
        '\u202e',
        '\u2066',
        '\u2028',
        '\ud800',
        '\u0000',
        '\u007f',
        'looooooooooooooooooooooong',
      ],
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(''));

describe('width', () => {
  test.each([
    ['abc', 3],
    ['你好', 4],
    ['e\u0301', 1],
    ['👩‍👩‍👧', 2],
    ['❤️', 2],
    ['🇩🇪', 2],
    ['ﾊﾝ', 2],
    ['→✓', 2],
  ])('%s takes %i columns', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });

  test('what is too wide is cut', () => {
    expect(truncate('abcdef', 6)).toBe('abcdef');
    expect(truncate('abcdef', 5)).toBe('abcd…');
    expect(truncate('你好你好', 5)).toBe('你好…');
  });

  test('breaks between words', () => {
    expect(wrap('one two three', 9, 0)).toEqual(['one two', 'three']);
    expect(wrap('one two three', 9, 5)).toEqual(['one', 'two three']);
    expect(wrap('abcdefghijkl', 5, 2)).toEqual(['abc', 'defgh', 'ijkl']);
    expect(wrap('', 5, 0)).toEqual(['']);
  });
});

describe('layout', () => {
  const head = [{ text: '10:05 amy (2): ' }];

  test('what others write never begins at the left edge, nor goes over the right one', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 40, max: 120 }), (text, columns) => {
        const rows = layOut({ head, body: safeText(text) }, { columns, isColoured: false });
        expect(rows[0]).toMatch(/^10:05 amy \(2\): ?/);
        for (const row of rows.slice(1)) expect(row).toMatch(/^ {6}/);
        for (const row of rows) expect(displayWidth(row)).toBeLessThanOrEqual(columns);
      }),
    );
  });

  test('loses nothing but space', () => {
    const squeeze = (text: string) => text.replace(/\s/g, '');
    fc.assert(
      fc.property(anyText, (text) => {
        const body = safeText(text);
        const rows = layOut({ head, body }, { columns: 40, isColoured: false });
        expect(squeeze(rows.join(''))).toBe(squeeze(head[0]!.text + body));
      }),
    );
  });

  test('a line stays a line where there is no edge', () => {
    const body = 'word '.repeat(200).trim();
    const layout = { columns: Number.POSITIVE_INFINITY, isColoured: false };
    expect(layOut({ head, body }, layout)).toEqual([`10:05 amy (2): ${body}`]);
  });

  test('a tail that does not fit goes to a row of its own', () => {
    const tail = { text: ' ✓' };
    const layout = { columns: 40, isColoured: false };
    const body = (letters: number) => 'x'.repeat(letters);
    expect(layOut({ head, body: body(23), tail }, layout)).toEqual([
      `10:05 amy (2): ${body(23)} ✓`,
    ]);
    expect(layOut({ head, body: body(24), tail }, layout)).toEqual([
      `10:05 amy (2): ${body(24)}`,
      '      ✓',
    ]);
  });

  test('colours only if asked to', () => {
    const block = { head: [{ text: 'x', style: 'red' } as const], body: 'find me', keyword: 'me' };
    expect(layOut(block, { columns: 40, isColoured: false })).toEqual(['xfind me']);
    expect(layOut(block, { columns: 40, isColoured: true })).toEqual([
      '\u001b[31mx\u001b[39mfind \u001b[4mme\u001b[24m',
    ]);
  });
});
