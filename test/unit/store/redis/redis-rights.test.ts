/** The rights that docs/guides/redis.md asks for are those that cim uses, and no others. */
import { expect, test } from '@jest/globals';
import { scriptCommands } from '../../../../src/store/redis/scripts.ts';
import { documentedRules } from '../../../support/redis-user.ts';

/** Outside scripts. */
const ofConnections = [
  ...['eval', 'evalsha', 'script|load', 'ping', 'info', 'select', 'wait', 'asking', 'mget'],
];
const ofClusters = ['cluster|slots', 'cluster|info'];

test('docs/guides/redis.md', () => {
  const commands = [...ofConnections, ...ofClusters, ...scriptCommands];
  const rules = commands.map((command) => `+${command.toLowerCase()}`);
  expect(documentedRules().toSorted()).toEqual(['~cim:*', ...rules].toSorted());
});
