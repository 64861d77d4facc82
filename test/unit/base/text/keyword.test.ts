import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { limits } from '../../../../src/base/limits.ts';
import { Keyword } from '../../../../src/base/text/keyword.ts';
import { inSearchPieces, searchForm } from '../../../../src/base/text/normal-form.ts';
import { runs } from '../../../support/fuzz.ts';
import { onTeardown } from '../../../support/teardown.ts';

test('finds what the engine finds', () => {
  const few = fc.string({ unit: fc.constantFrom('a', 'b', 'A', 'ß', 'İ', 'Σ', '😀') });
  fc.assert(
    fc.property(
      few.filter((keyword) => keyword !== '' && keyword.length < 100),
      few,
      (sought, text) => {
        const expected = searchForm(text).includes(searchForm(sought));
        expect(new Keyword(sought).isIn(text)).toBe(expected);
        const around = `${text}${sought}${text}`;
        expect(new Keyword(sought).isIn(around.toUpperCase())).toBe(
          searchForm(around.toUpperCase()).includes(searchForm(sought)),
        );
      },
    ),
    { numRuns: runs(2_000) },
  );
});

describe('finds other forms of the same letters', () => {
  const groups = [
    ['CAFÉ', 'café', 'cafe\u0301', 'CAFE\u0301', 'ｃａｆé'],
    ['istanbul', 'İstanbul', 'ISTANBUL', 'i\u0307stanbul', 'ıstanbul', 'ｉｓｔａｎｂｕｌ'],
    ['office', 'oﬃce', 'OFFICE', 'oﬀice', 'ｏｆｆｉｃｅ', 'of\u00adfice', 'of\u2060fice'],
    ['straße', 'STRASSE', 'STRAẞE', 'strasse', 'ｓtraße'],
    ['ΟΔΟΣ', 'οδος', 'οδοσ'],
    ['カメラ', 'ｶﾒﾗ'],
    ['ガス', 'ｶﾞｽ', 'カ\u3099ス'],
    ['한글', '\u1112\u1161\u11ab\u1100\u1173\u11af'],
    ['Việt', 'Vie\u0323\u0302t', 'Vie\u0302\u0323t', 'Vi\u1eb9\u0302t', 'VIỆT'],
    ['№ 5', 'No 5', 'no\u00a05', '№\u30005'],
    ['ǅ', 'ǆ', 'Ǆ', 'dž'],
  ] as const;
  test.each(groups.map((forms) => [forms]))('%j', (forms) => {
    for (const sought of forms)
      for (const form of forms)
        expect([sought, form, new Keyword(sought).isIn(`a ${form} b`)]).toEqual([
          sought,
          form,
          true,
        ]);
  });

  test('piece by piece as in the whole', () => {
    const units = groups
      .flat()
      .flatMap((form) => [...form])
      .concat(
        '\u034f',
        '\u0335',
        'ㄱ',
        'ㅏ',
        'ㄳ',
        'ﾡ',
        'ￂ',
        '가',
        'Σ',
        '\ud800',
        '\ufe0f',
        '👩🏽',
      );
    const texts = fc.oneof(
      fc.string({ unit: fc.constantFrom(...units), maxLength: 40 }),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(inSearchPieces(text).join('')).toBe(text);
        expect(inSearchPieces(text).map(searchForm).join('')).toBe(searchForm(text));
      }),
      { numRuns: runs(5_000) },
    );
  });

  test('and not other letters', () => {
    for (const [sought, text] of [
      ['resume', 'résumé'],
      ['o', 'ö'],
      ['strase', 'straße'],
    ] as const)
      expect(new Keyword(sought).isIn(text)).toBe(false);
  });

  test('a keyword of which nothing can be seen is empty', () => {
    expect(() => new Keyword('\u00ad\u200b')).toThrow('keyword: must not be empty');
  });

  test('however marks are piled up in the text: few are ordered at a time', () => {
    const { normalize } = String.prototype;
    let most = 0;
    String.prototype.normalize = function (this: string, form?: string) {
      most = Math.max(most, this.match(/\p{M}/gu)?.length ?? 0);
      return normalize.call(this, form);
    };
    onTeardown(() => {
      String.prototype.normalize = normalize;
    });
    const text = `z${'\u0301\u0327'.repeat(limits.textBytesMax / 4)}`;
    expect(new Keyword('x').isIn(text)).toBe(false);
    expect(most).toBe(32);
  });
});

/** How often the text or the keyword was looked at: the work, whatever the machine does besides. */
function countLooks(): () => number {
  const { charCodeAt } = String.prototype;
  let looks = 0;
  String.prototype.charCodeAt = function (this: string, at: number) {
    looks += 1;
    return charCodeAt.call(this, at);
  };
  onTeardown(() => {
    String.prototype.charCodeAt = charCodeAt;
  });
  return () => looks;
}

describe('looks at each character a few times at most', () => {
  const length = limits.textBytesMax;
  const half = limits.keywordCharactersMax / 2;
  test.each([
    ['all but the end', `${'a'.repeat(2 * half - 1)}b`, 'a'.repeat(length)],
    ['all but the beginning', `b${'a'.repeat(2 * half - 1)}`, 'a'.repeat(length)],
    ['all but the middle', `${'a'.repeat(half)}b${'a'.repeat(half - 1)}`, 'a'.repeat(length)],
    ['pairs', `${'ab'.repeat(half - 1)}aa`, 'ab'.repeat(length / 2)],
    ['what becomes longer', `${'i̇'.repeat(half - 1)}x`, 'İ'.repeat(length / 2)],
  ])('%s', (_, keyword, text) => {
    const sought = new Keyword(keyword);
    const looks = countLooks();
    expect(sought.isIn(text)).toBe(false);
    expect(looks()).toBeGreaterThan(length / 2);
    expect(looks()).toBeLessThan(6 * text.toLowerCase().length);
  });
});

test('has a bound, in characters', () => {
  const { keywordCharactersMax } = limits;
  expect(new Keyword('😀'.repeat(keywordCharactersMax)).isIn('😀')).toBe(false);
  for (const keyword of [
    'x'.repeat(keywordCharactersMax + 1),
    '😀'.repeat(keywordCharactersMax + 1),
  ])
    expect(() => new Keyword(keyword)).toThrow('keyword: may have 256 characters');
  expect(() => new Keyword('')).toThrow('keyword: must not be empty');
});
