// What programs may give: a slip is refused, and never shown to everybody.
import { describe, expect, test } from '@jest/globals';
import { limits } from '../../../../src/base/limits.ts';
import { parseJsonInput } from '../../../../src/client/terminal/input/json-input.ts';

describe('objects', () => {
  test.each([
    ['{"to":7,"text":"two\\nlines"}', { kind: 'send', target: { to: 7 }, text: 'two\nlines' }],
    [' {"group":"Builds","text":":q"}', { kind: 'send', target: { group: 'builds' }, text: ':q' }],
    ['{"group":"lobby","text":"{"}', { kind: 'send', target: { group: 'lobby' }, text: '{' }],
    ['{"to":7,"text":"7;;\\u0000"}', { kind: 'send', target: { to: 7 }, text: '7;;\u0000' }],
    [
      '{"to":7,"text":"a\\nb","delaySeconds":60}',
      { kind: 'schedule', target: { to: 7 }, text: 'a\nb', delaySeconds: 60 },
    ],
  ])('%s', (line, action) => {
    expect(parseJsonInput(line)).toEqual(action);
  });

  test.each([
    '{',
    '{hello}',
    '{"to":7,"text":"cut off',
    '{"text":"for whom?"}',
    '{"two":7,"text":"psst"}',
    '{"to":7,"group":"builds","text":"both"}',
    '{"to":"7","text":"x"}',
    '{"to":0,"text":"x"}',
    '{"to":1.5,"text":"x"}',
    '{"to":null,"text":"x"}',
    '{"group":7,"text":"x"}',
    '{"group":"a#b","text":"x"}',
    '{"to":7}',
    '{"to":7,"text":""}',
    '{"to":7,"text":5}',
    '{"to":7,"text":"x","delaySeconds":-1}',
    `{"to":7,"text":"x","delaySeconds":${limits.delaySecondsMax + 1}}`,
    '{"to":7,"text":"x","__proto__":1}',
    '{"to":7,"text":"x"}{"to":7,"text":"x"}',
  ])('%s is refused', (line) => {
    expect(parseJsonInput(line)).toMatchObject({ kind: 'refusal', code: 'invalid-argument' });
  });
});

test.each([
  ['hello', { kind: 'send', target: { group: 'lobby' }, text: 'hello' }],
  ['[1]', { kind: 'send', target: { group: 'lobby' }, text: '[1]' }],
  ['7;;{"text":"x"}', { kind: 'send', target: { to: 7 }, text: '{"text":"x"}' }],
  [':olu', { kind: 'online', prefix: '' }],
])('lines as people type them: %s', (line, action) => {
  expect(parseJsonInput(line)).toEqual(action);
});
