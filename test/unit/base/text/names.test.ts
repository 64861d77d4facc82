import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CimError } from '../../../../src/base/errors.ts';
import {
  assertUserName,
  groupNameOf,
  isGroupName,
  nameKey,
} from '../../../../src/base/text/names.ts';
import { safeLine } from '../../../../src/base/text/safe-text.ts';
import { runs } from '../../../support/fuzz.ts';

describe('a user name', () => {
  test.each([
    'a',
    'bob',
    '张三',
    'Zoë Müller',
    ' padded ',
    'o2',
    '👩‍👩‍👧',
    '❤️ 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🇩🇪',
    '🐱7',
    'می\u200cخواهم',
    'क्\u200dष',
    'e\u0301'.normalize('NFD'),
    'x'.repeat(64),
    '😀'.repeat(64),
  ])('may be %j', (name) => {
    expect(() => assertUserName(name)).not.toThrow();
  });

  test.each(['x'.repeat(65), '😀'.repeat(65)])('may not be as long as %j', (name) => {
    expect(() => assertUserName(name)).toThrow('userName: may have 64 characters, this one has 65');
  });

  test.each(['', ' ', '\u3000', '\u200b', '\u00a0\u200d', '\u3164', '\u2800'])(
    'may not be blank: %j',
    (name) => {
      expect(() => assertUserName(name)).toThrow('userName: must not be blank');
    },
  );

  test.each(['a\n', '\u001b[31m', 'a\0b', 'a\u009b', 'a\u2028b', 'a\u2029', 'half \ud83d'])(
    'may not hold a control character: %j',
    (name) => {
      expect(() => assertUserName(name)).toThrow('userName: must not hold control characters');
    },
  );

  test.each([
    'a\u200bb',
    'b\u00adob',
    'bob\u202e',
    '\u2066bob\u2069',
    '\u200fbob',
    'bo\ufeffb',
    'a\u200db',
    'می\u200c',
    'x\ufe0f',
    'ㅤbob',
    'b\u034fob',
    'bob\u{e0062}',
    'bob\u2800',
  ])('may not hold what is not seen: %j', (name) => {
    expect(() => assertUserName(name)).toThrow('userName: must not hold invisible characters');
  });

  test.each([
    ['12'],
    ['1,000'],
    ['+49 (0) 12-34'],
    ['1 2'],
    ['#7'],
    ['-5'],
    ['１２'],
    ['²'],
    ['①②'],
    ['⑴'],
    ['1️⃣'],
    ['½'],
    ['٣٤'],
    ['४२'],
    ['𝟜𝟚'],
    ['Ⅷ'],
    ['4\u0301'],
    ['$5'],
  ])('may not read as a number: %j', (name) => {
    expect(() => assertUserName(name)).toThrow('userName: must not read as a number');
  });

  test.each([
    ['\u0301bob', 'must not begin with a mark that goes onto another character'],
    [`z${'\u0335'.repeat(9)}`, 'must not pile more than 8 marks onto a character'],
    ['bob\ue000', 'must not hold characters without a meaning'],
    ['bob\uffff', 'must not hold characters without a meaning'],
  ])('may not be %j', (name, problem) => {
    expect(() => assertUserName(name)).toThrow(`userName: ${problem}`);
  });

  test('whatever is accepted has something to see, and is printed as it is', () => {
    fc.assert(
      fc.property(nastyName, (name) => {
        try {
          assertUserName(name);
        } catch {
          return;
        }
        expect(safeLine(name)).toBe(name);
        expect(nameKey(name)).not.toBe('');
        expect(Number(name.normalize('NFKC'))).toBeNaN();
      }),
      { numRuns: runs(2_000) },
    );
  });
});

/** Parts of which names are made that are not what they look like. */
const nastyName = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'a',
        'B',
        '7',
        ' ',
        '\u200b',
        '\u200d',
        '\u202e',
        '\u0301',
        '\u00a0',
        '\ufe0f',
      ),
      fc.constantFrom('ß', 'ẞ', 'ς', 'İ', 'ǅ', '１', '²', '👩‍👩‍👧', '1️⃣', 'ﷺ', '\ud800', '\u009b'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 2 }),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));

