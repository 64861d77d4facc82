/** Which sizes a message may have together. */
import { expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import { contentRefusal } from '../../../src/codec/content.ts';

const { textBytesMax, sealedBytesMax } = limits;
const nothing = { group: '', textBytes: 0, sealedBytes: 0, contentBytes: 0, keyEpoch: 0 };

test.each([
  ['a text and a content', { textBytes: textBytesMax - 9, contentBytes: 9 }, null],
  ['one byte more', { textBytes: textBytesMax - 8, contentBytes: 9 }, 'too-long'],
  ['a content without a text', { contentBytes: 9 }, null],
  ['both sealed', { sealedBytes: sealedBytesMax - 300, contentBytes: 300 }, null],
  ['one byte more, sealed', { sealedBytes: sealedBytesMax - 299, contentBytes: 300 }, 'too-long'],
  ['a text beside what is sealed', { textBytes: 1, sealedBytes: 200 }, 'invalid-argument'],
  ['a group, sealed under its key', { group: 'cooks', sealedBytes: 200, keyEpoch: 1 }, null],
  ['a group, sealed under none', { group: 'cooks', sealedBytes: 200 }, 'invalid-argument'],
  ['a user, under the key of a group', { sealedBytes: 200, keyEpoch: 1 }, 'invalid-argument'],
  ['a key without a seal', { group: 'cooks', textBytes: 5, keyEpoch: 1 }, 'invalid-argument'],
  ['the lobby, sealed', { group: 'lobby', sealedBytes: 200, keyEpoch: 1 }, 'not-encrypted'],
  ['a group', { group: 'cooks', textBytes: 5, contentBytes: 5 }, null],
] as const)('%s', (_, size, refusal) => {
  expect(contentRefusal({ ...nothing, ...size })).toBe(refusal);
});
