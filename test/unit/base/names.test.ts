import { describe, expect, test } from '@jest/globals';
import { assertUserName } from '../../../src/base/names.ts';

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
