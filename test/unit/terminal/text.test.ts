// Text of others on a terminal: it cannot look like a line of somebody else.
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Keyword } from '../../../src/base/text/keyword.ts';
import { safeText } from '../../../src/base/text/safe-text.ts';
import { displayWidth, truncate, wrap } from '../../../src/client/terminal/view/display-width.ts';
import { layOut } from '../../../src/client/terminal/view/layout.ts';

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
    ['ﾊﾝ', 2],
    // Not to all terminals a mark is a part of its letter, and an emoji one picture.
    ['e\u0301', 3],
    ['👩‍👩‍👧', 8],
    ['🇩🇪', 4],
    // Ambiguous: wide to some.
    ['→', 2],
  ])('%s takes %i columns at most', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });

  test('what is too wide is cut', () => {
    expect(truncate('abcdef', 6)).toBe('abcdef');
    expect(truncate('abcdef', 5)).toBe('abc…');
    expect(truncate('你好你好', 6)).toBe('你好…');
  });

  test('breaks between words', () => {
    expect(wrap('one two three', 9, 0)).toEqual(['one two', 'three']);
    expect(wrap('one two three', 9, 5)).toEqual(['one', 'two three']);
    expect(wrap('abcdefghijkl', 5, 2)).toEqual(['abc', 'defgh', 'ijkl']);
    expect(wrap('', 5, 0)).toEqual(['']);
  });
});

describe('layout', () => {
  const head = [{ text: '10:05 (2) amy: ' }];

  test('what others write never begins at the left edge, nor goes over the right one', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 40, max: 120 }), (text, columns) => {
        const rows = layOut({ head, body: safeText(text) }, { columns, isColoured: false });
        expect(rows[0]).toMatch(/^10:05 \(2\) amy: ?/);
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
        // Empty lines are space, too: of many it is said how many they are.
        const shown = rows.join('').replaceAll(/… \d+ empty lines/g, '');
        expect(squeeze(shown)).toBe(squeeze(head[0]!.text + body));
      }),
    );
  });

  test('a line stays a line where there is no edge', () => {
    const body = 'word '.repeat(200).trim();
    const layout = { columns: Number.POSITIVE_INFINITY, isColoured: false };
    expect(layOut({ head, body }, layout)).toEqual([`10:05 (2) amy: ${body}`]);
  });

  test('a tail that does not fit goes to a row of its own', () => {
    const tail = { text: ' ✓' };
    const layout = { columns: 40, isColoured: false };
    const body = (letters: number) => 'x'.repeat(letters);
    expect(layOut({ head, body: body(23), tail }, layout)).toEqual([
      `10:05 (2) amy: ${body(23)} ✓`,
    ]);
    expect(layOut({ head, body: body(24), tail }, layout)).toEqual([
      `10:05 (2) amy: ${body(24)}`,
      '      ✓',
    ]);
  });

  test('colours only if asked to', () => {
    const head = [{ text: 'x', style: 'red' } as const];
    const block = { head, body: 'find me', keyword: new Keyword('me') };
    expect(layOut(block, { columns: 40, isColoured: false })).toEqual(['xfind me']);
    expect(layOut(block, { columns: 40, isColoured: true })).toEqual([
      '\u001b[31mx\u001b[39mfind \u001b[4mme\u001b[24m',
    ]);
  });

  describe('what was looked for is marked', () => {
    const mark = (body: string, keyword: string, columns = 80) =>
      layOut({ head: [], body, keyword: new Keyword(keyword) }, { columns, isColoured: true })
        .join('|')
        .replaceAll('\u001b[4m', '<')
        .replaceAll('\u001b[24m', '>');

    test.each([
      ['Café and CAFE\u0301, ｃａｆé', 'cafe\u0301', '<Café> and <CAFE\u0301>, <ｃａｆé>'],
      ['the oﬃce', 'off', 'the <oﬃ>ce'],
      ['the oﬃces', 'ices', 'the o<ﬃces>'],
      ['Of\u00adfice', 'office', '<Of\u00adfice>'],
      ['STRASSE, straße', 'straße', '<STRASSE>, <straße>'],
      ['İstanbul', 'ist', '<İst>anbul'],
      ['ｶﾞｽ', 'ガ', '<ｶﾞ>ｽ'],
      ['\u1112\u1161\u11ab', '한', '<\u1112\u1161\u11ab>'],
      ['ΟΔΟΣ', 'οδος', '<ΟΔΟΣ>'],
      ['aaaaa', 'aa', '<aa><aa>a'],
      ['ﬀﬀ', 'fff', '<ﬀﬀ>'],
      ['none', 'x', 'none'],
    ])('%j, %j', (body, keyword, marked) => {
      expect(mark(body, keyword)).toBe(marked);
    });

    test('over the end of a row, and of a line', () => {
      expect(mark('one two three four five six', 'three four', 16)).toBe(
        'one two <three>|      <four> five|      six',
      );
      expect(mark('one\n\n\n\ntwo', 'two')).toBe('one|      … 3 empty lines|      <two>');
    });

    test('and nothing is shown otherwise than it is without', () => {
      fc.assert(
        fc.property(anyText.map(safeText), fc.integer({ min: 8, max: 60 }), (body, columns) => {
          const plain = layOut({ head: [], body }, { columns, isColoured: true });
          const block = { head: [], body, keyword: new Keyword('a e') };
          const [short, marked] = [new Keyword('e'), block.keyword].map((keyword) =>
            layOut({ ...block, keyword }, { columns, isColoured: true }).map(
              stripVTControlCharacters,
            ),
          );
          expect(short).toEqual(plain);
          expect(marked).toEqual(plain);
        }),
      );
    });
  });
});
