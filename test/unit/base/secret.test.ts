import { expect, test } from '@jest/globals';
import { createLogger } from '../../../src/base/log.ts';
import { bearerOf, ClusterSecret, isOneOf } from '../../../src/base/secret.ts';

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

test('nothing is one of no secrets, and one of two is enough', () => {
  expect([isOneOf('a', []), isOneOf(undefined, ['a'])]).toEqual([false, false]);
  expect(['a', 'b', 'c'].map((given) => isOneOf(given, ['a', 'b']))).toEqual([true, true, false]);
});

test('a second secret is accepted, and never used', () => {
  const secret = new ClusterSecret('now', 'next');
  expect([secret.value, secret.accepted]).toEqual(['now', ['now', 'next']]);
});

test('none is accepted before the roles have agreed', async () => {
  const secret = new ClusterSecret(undefined, 'next');
  expect([secret.value, secret.accepted]).toEqual([undefined, []]);
  const agreement = { agreeOnSecret: async () => 'agreed' };
  await secret.agree(agreement, createLogger('test', 'silent'));
  expect(secret.accepted).toEqual(['agreed', 'next']);
});

test('one that is set and short is warned of, without being told', async () => {
  const lines: string[] = [];
  const log = Object.assign(createLogger('test', 'silent'), {
    warn: (line: string) => lines.push(line),
  });
  await new ClusterSecret('hush').agree({ agreeOnSecret: async () => 'never asked' }, log);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('fewer than 20 characters');
  expect(lines[0]).not.toContain('hush');
  await new ClusterSecret('x'.repeat(20)).agree({ agreeOnSecret: async () => '' }, log);
  expect(lines).toHaveLength(1);
});
