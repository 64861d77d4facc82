// Goal: an account comes to another device by one line, whatever its name is.
import { describe, expect, test } from '@jest/globals';
import { parseSignInCode, signInCode } from '../../../src/web/model/sign-in-code.ts';

describe('a sign-in code', () => {
  test.each(['bob', 'Bob: the 2nd', '小明', 'a b'])('of %j', (userName) => {
    const user = { userId: 12_345_678, userName };
    const code = signInCode(user, 'cim_aB-_9');
    expect(parseSignInCode(` ${code}\n`)).toEqual({ user, secret: 'cim_aB-_9' });
  });

  test.each(['', 'hello', 'cim:x:secret:bob', 'cim:7:secret', 'cim:7::bob', 'cim:7:secret:'])(
    '%j is none',
    (text) => {
      expect(parseSignInCode(text)).toBeUndefined();
    },
  );
});
