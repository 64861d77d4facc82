import { describe, expect, test } from '@jest/globals';
import { fromBase64Url, toBase64Url } from '../../../../src/base/text/base64url.ts';

describe('base64url', () => {
  test('is that of Node.js, of any length', () => {
    for (const length of [0, 1, 2, 3, 8_191, 8_192, 8_193, 200_000]) {
      const bytes = Uint8Array.from({ length }, (_, index) => (index * 31) % 256);
      const text = toBase64Url(bytes);
      expect(text).toBe(Buffer.from(bytes).toString('base64url'));
      expect(Buffer.from(fromBase64Url(text) ?? []).equals(bytes)).toBe(true);
    }
  });

  test('takes nothing else', () => {
    for (const text of ['a', 'aaaaa', 'ab==', 'a+', 'a/', 'a b', 'ä', 'ab\n'])
      expect(fromBase64Url(text)).toBeUndefined();
  });
});