describe('names are one, when they differ only in', () => {
  test.each([
    ['case', 'Bob', 'bOB'],
    ['case that changes the length', 'Straße', 'STRASSE'],
    ['the form of a sigma', 'ΟΔΟΣ', 'οδοσ'],
    ['width', 'bob', 'ｂｏｂ'],
    ['composition', 'Zo\u00eb', 'Zoe\u0308'],
    ['the kind of a space', 'bob smith', 'bob\u00a0smith'],
    ['the number of spaces', 'bob smith', ' bob   smith '],
    ['what cannot be seen', 'bob', 'b\u200cob'],
  ])('%s', (_, one, other) => {
    expect(nameKey(one)).toBe(nameKey(other));
  });

  test('and the form for that is its own form', () => {
    fc.assert(
      fc.property(nastyName, (name) => {
        expect(nameKey(nameKey(name))).toBe(nameKey(name));
      }),
      { numRuns: runs(2_000) },
    );
  });

  test('but not when they differ in more', () => {
    expect(nameKey('bob')).not.toBe(nameKey('bobb'));
    expect(nameKey('bob smith')).not.toBe(nameKey('bobsmith'));
  });
});

/** Whether it is written in more than one way: a mark changes no other letter. */
function hasForms(letter: string): boolean {
  const others = [letter.toLowerCase(), letter.toUpperCase(), letter.normalize('NFKD')];
  return others.some((other) => other !== letter);
}

describe('the name of a group', () => {
  test('is its own form, whatever characters it is written with', () => {
    const others: string[] = [];
    const behind = ['', '\u0301', '\u0307', '\u0308', '\u0345', '\u0301\u0345'];
    for (let point = 0x21; point < 0x30000; point++) {
      if (point >= 0xd800 && point < 0xe000) continue;
      const letter = String.fromCodePoint(point);
      for (const marks of hasForms(letter) ? behind : ['']) {
        const name = formOf(`a${letter}${marks}`);
        if (name !== undefined && !isGroupName(name)) others.push(`${point.toString(16)} ${name}`);
      }
    }
    expect(others).toEqual([]);
  });

  test.each([
    ['cooks', 'cooks'],
    ['Cooks', 'cooks'],
    ['\u212aüche', 'küche'],
    ['烹饪', '烹饪'],
    ['a;b', 'a;b'],
    ['👩‍👩‍👧', '👩‍👩‍👧'],
    ['2026', '2026'],
    ['x'.repeat(64), 'x'.repeat(64)],
  ])('written %j is %j', (written, name) => {
    expect(groupNameOf(written)).toBe(name);
  });

  test('may not be longer than 64 characters', () => {
    expect(() => groupNameOf('x'.repeat(65))).toThrow(
      'group: may have 64 characters, this one has 65',
    );
  });

  test.each([
    ['', 'must not be blank'],
    ['\u200b', 'must not be blank'],
    ['a b', 'must not hold white space'],
    ['a\u3000b', 'must not hold white space'],
    ['a\n', 'must not hold control characters'],
    ['a\u202eb', 'must not hold invisible characters'],
    ['a\u200bb', 'must not hold invisible characters'],
    [`z${'\u0335'.repeat(9)}`, 'must not pile more than 8 marks onto a character'],
    ['#a', 'must not hold #'],
    ['a;;b', 'must not hold ;;'],
    // The Greek question mark is a semicolon, once it is composed.
    ['a\u037e;b', 'must not hold ;;'],
  ])('may not be %j', (written, problem) => {
    expect(() => groupNameOf(written)).toThrow(`group: ${problem}`);
    expect(isGroupName(written)).toBe(false);
  });

  test('is the one form that a group can bear, however it was written', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 80 }), (written) => {
        let name: string;
        try {
          name = groupNameOf(written);
        } catch {
          expect(isGroupName(written)).toBe(false);
          return;
        }
        expect(groupNameOf(name)).toBe(name);
        expect(isGroupName(name)).toBe(true);
        expect(isGroupName(written)).toBe(name === written);
      }),
    );
  });
});

/** Undefined: no group may bear it. */
function formOf(written: string): string | undefined {
  try {
    return groupNameOf(written);
  } catch (error) {
    if (error instanceof CimError) return undefined;
    throw error;
  }
}
