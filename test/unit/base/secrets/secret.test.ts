import { expect, test } from '@jest/globals';
import { bearerOf } from '../../../../src/base/secrets/secret.ts';

test.each([
  ['Bearer x', 'x'],
  ['bearer  two words', 'two words'],
  ['Bearer ', undefined],
  ['Basic x', undefined],
  ['x', undefined],
  [undefined, undefined],
])('%j bears %j', (header, bearer) => {
  expect(bearerOf(header)).toBe(bearer);
});
