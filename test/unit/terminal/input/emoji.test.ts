// Only what somebody typed as a name of an emoji becomes one.
import { describe, expect, test } from '@jest/globals';
import { withEmoji } from '../../../../src/client/terminal/input/emoji.ts';

const typed = (text: string) => withEmoji({ text, origin: 't'.repeat(text.length) });

describe('a free-standing name', () => {
  test.each([
    [':smile:', '😄'],
    ['hi :smile: there', 'hi 😄 there'],
    ['hi\n:smile:\nthere', 'hi\n😄\nthere'],
    ['done :tada::tada:', 'done 🎉🎉'],
    ['well done :+1:!', 'well done 👍!'],
    ['2;;:smile:', '2;;😄'],
    ['#builds;; :x:', '#builds;; ❌'],
    [':delay :smile: 5', ':delay 😄 5'],
  ])('%j', (text, shown) => {
    expect(typed(text)).toBe(shown);
  });
});

describe('what is no such name stays', () => {
  test.each([
    'fd00:a:b:1::/64',
    'ab:cd:ef',
    'user:id:42',
    '12:100:30',
    'a:b:c',
    'std::a::b',
    '00:1b:a:b:c:d',
    'C:\\:x:\\y',
    'urn:id:on',
    '{":id:":1}',
    '[[:alpha:]]',
    '(:a:)',
    'key=:on:',
    ':on:off',
    'x:100: y',
    ':nope:',
    '::smile:',
    ':smile:x',
    ':a:nope:',
    'https://a:b:@host',
    'for(;;:a:)',
  ])('%j', (text) => {
    expect(typed(text)).toBe(text);
  });
});

test('what was pasted stays, beside what was typed', () => {
  const text = ':on: :smile:';
  expect(withEmoji({ text, origin: `${'p'.repeat(5)}${'t'.repeat(7)}` })).toBe(':on: 😄');
  expect(withEmoji({ text, origin: `${'t'.repeat(11)}p` })).toBe('🔛 :smile:');
});
