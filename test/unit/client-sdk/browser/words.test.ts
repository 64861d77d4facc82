import { expect, test } from '@jest/globals';
import { limits } from '../../../../src/base/limits.ts';
import { soughtWords, wordsOf } from '../../../../src/client/sdk/browser/words.ts';

test.each([
  ['Hello, hello World!', ['hello', 'world']],
  ['Crème brûlée; ΆΛΦΑ', ['creme', 'brulee', 'αλφα']],
  ['café', ['cafe']],
  ['v2.0 at 10:30', ['v2', '0', 'at', '10', '30']],
  ['今天去看电影', ['今天', '天去', '去看', '看电', '电影', '影']],
  ['看 movie吧', ['movie', '看', '吧']],
  ['ราคา', ['รา', 'าค', 'คา', 'า']],
  ['नमस्ते', ['नमस्ते']],
  ['🎉 …', []],
])('the words of %s', (text, words) => {
  expect(wordsOf(text)).toEqual(words);
});

test.each([
  ['crEME bru', 'Crème brûlée'],
  ['电影', '今天去看电影'],
  ['影', '今天去看电影'],
  ['看', '看'],
  ['wor', 'hello world'],
  [`${'x'.repeat(100)}`, `${'x'.repeat(200)} and more`],
])('%s is sought by what %s is found by', (sought, text) => {
  const words = wordsOf(text);
  const starts = soughtWords(sought);
  expect(starts.length).toBeGreaterThan(0);
  for (const start of starts) expect(words.some((word) => word.startsWith(start))).toBe(true);
});

test('a text of many words is found by the first of them', () => {
  const text = Array.from({ length: 1_000 }, (_, number) => `word${number}`).join(' ');
  expect(wordsOf(text)).toHaveLength(limits.clientMessageWordsMax);
});
