import { describe, expect, test } from '@jest/globals';
import { limits } from '../../../../src/base/limits.ts';
import {
  assertTopic,
  covers,
  firstLevelOf,
  isFreeTopic,
  literalPrefixOf,
  parseTopicFilter,
} from '../../../../src/base/topics/topic.ts';

const longest = 'x'.repeat(limits.topicBytesMax);
const deepest = 'x/'.repeat(limits.topicLevelsMax - 1);

describe('a topic', () => {
  test.each(['a', '/', 'a//b', ' ', 'a/b c/ü', '$SYS/a', longest, deepest])(
    '%j is one',
    (topic) => {
      expect(() => assertTopic(topic)).not.toThrow();
    },
  );

  test.each(['', '+', 'a/+/b', '#', 'a#', 'a\0b', 'a\nb', 'a\ud800'])('%j is none', (topic) => {
    expect(() => assertTopic(topic)).toThrow(expect.objectContaining({ kind: 'invalid-argument' }));
  });

  test.each([`${longest}x`, `${longest.slice(1)}ü`, `${deepest}/`])('%j is too long', (topic) => {
    expect(() => assertTopic(topic)).toThrow(expect.objectContaining({ kind: 'too-long' }));
  });
});

describe('a filter', () => {
  test.each(['#', '+', '+/+', 'a/#', '/#', '/+', '+/a/#', 'a', '$SYS/#'])('%j is one', (filter) => {
    expect(parseTopicFilter(filter)).toEqual({ filter, share: undefined });
  });

  test.each([
    ...['', 'a+', '+a', 'a/b+/c', '#/a', 'a#', 'a/#/b', '##', 'a\0'],
    ...['$share', '$share/', '$share/x', '$share/x/', '$share//a', '$share/+/a', '$share/a#/a'],
    ...['$share/x/a+', '$share/\u{1}/a'],
  ])('%j is none', (filter) => {
    expect(() => parseTopicFilter(filter)).toThrow(
      expect.objectContaining({ kind: 'invalid-argument' }),
    );
  });

  test('a shared one has a name and a filter', () => {
    expect(parseTopicFilter('$share/pool/a/+/#')).toEqual({ filter: 'a/+/#', share: 'pool' });
    expect(parseTopicFilter('$share/pool//')).toEqual({ filter: '/', share: 'pool' });
    const name = 'n'.repeat(limits.topicShareBytesMax);
    expect(parseTopicFilter(`$share/${name}/a`).share).toBe(name);
    const tooLong = expect.objectContaining({ kind: 'too-long' });
    expect(() => parseTopicFilter(`$share/${name}n/a`)).toThrow(tooLong);
    expect(() => parseTopicFilter(`$share/x/${longest}x`)).toThrow(tooLong);
    expect(() => parseTopicFilter(`${deepest}/#`)).toThrow(tooLong);
  });
});

test.each([
  ['a/#', 'a', true],
  ['a/#', 'a/b/+', true],
  ['a/#', 'a/#', true],
  ['a/#', 'ab', false],
  ['#', '#', true],
  ['#', 'cim/inbox', true],
  ['+', '#', false],
  ['+/+', 'a/#', false],
  ['a/+', 'a/+', true],
  ['a/b', 'a/+', false],
  ['+', '/a', false],
  ['/+', '/a', true],
  ['a', 'a/b', false],
  ['a/b', 'a', false],
  // What a server says of itself is not in a wildcard.
  ['#', '$SYS/a', false],
  ['+/a', '$SYS/a', false],
  ['$SYS/#', '$SYS/a', true],
])('that %j covers %j is %s', (wider, narrower, expected) => {
  expect(covers(wider, narrower)).toBe(expected);
});

test('the free space is what is neither of people and groups nor of the server', () => {
  for (const free of ['a', 'cimx/a', '/cim', '#', '+/a']) expect(isFreeTopic(free)).toBe(true);
  for (const other of ['cim', 'cim/u/1', 'cim/#', '$SYS/a']) expect(isFreeTopic(other)).toBe(false);
  expect(['a/b', 'a', '/a'].map(firstLevelOf)).toEqual(['a', 'a', '']);
});

test('topics that a filter matches begin with what is before its wildcard', () => {
  expect(['a/b', 'a/+/b', 'a/#', '#', '+', '/#'].map(literalPrefixOf)).toEqual([
    ...['a/b', 'a/', 'a', '', '', ''],
  ]);
});
