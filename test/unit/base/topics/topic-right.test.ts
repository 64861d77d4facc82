import { describe, expect, test } from '@jest/globals';
import {
  allows,
  formatTopicRight,
  parseTopicRight,
  type TopicNames,
} from '../../../../src/base/topics/topic-right.ts';

const lamp: TopicNames = { user: 'lamp', clientId: 'c-1' };
const rightsOf = (...texts: readonly string[]) => texts.map(parseTopicRight);

describe('a right', () => {
  test.each(['pub a/#', 'sub cmd/%u/+', 'pub x-%c/%u%u', 'sub #'])('%j is one', (text) => {
    expect(formatTopicRight(parseTopicRight(text))).toBe(text);
  });

  test.each([
    ...['', 'pub', 'pub ', 'publish a', 'PUB a', 'pub a#', 'sub a+', 'pub +%u', 'pub %u#'],
    ...['sub $share/x/a', 'pub cim/#', 'sub $SYS/#', 'pub a\nb'],
  ])('%j is none', (text) => {
    expect(() => parseTopicRight(text)).toThrow(
      expect.objectContaining({ kind: 'invalid-argument' }),
    );
  });
});

describe('what rights allow', () => {
  test('the action and the topics that they name, and no others', () => {
    const rights = rightsOf('pub telemetry/%u/#', 'sub cmd/%u/+', 'sub news');
    expect(allows(rights, 'publish', 'telemetry/lamp/t', lamp)).toBe(true);
    expect(allows(rights, 'publish', 'telemetry/lamp', lamp)).toBe(true);
    expect(allows(rights, 'subscribe', 'telemetry/lamp/t', lamp)).toBe(false);
    expect(allows(rights, 'publish', 'telemetry/other/t', lamp)).toBe(false);
    expect(allows(rights, 'subscribe', 'cmd/lamp/on', lamp)).toBe(true);
    expect(allows(rights, 'subscribe', 'news', lamp)).toBe(true);
    expect(allows([], 'publish', 'a', lamp)).toBe(false);
  });

  test('a filter only if all that it matches is allowed', () => {
    const rights = rightsOf('sub cmd/%u/+');
    expect(allows(rights, 'subscribe', 'cmd/lamp/+', lamp)).toBe(true);
    for (const wider of ['cmd/lamp/#', 'cmd/+/on', '#', 'cmd/#', '+/lamp/on'])
      expect(allows(rights, 'subscribe', wider, lamp)).toBe(false);
  });

  test('%c is the id of the client', () => {
    expect(allows(rightsOf('pub dev-%c/+'), 'publish', 'dev-c-1/x', lamp)).toBe(true);
    expect(allows(rightsOf('pub dev-%c/+'), 'publish', 'dev-c-2/x', lamp)).toBe(false);
  });

  test.each(['', '+', '#', 'a/b', '/', 'x+', '$x', undefined])(
    'nobody gets more by the name %j',
    (name) => {
      const rights = rightsOf('pub t/%c/#', 'sub t/%u/#');
      const names = { user: name, clientId: name };
      for (const topic of ['t/a/b/c', `t/${name}/c`, 't/#', 't//c', 't/undefined/c'])
        for (const action of ['publish', 'subscribe'] as const)
          expect(allows(rights, action, topic, names)).toBe(false);
    },
  );
});
