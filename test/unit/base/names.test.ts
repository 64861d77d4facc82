import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { assertUserName, groupNameOf, isGroupName } from '../../../src/base/names.ts';

describe('a user name', () => {
  test.each([
    'a',
    'bob',
    '张三',
    'Zoë Müller',
    ' padded ',
    '12',
    '👩‍👩‍👧',
    'x'.repeat(64),
    '😀'.repeat(64),
  ])('may be %j', (name) => {
    expect(() => assertUserName(name)).not.toThrow();
  });

  test.each(['x'.repeat(65), '😀'.repeat(65)])('may not be as long as %j', (name) => {
    expect(() => assertUserName(name)).toThrow(
      'userName: a name may have 64 characters, this one has 65',
    );
  });

  test.each(['', ' ', '\u3000', '\u200b', '\u00a0\u200d'])('may not be blank: %j', (name) => {
    expect(() => assertUserName(name)).toThrow('userName: must not be blank');
  });

  test.each(['a\n', '\u001b[31m', 'a\0b', 'a\u009b', 'a\u2028b', 'a\u2029', 'half \ud83d'])(
    'may not hold a control character: %j',
    (name) => {
      expect(() => assertUserName(name)).toThrow('userName: must not hold control characters');
    },
  );
});

describe('the name of a group', () => {
  test.each([
    ['cooks', 'cooks'],
    ['Cooks', 'cooks'],
    ['\u212aüche', 'küche'],
    ['烹饪', '烹饪'],
    ['a;b', 'a;b'],
    ['👩‍👩‍👧', '👩‍👩‍👧'],
    ['x'.repeat(64), 'x'.repeat(64)],
  ])('written %j is %j', (written, name) => {
    expect(groupNameOf(written)).toBe(name);
  });

  test('may not be longer than 64 characters', () => {
    expect(() => groupNameOf('x'.repeat(65))).toThrow(
      'group: a name may have 64 characters, this one has 65',
    );
  });

  test.each([
    ['', 'must not be blank'],
    ['\u200b', 'must not be blank'],
    ['a b', 'must not hold white space'],
    ['a\u3000b', 'must not hold white space'],
    ['a\n', 'must not hold control characters'],
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
